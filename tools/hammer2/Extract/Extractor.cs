// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Tool.Files;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Extract;

/// <summary>
/// Copies a tree of a PFS into a directory and skips damage. Completed files of an earlier run are recognized by size
/// and time and not copied again; a damaged file gets the time of its copying, so that every run tries it again.
/// </summary>
/// <remarks>
/// Directories are walked with an explicit stack, since a crafted volume can nest them arbitrarily. A directory that is
/// found a second time is damage (directories have one entry), which also ends cycles.
/// </remarks>
internal sealed class Extractor
{
    private const int EEXIST = 17;
    private const int ENOSPC = 28;
    private const uint PermissionBits = 0xFFF;
    private const uint SetIdBits = 0xC00;

    private readonly VnodeOps _vnodes;
    private readonly TargetDirectory _top;
    private readonly bool _isRoot;
    private readonly FileCopy _copy;
    private readonly AttributeSource _attributes;
    private readonly HashSet<ulong> _directories = [];
    private readonly HardLinkSources _firstNames;
    private readonly Stack<Level> _levels = new();

    /// <summary>Extracts from a PFS into an open directory.</summary>
    /// <param name="vnodes">The PFS.</param>
    /// <param name="top">The target.</param>
    /// <param name="isRoot">True to restore owners and set-id bits; needs privileges.</param>
    public Extractor(VnodeOps vnodes, TargetDirectory top, bool isRoot)
    {
        _vnodes = vnodes;
        _top = top;
        _isRoot = isRoot;
        _firstNames = new HardLinkSources(top);
        _attributes = new AttributeSource(vnodes, Result);
        _copy = new FileCopy(vnodes)
        {
            Progress = length =>
            {
                Result.Bytes += (ulong)length;
                Progress?.Invoke(Result);
            },
        };
    }

    /// <summary>The result so far.</summary>
    public ExtractResult Result { get; } = new();

    /// <summary>Called periodically.</summary>
    public Action<ExtractResult>? Progress { get; init; }

    /// <summary>True when the target is full, so that the rest would fail as well.</summary>
    public bool IsTargetFull { get; private set; }

    /// <summary>Extracts the content and attributes of a directory into the target itself.</summary>
    public void ExtractInto(in VnodeAttributes directory, byte[] path)
    {
        _ = _directories.Add(directory.Inum);
        Result.Directories++;
        _top.RemoveAcls();
        _levels.Push(new Level(_vnodes, _top, directory, path, []));
        Drain();
    }

    /// <summary>Extracts one object into the target under a given name.</summary>
    public void ExtractAs(in VnodeAttributes attributes, byte[] name, byte[] path)
    {
        var outside = new Level(_vnodes, _top, default, [], []);
        Extract(outside, new DirectoryItem(name, attributes.Inum, attributes.Type), path);
        Drain();
    }

    private void Drain()
    {
        while (_levels.TryPeek(out Level? level))
        {
            if (!IsTargetFull && level.TryNext(out DirectoryItem item))
            {
                Extract(level, item, [.. level.Path, (byte)'/', .. item.Name]);
                continue;
            }
            _ = _levels.Pop();
            Finish(level);
        }
    }

    private void Finish(Level level)
    {
        if (level.Error != Errno.None)
            Result.AddDamaged(PathOf(level), "part of the directory: " + PathWalk.Describe(level.Error));
        int error = level.Target.SetAttributes(Wanted(level.Attributes, PathOf(level), setsTimes: true));
        if (error != 0) Fail(PathOf(level), "attributes", error);
        if (level.Target != _top) level.Target.Dispose();
    }

    private void Extract(Level level, in DirectoryItem item, byte[] path)
    {
        Errno error = _vnodes.GetEntryAttributes(item.Inum, out VnodeAttributes attributes);
        if (error != Errno.None)
        {
            Result.AddDamaged(path, PathWalk.Describe(error));
            return;
        }
        byte[][] below = [.. level.Below, item.Name];
        bool isDone = attributes.LinkCount > 1 && !attributes.IsDirectory
            && LinkAgain(level, item.Name, attributes, path);
        if (attributes.IsDirectory) Enter(level, item.Name, attributes, path, below);
        else if (!isDone) Make(level, item.Name, attributes, path, below);
        Progress?.Invoke(Result);
    }

    private void Enter(Level level, byte[] name, in VnodeAttributes attributes, byte[] path, byte[][] below)
    {
        if (!_directories.Add(attributes.Inum))
        {
            Result.AddDamaged(path, "damaged: the directory has another name already");
            return;
        }
        int error = level.Target.OpenDirectory(name, out TargetDirectory? target);
        if (error != 0)
        {
            target?.Dispose();
            Fail(path, "directory", error);
            return;
        }
        Result.Directories++;
        _levels.Push(new Level(_vnodes, target!, attributes, path, below));
    }

    /// <summary>Creates a hard link to an object that was extracted already; false when there is none or linking
    /// failed.</summary>
    private bool LinkAgain(Level level, byte[] name, in VnodeAttributes attributes, byte[] path)
    {
        if (!_firstNames.Has(attributes.Inum)) return false;
        int error = _firstNames.Link(attributes.Inum, level.Target, name, out bool isSame);
        if (error == EEXIST)
        {
            if (!TryRemove(level, name, path)) return true;
            error = _firstNames.Link(attributes.Inum, level.Target, name, out isSame);
        }
        if (!isSame) Result.AddFailed(path, "hard link: the first name now belongs to another object; the file is copied");
        else if (error != 0) Fail(path, "hard link (the file is copied instead)", error);
        if (!isSame || error != 0) return false;
        Result.HardLinks++;
        return true;
    }

    private void Make(Level level, byte[] name, in VnodeAttributes attributes, byte[] path, byte[][] below)
    {
        bool isThere = level.Target.Status(name, out LinuxFiles.FileStatus status) == 0;
        if (isThere && IsFinished(level, name, attributes, status))
        {
            Result.Present++;
            Remember(attributes, below, status.Identity);
            return;
        }
        if (isThere && !TryRemove(level, name, path)) return;
        int error = level.Target.Begin(name, out TargetObject? made);
        if (error != 0)
        {
            Fail(path, "object", error);
            return;
        }
        using (made)
        {
            bool isMade = attributes.Type switch
            {
                ObjectType.RegularFile => MakeFile(made!, attributes, path),
                ObjectType.SoftLink => MakeLink(made!, attributes, path),
                _ => MakeSpecial(made!, attributes, path),
            };
            if (!isMade) return;
            error = made!.Publish(out FileIdentity identity);
            if (error != 0)
            {
                Fail(path, "name", error);
                return;
            }
            Count(attributes.Type);
            Remember(attributes, below, identity);
        }
    }

    private void Count(ObjectType type)
    {
        if (type == ObjectType.SoftLink) Result.Links++;
        else if (type != ObjectType.RegularFile) Result.Specials++;
        else if (_copy.Lost.Count == 0) Result.Files++;
    }

    private void Remember(in VnodeAttributes attributes, byte[][] below, in FileIdentity identity)
    {
        if (attributes.LinkCount > 1) _firstNames.Add(attributes.Inum, below, identity);
    }

    private bool TryRemove(Level level, byte[] name, byte[] path)
    {
        int error = level.Target.Remove(name);
        if (error != 0) Fail(path, "what is there already", error);
        return error == 0;
    }

    private bool IsFinished(Level level, byte[] name, in VnodeAttributes attributes, in LinuxFiles.FileStatus status)
    {
        if (status.Type != (attributes.Mode & LinuxFiles.TypeMask)
            || !status.IsModifiedAt(attributes.ModifyTime)) return false;
        return attributes.Type switch
        {
            ObjectType.RegularFile => status.Size == attributes.SizeBytes,
            ObjectType.SoftLink =>
                LinkText.ReadBytes(_vnodes, attributes) is { } target && level.Target.LeadsTo(name, target),
            ObjectType.CharacterDevice or ObjectType.BlockDevice =>
                status.SpecialMajor == attributes.DeviceMajor && status.SpecialMinor == attributes.DeviceMinor,
            _ => true,
        };
    }

    private bool MakeFile(TargetObject made, in VnodeAttributes attributes, byte[] path)
    {
        int error = made.CreateFile(out TargetFile? file);
        if (error == 0) error = _copy.Run(attributes.Inum, attributes.SizeBytes, file!);
        if (error != 0)
        {
            Fail(path, "file", error);
            return false;
        }
        if (_copy.Lost.Count > 0) Result.AddDamaged(path, "damaged: bytes are missing", _copy.Lost);
        SetAttributes(made, attributes, path, setsTimes: _copy.Lost.Count == 0);
        return true;
    }

    private bool MakeLink(TargetObject made, in VnodeAttributes attributes, byte[] path)
    {
        if (LinkText.ReadBytes(_vnodes, attributes) is not { } target)
        {
            Result.AddDamaged(path, "damaged: the target of the link cannot be read");
            return false;
        }
        int error = made.CreateLink(target);
        if (error != 0)
        {
            Fail(path, "symbolic link", error);
            return false;
        }
        SetAttributes(made, attributes, path, setsTimes: true);
        return true;
    }

    private bool MakeSpecial(TargetObject made, in VnodeAttributes attributes, byte[] path)
    {
        ulong device = LinuxFiles.DeviceNumber(attributes.DeviceMajor, attributes.DeviceMinor);
        int error = made.CreateSpecial(attributes.Mode & LinuxFiles.TypeMask, device);
        if (error != 0)
        {
            Fail(path, "special file", error);
            return false;
        }
        SetAttributes(made, attributes, path, setsTimes: true);
        return true;
    }

    private void SetAttributes(TargetObject made, in VnodeAttributes attributes, byte[] path, bool setsTimes)
    {
        int error = made.SetAttributes(Wanted(attributes, path, setsTimes), attributes.Type == ObjectType.SoftLink);
        if (error != 0) Fail(path, "attributes", error);
    }

    // An object without its times is copied again by the next run.
    private TargetAttributes Wanted(in VnodeAttributes attributes, byte[] path, bool setsTimes)
    {
        Errno error = _attributes.Read(attributes.Inum, out TargetExtendedAttributes extended);
        if (error != Errno.None) Result.AddDamaged(path, "extended attributes: " + PathWalk.Describe(error));
        return new TargetAttributes(
            _isRoot ? (attributes.UserId, attributes.GroupId) : null, ModeOf(attributes),
            setsTimes && error == Errno.None ? (attributes.AccessTime, attributes.ModifyTime) : null, extended);
    }

    // A set-id bit would give the rights of the extracting user to a file with content from the volume.
    private uint ModeOf(in VnodeAttributes attributes) =>
        attributes.Mode & PermissionBits & (_isRoot ? ~0U : ~SetIdBits);

    private void Fail(byte[] path, string what, int error)
    {
        Result.AddFailed(path, $"{what}: {LinuxFiles.Describe(error)}");
        if (error == ENOSPC) IsTargetFull = true;
    }

    private static byte[] PathOf(Level level) => level.Path.Length == 0 ? "/"u8.ToArray() : level.Path;

    /// <summary>A directory that is being filled.</summary>
    private sealed class Level
    {
        private readonly DirectoryReader _reader;
        private IReadOnlyList<DirectoryItem> _piece = [];
        private int _next;

        public Level(VnodeOps vnodes, TargetDirectory target, in VnodeAttributes attributes, byte[] path, byte[][] below)
        {
            Target = target;
            Attributes = attributes;
            Path = path;
            Below = below;
            _reader = new DirectoryReader(vnodes, attributes.Inum);
        }

        public TargetDirectory Target { get; }

        public VnodeAttributes Attributes { get; }

        /// <summary>Path within the PFS, without a trailing slash.</summary>
        public byte[] Path { get; }

        /// <summary>Path components from the target to it.</summary>
        public byte[][] Below { get; }

        /// <summary>The error because of which the directory was not read completely.</summary>
        public Errno Error { get; private set; }

        public bool TryNext(out DirectoryItem item)
        {
            item = default;
            if (_next >= _piece.Count)
            {
                if (Error != Errno.None) return false;
                Error = _reader.Read(out _piece);
                _next = 0;
                if (_piece.Count == 0) return false;
            }
            item = _piece[_next++];
            return true;
        }
    }
}
