// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Tool.Files;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Extract;

/// <summary>
/// Copies a tree of a PFS into a directory and goes on past whatever is damaged. What a finished run left in the
/// target is recognised by its size and time and not copied again; a file that is damaged keeps the time of its
/// copying, so that every run comes back to it.
/// </summary>
/// <remarks>
/// Directories are walked with a stack of our own: how deep they are is the volume's choice. A directory that is
/// reached a second time is damage (they have one name), which also ends cycles.
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
    private readonly HashSet<ulong> _directories = [];
    private readonly Dictionary<ulong, byte[]> _firstNames = [];
    private readonly Stack<Level> _levels = new();

    /// <summary>Extracts from a PFS into an open directory.</summary>
    /// <param name="vnodes">The PFS.</param>
    /// <param name="top">The target.</param>
    /// <param name="isRoot">True to give files their owners and set-id bits; needs privileges.</param>
    public Extractor(VnodeOps vnodes, TargetDirectory top, bool isRoot)
    {
        _vnodes = vnodes;
        _top = top;
        _isRoot = isRoot;
        _copy = new FileCopy(vnodes)
        {
            Progress = length =>
            {
                Result.Bytes += (ulong)length;
                Progress?.Invoke(Result);
            },
        };
    }

    /// <summary>What was done so far.</summary>
    public ExtractResult Result { get; } = new();

    /// <summary>Called often while work goes on.</summary>
    public Action<ExtractResult>? Progress { get; init; }

    /// <summary>True when the target is full: everything after that would fail the same way.</summary>
    public bool IsTargetFull { get; private set; }

    /// <summary>Extracts what is in a directory, and its attributes, into the target itself.</summary>
    public void ExtractInto(in VnodeAttributes directory, byte[] path)
    {
        _ = _directories.Add(directory.Inum);
        Result.Directories++;
        _levels.Push(new Level(_vnodes, _top, directory, path, []));
        Drain();
    }

    /// <summary>Extracts one object by a name of its own into the target.</summary>
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
        int error = _isRoot ? level.Target.SetOwner(level.Attributes.UserId, level.Attributes.GroupId) : 0;
        if (error == 0) error = level.Target.SetTimes(level.Attributes.AccessTime, level.Attributes.ModifyTime);
        // Last: permissions may be none, and then its owner cannot change anything in it any more.
        if (error == 0) error = level.Target.SetMode(ModeOf(level.Attributes));
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
        byte[] below = level.Below.Length == 0 ? item.Name : [.. level.Below, (byte)'/', .. item.Name];
        bool isDone = attributes.LinkCount > 1 && !attributes.IsDirectory
            && LinkAgain(level, item.Name, attributes, path);
        if (attributes.IsDirectory) Enter(level, item.Name, attributes, path, below);
        else if (!isDone) Make(level, item.Name, attributes, path, below);
        Progress?.Invoke(Result);
    }

    private void Enter(Level level, byte[] name, in VnodeAttributes attributes, byte[] path, byte[] below)
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

    /// <summary>Makes a second name of an object that has one; false when it has none or cannot have two.</summary>
    private bool LinkAgain(Level level, byte[] name, in VnodeAttributes attributes, byte[] path)
    {
        if (!_firstNames.TryGetValue(attributes.Inum, out byte[]? first)) return false;
        int error = level.Target.CreateHardLink(_top, first, name);
        if (error == EEXIST)
        {
            if (!TryRemove(level, name, path)) return true;
            error = level.Target.CreateHardLink(_top, first, name);
        }
        if (error != 0) return false;
        Result.HardLinks++;
        return true;
    }

    private void Make(Level level, byte[] name, in VnodeAttributes attributes, byte[] path, byte[] below)
    {
        bool isThere = level.Target.Status(name, out LinuxFiles.FileStatus status) == 0;
        if (isThere && IsFinished(level, name, attributes, status))
        {
            Result.Present++;
            Remember(attributes, below);
            return;
        }
        if (isThere && !TryRemove(level, name, path)) return;
        bool isMade = attributes.Type switch
        {
            ObjectType.RegularFile => MakeFile(level, name, attributes, path),
            ObjectType.SoftLink => MakeLink(level, name, attributes, path),
            _ => MakeSpecial(level, name, attributes, path),
        };
        if (isMade) Remember(attributes, below);
    }

    private void Remember(in VnodeAttributes attributes, byte[] below)
    {
        if (attributes.LinkCount > 1) _firstNames[attributes.Inum] = below;
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

    private bool MakeFile(Level level, byte[] name, in VnodeAttributes attributes, byte[] path)
    {
        int error = level.Target.CreateFile(name, out TargetDirectory.TargetFile? file);
        if (error == 0)
        {
            using (file) error = _copy.Run(attributes.Inum, attributes.SizeBytes, file!);
        }
        if (error != 0)
        {
            Fail(path, "file", error);
            return false;
        }
        if (_copy.Lost.Count > 0) Result.AddDamaged(path, "damaged: bytes are missing", _copy.Lost);
        else Result.Files++;
        SetAttributes(level, name, attributes, path, setsTimes: _copy.Lost.Count == 0);
        return true;
    }

    private bool MakeLink(Level level, byte[] name, in VnodeAttributes attributes, byte[] path)
    {
        if (LinkText.ReadBytes(_vnodes, attributes) is not { } target)
        {
            Result.AddDamaged(path, "damaged: the target of the link cannot be read");
            return false;
        }
        int error = level.Target.CreateLink(name, target);
        if (error != 0)
        {
            Fail(path, "symbolic link", error);
            return false;
        }
        Result.Links++;
        SetAttributes(level, name, attributes, path, setsTimes: true);
        return true;
    }

    private bool MakeSpecial(Level level, byte[] name, in VnodeAttributes attributes, byte[] path)
    {
        ulong device = LinuxFiles.DeviceNumber(attributes.DeviceMajor, attributes.DeviceMinor);
        int error = level.Target.CreateSpecial(name, attributes.Mode & LinuxFiles.TypeMask, device);
        if (error != 0)
        {
            Fail(path, "special file", error);
            return false;
        }
        Result.Specials++;
        SetAttributes(level, name, attributes, path, setsTimes: true);
        return true;
    }

    private void SetAttributes(Level level, byte[] name, in VnodeAttributes attributes, byte[] path, bool setsTimes)
    {
        int error = _isRoot ? level.Target.SetOwner(name, attributes.UserId, attributes.GroupId) : 0;
        if (error == 0 && attributes.Type != ObjectType.SoftLink) error = level.Target.SetMode(name,
            ModeOf(attributes));
        if (error == 0 && setsTimes) error = level.Target.SetTimes(name, attributes.AccessTime, attributes.ModifyTime);
        if (error != 0) Fail(path, "attributes", error);
    }

    // A set-id bit on a file of somebody else's making would act for whoever extracts it.
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

        public Level(VnodeOps vnodes, TargetDirectory target, in VnodeAttributes attributes, byte[] path, byte[] below)
        {
            Target = target;
            Attributes = attributes;
            Path = path;
            Below = below;
            _reader = new DirectoryReader(vnodes, attributes.Inum);
        }

        public TargetDirectory Target { get; }

        public VnodeAttributes Attributes { get; }

        /// <summary>Path within the PFS, without a slash at its end.</summary>
        public byte[] Path { get; }

        /// <summary>Path below the target.</summary>
        public byte[] Below { get; }

        /// <summary>Why the directory could not be read to its end.</summary>
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
