// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using System.Text;
using static Hammer2.Tool.Extract.LinuxFiles;

namespace Hammer2.Tool.Extract;

/// <summary>
/// A directory that files are extracted into, held open. Everything is made relative to it, by one name and
/// without following symbolic links, so that nothing a volume says can lead anywhere else. Methods answer 0
/// or a Linux error number.
/// </summary>
/// <remarks>
/// Another user may be able to rename what lies here (the directory that the caller named may belong to that user), so
/// no name means the same object in two calls. Attributes go through descriptors; what has no descriptor is made and
/// completed by <see cref="TargetObject"/> where no other user can get at it.
/// </remarks>
internal sealed unsafe class TargetDirectory : IDisposable
{
    private const int EACCES = 13;
    private const int EEXIST = 17;
    private const int TargetBytesMax = 65536;
    private const uint Private = 0x1C0;         // rwx for the owner alone, while the directory is being filled
    private const uint WritableByOthers = 0x12; // group and others; with an ACL the group's bits are its mask
    private static readonly int ReadFlags = LinuxFiles.OpenDirectory | OpenNoFollow | OpenCloseOnExec;
    private static readonly int PathFlags = OpenPathOnly | OpenNoFollow | OpenCloseOnExec;

    private readonly int _descriptor;
    private readonly Action? _beforeCall;
    private bool? _isPrivate;

    private TargetDirectory(int descriptor, Action? beforeCall)
    {
        _descriptor = descriptor;
        _beforeCall = beforeCall;
    }

    /// <summary>The descriptor, for calls that name something in the directory.</summary>
    public int Descriptor
    {
        get
        {
            _beforeCall?.Invoke();
            return _descriptor;
        }
    }

    /// <summary>True when only this user and root can rename what lies in it.</summary>
    public bool IsPrivate => _isPrivate ??= Status([], out FileStatus status) == 0
        && status.UserId == geteuid() && (status.Mode & WritableByOthers) == 0;

    /// <summary>Opens the directory that the user named, made if it is missing.</summary>
    /// <param name="path">A path of the host.</param>
    /// <param name="directory">The directory, when the answer is 0.</param>
    /// <param name="beforeCall">Called before every system call that uses a name in the target. A test acts there as
    /// another user, at the moment that it chooses.</param>
    public static int Open(byte[] path, out TargetDirectory? directory, Action? beforeCall = null)
    {
        directory = null;
        fixed (byte* name = Terminated(path))
        {
            bool isMade = mkdirat(AtCurrentDirectory, name, Private) == 0;
            if (!isMade && LastError() != EEXIST) return LastError();
            // The user may name a symbolic link, but what was made here is none.
            int flags = isMade ? ReadFlags : ReadFlags & ~OpenNoFollow;
            int descriptor = openat(AtCurrentDirectory, name, flags, 0);
            if (descriptor < 0) return LastError();
            directory = new TargetDirectory(descriptor, beforeCall);
            return 0;
        }
    }

    /// <summary>
    /// Opens a directory in this one, made if it is missing, so that it can be filled: until
    /// <see cref="SetAttributes"/> it belongs to the caller and is closed to other users.
    /// </summary>
    public int OpenDirectory(byte[] name, out TargetDirectory? directory)
    {
        directory = null;
        fixed (byte* text = Terminated(name))
        {
            if (mkdirat(Descriptor, text, Private) != 0 && LastError() != EEXIST) return LastError();
            int descriptor = openat(Descriptor, text, ReadFlags, 0);
            int error = descriptor < 0 ? LastError() : 0;
            // An earlier run has given it the permissions that it has on the volume, which are none.
            if (error == EACCES) error = OpenClosedDirectory(text, out descriptor);
            if (error != 0) return error;
            directory = new TargetDirectory(descriptor, _beforeCall);
            return directory.TakeOver();
        }
    }

    /// <summary>Opens a directory in this one that is there, to name something in it.</summary>
    public int FindDirectory(byte[] name, out TargetDirectory? directory)
    {
        directory = null;
        fixed (byte* text = Terminated(name))
        {
            int descriptor = openat(Descriptor, text, PathFlags | LinuxFiles.OpenDirectory, 0);
            if (descriptor < 0) return LastError();
            directory = new TargetDirectory(descriptor, _beforeCall);
            return 0;
        }
    }

    /// <summary>What a name is, itself and not what it leads to; without a name, what the directory is.</summary>
    public int Status(byte[] name, out FileStatus status)
    {
        int flags = name.Length == 0 ? AtEmptyPath : AtSymlinkNoFollow;
        fixed (byte* text = Terminated(name))
        fixed (FileStatus* pointer = &status)
            return Result(statx(Descriptor, text, flags, StatxBasic | StatxBirthTime, pointer));
    }

    /// <summary>True when a symbolic link leads where it should.</summary>
    public bool LeadsTo(byte[] name, byte[] target)
    {
        byte[] found = new byte[TargetBytesMax];
        fixed (byte* text = Terminated(name))
        fixed (byte* buffer = found)
        {
            nint length = readlinkat(Descriptor, text, buffer, found.Length);
            return length >= 0 && found.AsSpan(0, (int)length).SequenceEqual(target);
        }
    }

    /// <summary>Begins an object of a name that is free; see <see cref="TargetObject"/>.</summary>
    public int Begin(byte[] name, out TargetObject? made) => TargetObject.Begin(this, name, out made);

    /// <summary>
    /// Gives an object of the same target a second name, if it is still the object that it is taken for.
    /// </summary>
    /// <param name="name">The second name, in this directory.</param>
    /// <param name="from">The directory with the first name.</param>
    /// <param name="first">The first name.</param>
    /// <param name="identity">Which object it should be.</param>
    /// <param name="isSame">False when another object has the first name; nothing was made then.</param>
    public int CreateHardLink(
        byte[] name, TargetDirectory from, byte[] first, in FileIdentity identity, out bool isSame)
    {
        isSame = true;
        fixed (byte* text = Terminated(first))
        {
            int descriptor = openat(from.Descriptor, text, PathFlags, 0);
            if (descriptor < 0) return LastError();
            using var held = new TargetDirectory(descriptor, _beforeCall);
            int error = held.Status([], out FileStatus status);
            if (error != 0) return error;
            isSame = status.Identity == identity;
            return isSame ? held.LinkTo(_descriptor, name) : 0;
        }
    }

    /// <summary>Removes a name that is no directory's.</summary>
    public int Remove(byte[] name)
    {
        fixed (byte* text = Terminated(name)) return Result(unlinkat(Descriptor, text, 0));
    }

    /// <summary>
    /// Sets times, permissions and owner of the directory itself. The owner comes last: from then on another user may
    /// change what lies in it. (The set-id bits of directories stay when the owner changes.)
    /// </summary>
    public int SetAttributes(in TargetAttributes attributes)
    {
        _isPrivate = null;
        int error = 0;
        if (attributes.Times is { } times)
        {
            TimeSpec* pair = stackalloc TimeSpec[2];
            pair[0] = TimeSpec.OfMicroseconds(times.Access);
            pair[1] = TimeSpec.OfMicroseconds(times.Modify);
            error = Result(futimens(Descriptor, pair));
        }
        if (error == 0) error = Result(fchmod(Descriptor, attributes.Mode));
        if (error == 0 && attributes.Owner is { } owner)
            error = Result(fchown(Descriptor, owner.User, owner.Group));
        return error;
    }

    /// <inheritdoc/>
    public void Dispose() => _ = close(_descriptor);

    /// <summary>A name as system calls take it.</summary>
    internal static byte[] Terminated(byte[] text) => [.. text, 0];

    // A path that leads to an open descriptor's object, whatever its names are by now.
    private static byte[] PathOf(int descriptor) => Encoding.ASCII.GetBytes(
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}\0"));

    /// <summary>Opens a directory that its owner, the caller, may not list.</summary>
    private int OpenClosedDirectory(byte* name, out int descriptor)
    {
        descriptor = -1;
        int path = openat(Descriptor, name, PathFlags | LinuxFiles.OpenDirectory, 0);
        if (path < 0) return LastError();
        using var held = new TargetDirectory(path, _beforeCall);
        fixed (byte* itself = PathOf(path))
        fixed (byte* dot = "."u8)
        {
            // chmod(2) does not work on a descriptor that was opened as a path.
            if (fchmodat(AtCurrentDirectory, itself, Private, 0) != 0) return LastError();
            descriptor = openat(held.Descriptor, dot, ReadFlags, 0);
            return descriptor < 0 ? LastError() : 0;
        }
    }

    /// <summary>Makes the caller the owner, and keeps other users out.</summary>
    private int TakeOver()
    {
        int error = Status([], out FileStatus status);
        if (error == 0 && status.UserId != geteuid()) error = Result(fchown(_descriptor, geteuid(), uint.MaxValue));
        return error == 0 ? Result(fchmod(_descriptor, Private)) : error;
    }

    /// <summary>Gives the object that is held a name in a directory.</summary>
    private int LinkTo(int directory, byte[] name)
    {
        byte empty = 0;
        fixed (byte* text = Terminated(name))
        fixed (byte* itself = PathOf(_descriptor))
        {
            if (linkat(Descriptor, &empty, directory, text, AtEmptyPath) == 0) return 0;
            // Only privileged users may do that.
            if (LastError() == EEXIST) return EEXIST;
            return Result(linkat(AtCurrentDirectory, itself, directory, text, AtSymlinkFollow));
        }
    }

    private static int Result(int result) => result == 0 ? 0 : LastError();

    private static int LastError() => Marshal.GetLastPInvokeError();
}
