// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using static Hammer2.Tool.Extract.LinuxFiles;

namespace Hammer2.Tool.Extract;

/// <summary>
/// An object other than a directory that is being created. It is created, filled and given its attributes where no
/// other user can rename it, and gets its name last: directly in a directory of the caller, or else in a temporary
/// directory inside the target directory. Methods return 0 or a Linux error number.
/// </summary>
/// <remarks>
/// Symbolic links and device nodes have no descriptor when they are created, and calls that take a name would change an
/// object that another user put there. The new owner of a set-id file must not be able to open it before it is
/// complete, or could replace its content.
/// </remarks>
internal sealed unsafe class TargetObject : IDisposable
{
    private const int EEXIST = 17;
    private const int EACCES = 13;
    private const int TemporaryMax = 100;
    private const string TemporaryDirectory = ".hammer2-extract";
    private const uint OwnerReadsAndWrites = 0x180;

    // Reserved for this program, so that leftovers of an interrupted run can be removed.
    private static readonly byte[] TemporaryName = ".hammer2-extract-unfinished"u8.ToArray();

    private readonly TargetDirectory _target;
    private readonly byte[] _name;
    private readonly TargetDirectory? _temporary;
    private readonly byte[] _temporaryDirectory;
    private TargetFile? _file;

    private TargetObject(TargetDirectory target, byte[] name, TargetDirectory? temporary, byte[] temporaryDirectory)
    {
        _target = target;
        _name = name;
        _temporary = temporary;
        _temporaryDirectory = temporaryDirectory;
    }

    private TargetDirectory Parent => _temporary ?? _target;

    private byte[] NameInParent => _temporary is null ? _name : TemporaryName;

    /// <summary>Chooses the directory in which an object is created.</summary>
    public static int Begin(TargetDirectory target, byte[] name, out TargetObject? made)
    {
        made = null;
        if (target.IsPrivate)
        {
            made = new TargetObject(target, name, null, []);
            return 0;
        }
        int error = EEXIST;
        for (int number = 0; number < TemporaryMax; number++)
        {
            byte[] candidate = Encoding.ASCII.GetBytes(
                TemporaryDirectory + (number == 0 ? "" : number.ToString(CultureInfo.InvariantCulture)));
            if (candidate.AsSpan().SequenceEqual(name)) continue;
            error = OpenTemporary(target, candidate, out TargetDirectory? temporary);
            if (error != 0) continue;
            made = new TargetObject(target, name, temporary, candidate);
            return 0;
        }
        return error;
    }

    /// <summary>Creates a regular file, open for writing until this object is disposed of.</summary>
    public int CreateFile(out TargetFile? file)
    {
        int flags = OpenWriteOnly | OpenCreate | OpenExclusive | OpenNoFollow | OpenCloseOnExec;
        fixed (byte* text = TargetDirectory.Terminated(NameInParent))
        {
            int descriptor = openat(Parent.Descriptor, text, flags, OwnerReadsAndWrites);
            file = _file = descriptor < 0 ? null : new TargetFile(descriptor);
            return descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
    }

    /// <summary>Creates a symbolic link.</summary>
    public int CreateLink(byte[] target)
    {
        fixed (byte* text = TargetDirectory.Terminated(NameInParent))
        fixed (byte* to = TargetDirectory.Terminated(target))
            return Result(symlinkat(to, Parent.Descriptor, text));
    }

    /// <summary>Creates a FIFO, socket or device node.</summary>
    public int CreateSpecial(uint type, ulong device)
    {
        fixed (byte* text = TargetDirectory.Terminated(NameInParent))
            return Result(mknodat(Parent.Descriptor, text, type | OwnerReadsAndWrites, device));
    }

    /// <summary>Sets owner, permissions (not of a symbolic link), extended attributes and times.</summary>
    public int SetAttributes(in TargetAttributes attributes, bool isLink)
    {
        if (_file is not null) return _file.SetAttributes(attributes);
        int directory = Parent.Descriptor;
        fixed (byte* text = TargetDirectory.Terminated(NameInParent))
        {
            int error = 0;
            if (attributes.Owner is { } owner)
                error = Result(fchownat(directory, text, owner.User, owner.Group, AtSymlinkNoFollow));
            if (error == 0) attributes.Extended?.Set(directory, NameInParent, isAcl: false);
            // chmod(2) follows symbolic links, which is safe: no other user can have put one here.
            if (error == 0 && !isLink) error = Result(fchmodat(directory, text, attributes.Mode, 0));
            if (error == 0) attributes.Extended?.Set(directory, NameInParent, isAcl: true);
            if (error != 0 || attributes.Times is not { } times) return error;
            TimeSpec* pair = stackalloc TimeSpec[2];
            pair[0] = TimeSpec.OfMicroseconds(times.Access);
            pair[1] = TimeSpec.OfMicroseconds(times.Modify);
            return Result(utimensat(directory, text, pair, AtSymlinkNoFollow));
        }
    }

    /// <summary>Renames the object to its final name, replacing an existing object, and returns its identity.</summary>
    public int Publish(out FileIdentity identity)
    {
        int error = Parent.Status(NameInParent, out FileStatus status);
        identity = status.Identity;
        if (error == 0 && _file is not null) error = _file.Close();
        if (error != 0 || _temporary is null) return error;
        fixed (byte* from = TargetDirectory.Terminated(TemporaryName))
        fixed (byte* to = TargetDirectory.Terminated(_name))
            return Result(renameat(_temporary.Descriptor, from, _target.Descriptor, to));
    }

    /// <summary>Removes the temporary directory, and the object in it if it was not published.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        if (_temporary is null) return;
        _ = _temporary.Remove(TemporaryName);
        _temporary.Dispose();
        // If another user moved the directory, an empty directory is left there.
        fixed (byte* text = TargetDirectory.Terminated(_temporaryDirectory))
            _ = unlinkat(_target.Descriptor, text, AtRemoveDirectory);
    }

    /// <summary>Opens a temporary directory that only the caller can change; creates it if it is missing.</summary>
    private static int OpenTemporary(TargetDirectory target, byte[] name, out TargetDirectory? temporary)
    {
        temporary = null;
        const uint Private = 0x1C0;
        fixed (byte* text = TargetDirectory.Terminated(name))
            if (mkdirat(target.Descriptor, text, Private) != 0 && Marshal.GetLastPInvokeError() != EEXIST)
                return Marshal.GetLastPInvokeError();
        int error = target.FindDirectory(name, out TargetDirectory? found);
        if (error != 0) return error;
        if (!found!.IsPrivate)
        {
            found.Dispose();
            return EACCES;
        }
        // Remove leftovers of an interrupted run, if any.
        _ = found.Remove(TemporaryName);
        temporary = found;
        return 0;
    }

    private static int Result(int result) => result == 0 ? 0 : Marshal.GetLastPInvokeError();
}
