// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using System.Text;
using static Hammer2.Tool.Extract.LinuxFiles;

namespace Hammer2.Tool.Extract;

/// <summary>
/// An open directory that files are extracted into. All objects are created relative to its descriptor, with a single
/// path component and without following symbolic links, so that no name on a volume can lead outside. Methods return 0
/// or a Linux error number.
/// </summary>
/// <remarks>
/// Another user may be able to rename objects here (the directory may belong to that user), so a name can mean
/// different objects in two calls. Attributes are set through descriptors; objects without a descriptor are created and
/// completed by <see cref="TargetObject"/> in a directory that no other user can access.
/// </remarks>
internal sealed unsafe class TargetDirectory : IDisposable
{
    private const int EACCES = 13;
    private const int EEXIST = 17;
    private const int TargetBytesMax = 65536;
    private const uint Private = 0x1C0;         // 0700, while the directory is being filled
    private const uint WritableByOthers = 0x12; // 0022: group and others; with an ACL the group bits are its mask
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

    /// <summary>True when only this user and root can rename objects in it.</summary>
    public bool IsPrivate => _isPrivate ??= Status([], out FileStatus status) == 0
        && status.UserId == geteuid() && (status.Mode & WritableByOthers) == 0;

    /// <summary>Opens the directory that the user named; creates it if it is missing.</summary>
    /// <param name="path">A path of the host.</param>
    /// <param name="directory">The directory, when the result is 0.</param>
    /// <param name="beforeCall">Called before every system call that uses a name in the target. Tests use it to act as
    /// another user at a chosen moment.</param>
    public static int Open(byte[] path, out TargetDirectory? directory, Action? beforeCall = null)
    {
        directory = null;
        fixed (byte* name = Terminated(path))
        {
            bool isMade = mkdirat(AtCurrentDirectory, name, Private) == 0;
            if (!isMade && LastError() != EEXIST) return LastError();
            // The user may name a symbolic link; a directory created here is not one.
            int flags = isMade ? ReadFlags : ReadFlags & ~OpenNoFollow;
            int descriptor = openat(AtCurrentDirectory, name, flags, 0);
            if (descriptor < 0) return LastError();
            directory = new TargetDirectory(descriptor, beforeCall);
            return 0;
        }
    }

    /// <summary>
    /// Opens a subdirectory to be filled; creates it if it is missing. Until <see cref="SetAttributes"/> it belongs to
    /// the caller and is not accessible to other users.
    /// </summary>
    public int OpenDirectory(byte[] name, out TargetDirectory? directory)
    {
        directory = null;
        fixed (byte* text = Terminated(name))
        {
            if (mkdirat(Descriptor, text, Private) != 0 && LastError() != EEXIST) return LastError();
            int descriptor = openat(Descriptor, text, ReadFlags, 0);
            int error = descriptor < 0 ? LastError() : 0;
            // An earlier run has set the permissions of the volume, which deny access.
            if (error == EACCES) error = OpenClosedDirectory(text, out descriptor);
            if (error != 0) return error;
            directory = new TargetDirectory(descriptor, _beforeCall);
            return directory.RestrictToCaller();
        }
    }

    /// <summary>Opens an existing subdirectory.</summary>
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

    /// <summary>Reads the status of a name without following symbolic links; with an empty name, that of the
    /// directory.</summary>
    public int Status(byte[] name, out FileStatus status)
    {
        int flags = name.Length == 0 ? AtEmptyPath : AtSymlinkNoFollow;
        fixed (byte* text = Terminated(name))
        fixed (FileStatus* pointer = &status)
            return Result(statx(Descriptor, text, flags, StatxBasic | StatxBirthTime, pointer));
    }

    /// <summary>True when a name is a symbolic link with the given target.</summary>
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

    /// <summary>Starts creating an object under an unused name; see <see cref="TargetObject"/>.</summary>
    public int Begin(byte[] name, out TargetObject? made) => TargetObject.Begin(this, name, out made);

    /// <summary>
    /// Creates a hard link to an object of the same target, if its identity is still the expected one.
    /// </summary>
    /// <param name="name">The new name in this directory.</param>
    /// <param name="from">The directory with the first name.</param>
    /// <param name="first">The first name.</param>
    /// <param name="identity">The expected identity.</param>
    /// <param name="isSame">False when the first name belongs to another object; nothing was created then.</param>
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

    /// <summary>Removes an object that is not a directory.</summary>
    public int Remove(byte[] name)
    {
        fixed (byte* text = Terminated(name)) return Result(unlinkat(Descriptor, text, 0));
    }

    /// <summary>
    /// Sets times, extended attributes, permissions and owner of the directory itself. The owner is set last, because
    /// from then on another user may change its content. (Directories keep their set-id bits when the owner changes.)
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
        attributes.Extended?.Set(_descriptor, isAcl: false);
        if (error == 0) error = Result(fchmod(Descriptor, attributes.Mode));
        attributes.Extended?.Set(_descriptor, isAcl: true);
        if (error == 0 && attributes.Owner is { } owner)
            error = Result(fchown(Descriptor, owner.User, owner.Group));
        return error;
    }

    /// <summary>Removes the ACLs of the directory, which objects made in it would get.</summary>
    public void RemoveAcls() => TargetExtendedAttributes.RemoveAcls(_descriptor);

    /// <inheritdoc/>
    public void Dispose() => _ = close(_descriptor);

    /// <summary>A name with a terminating NUL, for system calls.</summary>
    internal static byte[] Terminated(byte[] text) => [.. text, 0];

    // A path to the object of an open descriptor, independent of its current names.
    private static byte[] PathOf(int descriptor) => Encoding.ASCII.GetBytes(
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}\0"));

    /// <summary>Opens a directory whose permissions deny listing to its owner, the caller.</summary>
    private int OpenClosedDirectory(byte* name, out int descriptor)
    {
        descriptor = -1;
        int path = openat(Descriptor, name, PathFlags | LinuxFiles.OpenDirectory, 0);
        if (path < 0) return LastError();
        using var held = new TargetDirectory(path, _beforeCall);
        fixed (byte* itself = PathOf(path))
        fixed (byte* dot = "."u8)
        {
            // fchmod(2) does not work on a descriptor opened with O_PATH.
            if (fchmodat(AtCurrentDirectory, itself, Private, 0) != 0) return LastError();
            descriptor = openat(held.Descriptor, dot, ReadFlags, 0);
            return descriptor < 0 ? LastError() : 0;
        }
    }

    /// <summary>Makes the caller the owner and denies access to other users.</summary>
    private int RestrictToCaller()
    {
        int error = Status([], out FileStatus status);
        if (error == 0 && status.UserId != geteuid()) error = Result(fchown(_descriptor, geteuid(), uint.MaxValue));
        RemoveAcls();
        return error == 0 ? Result(fchmod(_descriptor, Private)) : error;
    }

    /// <summary>Creates a link to the open object in a directory.</summary>
    private int LinkTo(int directory, byte[] name)
    {
        byte empty = 0;
        fixed (byte* text = Terminated(name))
        fixed (byte* itself = PathOf(_descriptor))
        {
            if (linkat(Descriptor, &empty, directory, text, AtEmptyPath) == 0) return 0;
            // Only privileged users may use AT_EMPTY_PATH.
            if (LastError() == EEXIST) return EEXIST;
            return Result(linkat(AtCurrentDirectory, itself, directory, text, AtSymlinkFollow));
        }
    }

    private static int Result(int result) => result == 0 ? 0 : LastError();

    private static int LastError() => Marshal.GetLastPInvokeError();
}
