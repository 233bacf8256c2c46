// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin.Recovery;
using Hammer2.Format;
using Hammer2.Tool.Extract;

namespace Hammer2.Tool.Recover;

/// <summary>
/// Writes recovered objects into a directory. Nothing that is there is replaced, and nothing is written outside of it. What
/// has the wanted name, size and time already is taken for the same object.
/// </summary>
internal sealed class RecoveredTarget
{
    private const int TargetBytesMax = 65536;
    private const uint PermissionBits = 0xFFF;
    private const uint SetIdBits = 0xC00;
    private const int NoEntry = 2;              // ENOENT
    private const int NoDirectory = 20;         // ENOTDIR
    private const int Loop = 40;                // ELOOP: a symbolic link
    private const int NameTooLong = 36;         // ENAMETOOLONG

    private readonly TargetDirectory _top;
    private readonly bool _isRoot = LinuxFiles.geteuid() == 0;
    private readonly List<(byte[][] Path, InodeMeta Meta)> _directories = [];
    private readonly HardLinkSources _first;

    public RecoveredTarget(TargetDirectory top) => (_top, _first) = (top, new HardLinkSources(top));

    /// <summary>Files, links and special files that were written.</summary>
    public long Written { get; private set; }

    /// <summary>Those that were there.</summary>
    public long Present { get; private set; }

    /// <summary>Bytes of data that were written.</summary>
    public ulong Bytes { get; private set; }

    /// <summary>Writes an object.</summary>
    /// <param name="one">The object.</param>
    /// <param name="path">Where: the components below the directory, none of them empty, "." or "..".</param>
    /// <param name="names">The names to try in the place of the last component, the first that is not in use
    /// counts.</param>
    /// <returns>Null, or why it was not written.</returns>
    public string? Write(RecoveredObject one, byte[][] path, IEnumerable<byte[]> names)
    {
        if (one.Meta.Type == ObjectType.Directory)
        {
            int failed = OpenBelow(path, out TargetDirectory? own);
            if (own != _top) own?.Dispose();
            if (failed == 0) _directories.Add((path, one.Meta));
            return Describe(failed);
        }
        int error = OpenBelow(path[..^1], out TargetDirectory? directory);
        if (error != 0) return Describe(error);
        try
        {
            foreach (byte[] name in names)
            {
                error = directory!.Status(name, out LinuxFiles.FileStatus status);
                if (error == NoEntry) return Make(one, directory, name, [.. path[..^1], name]);
                if (error == 0 && status.Size == one.Meta.Size && status.IsModifiedAt(one.Meta.ModifyTime))
                {
                    Present++;
                    return null;
                }
                if (error != 0) return Describe(error);
            }
            return "all names for it are in use";
        }
        finally
        {
            if (directory != _top) directory?.Dispose();
        }
    }

    /// <summary>Gives an object that was written another name: a hard link.</summary>
    /// <param name="one">The object.</param>
    /// <param name="path">As in <see cref="Write"/>.</param>
    /// <returns>Null, or why there is no such link.</returns>
    public string? Link(RecoveredObject one, byte[][] path)
    {
        if (!_first.Has(one.Meta.Inum)) return null;
        int error = OpenBelow(path[..^1], out TargetDirectory? directory);
        bool isSame = true;
        if (error == 0) error = _first.Link(one.Meta.Inum, directory!, path[^1], out isSame);
        if (directory != _top) directory?.Dispose();
        return isSame ? Describe(error) : "the first name now belongs to another object";
    }

    /// <summary>Gives the directories that were recovered their permissions, owners and times, the deepest first: nothing
    /// can be written into them afterwards.</summary>
    public void Finish(Action<byte[][], string> failed)
    {
        _directories.Sort(static (left, right) => right.Path.Length.CompareTo(left.Path.Length));
        foreach ((byte[][] path, InodeMeta meta) in _directories)
        {
            int error = OpenBelow(path, out TargetDirectory? directory);
            if (error == 0) error = directory!.SetAttributes(AttributesOf(meta));
            if (directory != _top) directory?.Dispose();
            if (error != 0) failed(path, LinuxFiles.Describe(error));
        }
    }

    // A name that was a file at one time and a directory at another: the directory gets a name of its own.
    private int OpenBelow(byte[][] path, out TargetDirectory? directory)
    {
        directory = _top;
        foreach (byte[] part in path)
        {
            TargetDirectory above = directory!;
            int error = above.OpenDirectory(part, out directory);
            if (error is NoDirectory or Loop)
                error = above.OpenDirectory([.. part, .. ".directory"u8], out directory);
            if (above != _top) above.Dispose();
            if (error != 0)
            {
                directory?.Dispose();
                directory = null;
                return error;
            }
        }
        return 0;
    }

    private string? Make(RecoveredObject one, TargetDirectory directory, byte[] name, byte[][] path)
    {
        if (one.Meta.Type == ObjectType.SoftLink && one.Gaps.Count > 0) return "the target of the link is lost";
        int error = directory.Begin(name, out TargetObject? made);
        if (error != 0) return Describe(error);
        using (made)
        {
            error = one.Meta.Type switch
            {
                ObjectType.RegularFile => MakeFile(made!, one),
                ObjectType.SoftLink => MakeLink(made!, one),
                _ => MakeSpecial(made!, one.Meta),
            };
            if (error == 0) error = made!.SetAttributes(AttributesOf(one.Meta), one.Meta.Type == ObjectType.SoftLink);
            FileIdentity identity = default;
            if (error == 0) error = made!.Publish(out identity);
            if (error == 0 && one.Paths.Count > 1) _first.Add(one.Meta.Inum, path, identity);
        }
        if (error == 0) Written++;
        return Describe(error);
    }

    private int MakeFile(TargetObject made, RecoveredObject one)
    {
        int error = made.CreateFile(out TargetFile? file);
        if (error == 0) error = file!.SetSize(one.Meta.Size);
        if (error != 0) return error;
        _ = one.Copy((position, bytes) =>
        {
            error = file!.Write(position, bytes);
            Bytes += (ulong)bytes.Length;
            return error == 0;
        });
        return error;
    }

    private static int MakeLink(TargetObject made, RecoveredObject one)
    {
        if (one.Meta.Size > TargetBytesMax) return NameTooLong;
        byte[] target = new byte[one.Meta.Size];
        _ = one.Copy((position, bytes) =>
        {
            bytes.CopyTo(target.AsSpan((int)position));
            return true;
        });
        return made.CreateLink(target);
    }

    private static int MakeSpecial(TargetObject made, in InodeMeta meta)
    {
        uint type = meta.Type switch
        {
            ObjectType.Fifo => 0x1000,
            ObjectType.CharacterDevice => 0x2000,
            ObjectType.BlockDevice => 0x6000,
            _ => 0xC000,
        };
        return made.CreateSpecial(type, LinuxFiles.DeviceNumber(meta.DeviceMajor, meta.DeviceMinor));
    }

    // A set-id bit would give the rights of the recovering user to a file with content from the volume.
    private TargetAttributes AttributesOf(in InodeMeta meta) => new(
        _isRoot ? (meta.UserId.UnixId, meta.GroupId.UnixId) : null,
        meta.Mode & PermissionBits & (_isRoot ? ~0U : ~SetIdBits),
        (meta.AccessTime == 0 ? meta.ModifyTime : meta.AccessTime, meta.ModifyTime));

    private static string? Describe(int error) => error == 0 ? null : LinuxFiles.Describe(error);
}
