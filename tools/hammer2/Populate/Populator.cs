// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.Extract;
using Hammer2.Tool.Output;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Populate;

/// <summary>
/// Copies a directory of the host into a PFS with the operations of a mount: files with their holes, directories,
/// symbolic and hard links, device nodes, FIFOs and sockets, with owners, permissions, times, extended attributes and
/// ACLs.
/// </summary>
/// <remarks>Entries are processed in the order of the bytes of their names, so that the same source gives the same
/// filesystem.</remarks>
internal sealed class Populator
{
    private const int ChunkBytes = 1 << 20;
    private const uint PermissionBits = 0xFFF;
    private const int ObjectsPerSync = 10_000; // limits the memory of a transaction group
    private const int CurrentDirectory = LinuxFiles.AtCurrentDirectory;

    private readonly VnodeOps _ops;
    private readonly byte[] _source;
    private readonly HashSet<DeviceIdentity> _targets;
    private readonly LinkedFiles _linked = new();
    private readonly AttributeCopy _attributes;
    private readonly byte[] _buffer = new byte[ChunkBytes];
    private long _durableObjects;

    /// <summary>Prepares for copying; reads nothing.</summary>
    /// <param name="ops">Operations of a writable PFS.</param>
    /// <param name="source">Path of the directory.</param>
    /// <param name="targets">Image files of the new filesystem, which must not be copied.</param>
    public Populator(VnodeOps ops, byte[] source, IEnumerable<DeviceIdentity> targets)
    {
        _ops = ops;
        _source = source;
        _targets = [.. targets];
        _attributes = new AttributeCopy(ops, Result);
        // Each object gets the ACLs of its own source.
        ops.InheritsAcls = false;
    }

    /// <summary>The result so far.</summary>
    public PopulateResult Result { get; } = new();

    /// <summary>Number of objects in the last commit. Thread-safe.</summary>
    public long DurableObjects => Volatile.Read(ref _durableObjects);

    /// <summary>Owner of the root directory; null for that of the source.</summary>
    public (uint User, uint Group)? RootOwner { get; init; }

    /// <summary>Called after each object and each piece of a file.</summary>
    public Action<PopulateResult>? Progress { get; init; }

    /// <summary>Copies the source into the root directory and makes everything durable.</summary>
    /// <exception cref="CommandException">The source is not a readable directory.</exception>
    public void Run()
    {
        int error = SourceFiles.Open(CurrentDirectory, _source, isDirectory: true, out int descriptor);
        LinuxFiles.FileStatus status = default;
        if (error == 0) error = SourceFiles.Status(descriptor, [], out status);
        if (error != 0)
        {
            throw new CommandException(
                ExitCode.Failed, $"{NameText.Escape(_source)}: {LinuxFiles.Describe(error)}");
        }
        try
        {
            FillDirectory(descriptor, VnodeOps.RootInum, []);
            if (RootOwner is { } owner) (status.UserId, status.GroupId) = owner;
            Finish(VnodeOps.RootInum, status, descriptor, [], []);
        }
        finally
        {
            SourceFiles.Close(descriptor);
        }
        Sync();
    }

    private void Sync()
    {
        long met = Result.Objects;
        Errno error = _ops.Sync();
        if (error == Errno.None) Volatile.Write(ref _durableObjects, met);
        Stop(error, "committing");
    }

    private void FillDirectory(int descriptor, ulong inum, byte[] path)
    {
        int error = SourceFiles.List(descriptor, out List<byte[]> names);
        if (error != 0)
        {
            Result.AddFault(path, $"cannot be listed: {LinuxFiles.Describe(error)}");
            return;
        }
        foreach (byte[] name in names)
        {
            if (Result.Stopped is not null) return;
            byte[] below = path.Length == 0 ? name : [.. path, (byte)'/', .. name];
            Copy(descriptor, name, inum, below);
            Progress?.Invoke(Result);
            if (Result.Objects - DurableObjects >= ObjectsPerSync) Sync();
        }
    }

    private void Copy(int directory, byte[] name, ulong parent, byte[] path)
    {
        int error = SourceFiles.Status(directory, name, out LinuxFiles.FileStatus status);
        if (error != 0)
        {
            Result.AddFault(path, LinuxFiles.Describe(error));
            return;
        }
        ObjectType type = TypeOf(status.Type);
        if (type == ObjectType.RegularFile && _targets.Contains(
            new DeviceIdentity(status.DeviceMajor, status.DeviceMinor, status.Inode, 0)))
        {
            Result.AddFault(path, "skipped: it is the new filesystem itself");
            return;
        }
        if (type != ObjectType.Directory && _linked.TryMeet(status, out ulong known))
        {
            if (Made(_ops.Link(known, parent, name, out _), path)) Result.HardLinks++;
            return;
        }
        ulong made = type switch
        {
            ObjectType.Directory => CopyDirectory(directory, name, parent, status, path),
            ObjectType.SoftLink => CopyLink(directory, name, parent, status, path),
            ObjectType.RegularFile => CopyFile(directory, name, parent, status, path),
            _ => MakeSpecial(directory, name, parent, type, status, path),
        };
        if (type != ObjectType.Directory && made != 0) _linked.Add(status, made);
    }

    private ulong CopyDirectory(
        int directory, byte[] name, ulong parent, in LinuxFiles.FileStatus status, byte[] path)
    {
        int error = SourceFiles.Open(directory, name, isDirectory: true, out int descriptor);
        if (error != 0)
        {
            Result.AddFault(path, $"cannot be opened: {LinuxFiles.Describe(error)}");
            return 0;
        }
        try
        {
            ulong made = Make(name, parent, ObjectType.Directory, status, path);
            if (made == 0) return 0;
            Result.Directories++;
            FillDirectory(descriptor, made, path);
            Finish(made, status, directory, name, path);
            return made;
        }
        finally
        {
            SourceFiles.Close(descriptor);
        }
    }

    private ulong CopyLink(int directory, byte[] name, ulong parent, in LinuxFiles.FileStatus status, byte[] path)
    {
        int error = SourceFiles.ReadLink(directory, name, out byte[] target);
        if (error != 0)
        {
            Result.AddFault(path, $"cannot be read: {LinuxFiles.Describe(error)}");
            return 0;
        }
        Errno refused = _ops.Symlink(parent, name, target, Owner(status), out VnodeAttributes made);
        if (!Made(refused, path)) return 0;
        Result.Links++;
        Finish(made.Inum, status, directory, name, path);
        return made.Inum;
    }

    private ulong MakeSpecial(
        int directory, byte[] name, ulong parent, ObjectType type, in LinuxFiles.FileStatus status, byte[] path)
    {
        if (type == ObjectType.Unknown)
        {
            Result.AddFault(path, "is of an unsupported type");
            return 0;
        }
        ulong made = Make(name, parent, type, status, path);
        if (made == 0) return 0;
        Result.Specials++;
        Finish(made, status, directory, name, path);
        return made;
    }

    private ulong CopyFile(int directory, byte[] name, ulong parent, in LinuxFiles.FileStatus status, byte[] path)
    {
        int error = SourceFiles.Open(directory, name, isDirectory: false, out int file);
        if (error != 0)
        {
            Result.AddFault(path, $"cannot be opened: {LinuxFiles.Describe(error)}");
            return 0;
        }
        try
        {
            ulong made = Make(name, parent, ObjectType.RegularFile, status, path);
            if (made == 0) return 0;
            if (CopyData(file, made, (long)status.Size, path)) Result.Files++;
            Finish(made, status, directory, name, path);
            return made;
        }
        finally
        {
            SourceFiles.Close(file);
        }
    }

    private bool CopyData(int file, ulong inum, long length, byte[] path)
    {
        long at = 0;
        while (at < length && SourceFiles.TryFindData(file, at, length, out long start, out long end))
        {
            Result.PassedBytes += (ulong)(start - at);
            for (at = start; at < end;)
            {
                // Pieces end at block boundaries, so that no block is written twice.
                int wanted = (int)Math.Min(ChunkBytes - (at % ChunkBytes), end - at);
                int error = SourceFiles.Read(file, at, _buffer.AsSpan(0, wanted), out int got);
                if (error != 0 || got == 0)
                {
                    Result.AddFault(path, error != 0
                        ? $"cannot be read from byte {at} on: {LinuxFiles.Describe(error)}"
                        : $"was truncated while it was read, it ends at byte {at}");
                    return false;
                }
                if (!Made(_ops.Write(inum, (ulong)at, _buffer.AsSpan(0, got), dropsPrivileges: false), path))
                    return false;
                Result.Bytes += (ulong)got;
                Result.PassedBytes += (ulong)got;
                at += got;
                Progress?.Invoke(Result);
            }
        }
        Result.PassedBytes += (ulong)Math.Max(length - at, 0);
        var size = new AttributeChange { SizeBytes = (ulong)length };
        return Made(_ops.SetAttributes(inum, size, out _), path);
    }

    private ulong Make(byte[] name, ulong parent, ObjectType type, in LinuxFiles.FileStatus status, byte[] path)
    {
        var wanted = new NewObject(
            type, status.Mode & PermissionBits, status.SpecialMajor, status.SpecialMinor);
        return Made(_ops.Create(parent, name, wanted, Owner(status), out VnodeAttributes made), path)
            ? made.Inum
            : 0;
    }

    // Set last, since earlier operations change the times; and extended attributes after the owner, of which a change
    // takes capabilities away.
    private void Finish(ulong inum, in LinuxFiles.FileStatus status, int directory, byte[] name, byte[] path)
    {
        if (Result.Stopped is not null) return;
        var wanted = new AttributeChange
        {
            Mode = status.Mode & PermissionBits,
            UserId = status.UserId,
            GroupId = status.GroupId,
            AccessTime = Microseconds(status.AccessSeconds, status.AccessNanoseconds),
            ModifyTime = Microseconds(status.ModifySeconds, status.ModifyNanoseconds),
        };
        if (Made(_ops.SetAttributes(inum, wanted, out _), path))
            _ = Made(_attributes.Run(directory, name, inum), path);
    }

    // An invalid or reserved name, or size, concerns one file; other errors would also occur for the next file.
    private bool Made(Errno error, byte[] path)
    {
        if (error == Errno.None) return true;
        Result.AddFault(path, $"cannot be created: {error}");
        if (error is not (Errno.ENAMETOOLONG or Errno.EFBIG or Errno.EMLINK or Errno.EINVAL or Errno.EPERM))
            Stop(error, NameText.Escape(path));
        return false;
    }

    private void Stop(Errno error, string work)
    {
        if (error == Errno.None || Result.Stopped is not null) return;
        Result.Stopped = error == Errno.ENOSPC ? $"{work}: the filesystem is full" : $"{work}: {error}";
    }

    private static Credentials Owner(in LinuxFiles.FileStatus status) => new(status.UserId, status.GroupId);

    // The format stores times since 1970.
    private static ulong Microseconds(long seconds, uint nanoseconds) =>
        seconds < 0 ? 0 : ((ulong)seconds * 1_000_000) + (nanoseconds / 1000);

    private static ObjectType TypeOf(uint type) => type switch
    {
        0x1000 => ObjectType.Fifo,
        0x2000 => ObjectType.CharacterDevice,
        0x4000 => ObjectType.Directory,
        0x6000 => ObjectType.BlockDevice,
        0x8000 => ObjectType.RegularFile,
        0xA000 => ObjectType.SoftLink,
        0xC000 => ObjectType.Socket,
        _ => ObjectType.Unknown,
    };
}
