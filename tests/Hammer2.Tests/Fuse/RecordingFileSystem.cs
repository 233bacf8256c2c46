// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Fuse.Protocol;
using Hammer2.Testing;

namespace Hammer2.Tests.Fuse;

/// <summary>Records every call with its arguments, and returns values that are easy to recognize.</summary>
internal sealed class RecordingFileSystem : IFuseFileSystem
{
    private readonly List<string> _calls = [];

    /// <summary>The result of every method; 0 unless the test sets an error.</summary>
    public int Error { get; set; }

    /// <summary>Thrown by every method when set.</summary>
    public Exception? Throws { get; set; }

    /// <summary>Runs inside READ.</summary>
    public Action<FuseContextCopy>? DuringRead { get; set; }

    /// <summary>Runs inside FSYNC.</summary>
    public Action? DuringSync { get; set; }

    /// <summary>The result of FSYNC; 0 for that of every method.</summary>
    public int SyncError { get; set; }

    /// <summary>All calls so far, one line each.</summary>
    public string Calls
    {
        get
        {
            lock (_calls) return string.Join('\n', _calls);
        }
    }

    public void Initialized(FuseConnection connection) => Note($"initialized 7.{connection.Minor}");

    public void Destroyed() => Note("destroyed");

    public int Lookup(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry) =>
        Entry(ref entry, $"lookup {Who(context)} {Text(name)}");

    public void Forget(ulong nodeId, ulong lookupCount) => Note($"forget {nodeId} {lookupCount}");

    public int GetAttr(in FuseContext context, in FuseGetAttrIn request, ref FuseAttrOut answer)
    {
        answer.AttrValidSeconds = 0x11;
        answer.Attr.Inode = 0x22;
        answer.Attr.Mode = UnixMode.RegularFile | UnixMode.O644;
        return Note($"getattr {Who(context)} flags={request.Flags} handle={request.Handle}");
    }

    public int SetAttr(in FuseContext context, in FuseSetAttrIn request, ref FuseAttrOut answer)
    {
        answer.Attr.Inode = 0x22;
        return Note($"setattr {Who(context)} {request.Valid} handle={request.Handle} " +
            $"size={request.SizeBytes} mtime={request.MTime}.{request.MTimeNanoseconds} " +
            $"mode={request.Mode:X} owner={request.Uid}:{request.Gid}");
    }

    public int StatX(in FuseContext context, in FuseStatXIn request, ref FuseStatXOut answer)
    {
        answer.Stat.Mask = request.Mask;
        answer.Stat.Inode = 0x22;
        answer.Stat.BirthTime.Seconds = 0x33;
        return Note(
            $"statx {Who(context)} handle={request.Handle} mask={request.Mask:X} flags={request.Flags:X}");
    }

    public int ReadLink(in FuseContext context, Span<byte> target, out int targetBytes)
    {
        "there"u8.CopyTo(target);
        targetBytes = 5;
        return Note($"readlink {Who(context)} room={target.Length}");
    }

    public int Symlink(in FuseContext context, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target,
        ref FuseEntryOut entry) => Entry(ref entry, $"symlink {Who(context)} {Text(name)} -> {Text(target)}");

    public int MkNod(in FuseContext context, in FuseMkNodIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry) => Entry(ref entry,
            $"mknod {Who(context)} {Text(name)} mode={request.Mode:X} device={request.DeviceNumber:X}");

    public int MkDir(in FuseContext context, in FuseMkDirIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry) =>
        Entry(ref entry, $"mkdir {Who(context)} {Text(name)} mode={request.Mode:X} umask={request.Umask:X}");

    public int Unlink(in FuseContext context, ReadOnlySpan<byte> name) =>
        Note($"unlink {Who(context)} {Text(name)}");

    public int RmDir(in FuseContext context, ReadOnlySpan<byte> name) =>
        Note($"rmdir {Who(context)} {Text(name)}");

    public int Rename(in FuseContext context, ReadOnlySpan<byte> name, ulong newDirectory,
        ReadOnlySpan<byte> newName, uint flags) =>
        Note($"rename {Who(context)} {Text(name)} -> {newDirectory} {Text(newName)} flags={flags}");

    public int Link(in FuseContext context, ulong oldNodeId, ReadOnlySpan<byte> newName,
        ref FuseEntryOut entry) => Entry(ref entry, $"link {Who(context)} {oldNodeId} as {Text(newName)}");

    public int Open(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        answer.Handle = 0x44;
        answer.OpenFlags = FuseOpenFlags.KeepCache;
        return Note($"open {Who(context)} flags={request.Flags:X}");
    }

    public int Create(in FuseContext context, in FuseCreateIn request, ReadOnlySpan<byte> name,
        ref FuseEntryOut entry, ref FuseOpenOut answer)
    {
        answer.Handle = 0x44;
        return Entry(ref entry, $"create {Who(context)} {Text(name)} mode={request.Mode:X}");
    }

    public int TmpFile(in FuseContext context, in FuseCreateIn request, ref FuseEntryOut entry,
        ref FuseOpenOut answer)
    {
        answer.Handle = 0x44;
        return Entry(ref entry, $"tmpfile {Who(context)} mode={request.Mode:X}");
    }

    public int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes)
    {
        DuringRead?.Invoke(new FuseContextCopy(context.Unique, context.IsInterrupted));
        readBytes = Math.Min(4, data.Length);
        for (int index = 0; index < readBytes; index++) data[index] = (byte)(0xA0 + index);
        return Note($"read {Who(context)} handle={request.Handle} at {request.Position} room={data.Length}");
    }

    public int Write(in FuseContext context, in FuseWriteIn request, ReadOnlySpan<byte> data,
        out int writtenBytes)
    {
        writtenBytes = data.Length;
        return Note($"write {Who(context)} handle={request.Handle} at {request.Position} {Text(data)}");
    }

    public int StatFs(in FuseContext context, ref FuseStatFsOut answer)
    {
        answer.Blocks = 0x55;
        answer.NameBytesMax = 255;
        return Note($"statfs {Who(context)}");
    }

    public int Release(in FuseContext context, in FuseReleaseIn request) =>
        Note($"release {Who(context)} handle={request.Handle}");

    public int Flush(in FuseContext context, in FuseFlushIn request) =>
        Note($"flush {Who(context)} handle={request.Handle} owner={request.LockOwner:X}");

    public int FSync(in FuseContext context, in FuseFSyncIn request)
    {
        DuringSync?.Invoke();
        int error = Note($"fsync {Who(context)} handle={request.Handle} flags={request.Flags}");
        return SyncError != 0 ? SyncError : error;
    }

    public int OpenDir(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        answer.Handle = 0x44;
        answer.OpenFlags = FuseOpenFlags.CacheDir;
        return Note($"opendir {Who(context)} flags={request.Flags:X}");
    }

    public int ReadDir(in FuseContext context, in FuseReadIn request, ref FuseDirectoryPacker packer)
    {
        var entry = new FuseEntryOut { NodeId = 0x66 };
        entry.Attr.Inode = 0x66;
        entry.Attr.Mode = UnixMode.Directory | UnixMode.O755;
        bool isPacked = packer.TryAdd("."u8, 1, 0x41ED, 1) && packer.TryAdd("sub"u8, in entry, 2);
        return Note($"readdir {Who(context)} handle={request.Handle} at {request.Position} " +
            $"plus={packer.WantsAttributes} packed={isPacked}");
    }

    public int ReleaseDir(in FuseContext context, in FuseReleaseIn request) =>
        Note($"releasedir {Who(context)} handle={request.Handle}");

    public int FSyncDir(in FuseContext context, in FuseFSyncIn request) =>
        Note($"fsyncdir {Who(context)} handle={request.Handle} flags={request.Flags}");

    public int SetXAttr(in FuseContext context, in FuseSetXAttrIn request, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value) => Note(
            $"setxattr {Who(context)} {Text(name)}={Text(value)} flags={request.Flags} " +
            $"ext={request.SetXAttrFlags}");

    public int GetXAttr(in FuseContext context, ReadOnlySpan<byte> name, Span<byte> value, out int valueBytes)
    {
        valueBytes = Fill("value"u8, value);
        return Note($"getxattr {Who(context)} {Text(name)} room={value.Length}");
    }

    public int ListXAttr(in FuseContext context, Span<byte> names, out int namesBytes)
    {
        namesBytes = Fill("user.a\0"u8, names);
        return Note($"listxattr {Who(context)} room={names.Length}");
    }

    public int RemoveXAttr(in FuseContext context, ReadOnlySpan<byte> name) =>
        Note($"removexattr {Who(context)} {Text(name)}");

    public int Access(in FuseContext context, uint mask) => Note($"access {Who(context)} mask={mask}");

    public int FAllocate(in FuseContext context, in FuseFAllocateIn request) =>
        Note($"fallocate {Who(context)} {request.Position}+{request.LengthBytes} mode={request.Mode}");

    public int LSeek(in FuseContext context, in FuseLSeekIn request, out ulong position)
    {
        position = 0x77;
        return Note($"lseek {Who(context)} {request.Position} whence={request.Whence}");
    }

    public int CopyFileRange(in FuseContext context, in FuseCopyFileRangeIn request, out ulong copiedBytes)
    {
        copiedBytes = request.LengthBytes;
        return Note($"copy {Who(context)} at {request.SourcePosition} -> {request.TargetNodeId} " +
            $"at {request.TargetPosition} length={request.LengthBytes}");
    }

    public int IoCtl(in FuseContext context, in FuseIoCtlIn request, ReadOnlySpan<byte> input,
        Span<byte> output, out int outputBytes, out int result)
    {
        outputBytes = Fill("out"u8, output);
        result = 0x12;
        return Note($"ioctl {Who(context)} {request.Command:X} in={Text(input)} room={output.Length}");
    }

    public int SyncFs(in FuseContext context) => Note($"syncfs {Who(context)}");

    public int BMap(in FuseContext context, in FuseBMapIn request, out ulong block)
    {
        block = 0x99;
        return Note($"bmap {Who(context)} block={request.Block} size={request.BlockSizeBytes}");
    }

    public int Poll(in FuseContext context, in FusePollIn request, out uint readyEvents)
    {
        readyEvents = 5;
        return Note($"poll {Who(context)} events={request.Events:X}");
    }

    public int GetLk(in FuseContext context, in FuseLkIn request, ref FuseLkOut answer)
    {
        answer.Lock.Type = 2;
        return Note($"getlk {Who(context)} {request.Lock.Start}-{request.Lock.End}");
    }

    public int SetLk(in FuseContext context, in FuseLkIn request, bool waits) =>
        Note($"setlk {Who(context)} {request.Lock.Start}-{request.Lock.End} waits={waits}");

    private static string Who(in FuseContext context) =>
        $"{context.NodeId} by {context.Uid}:{context.Gid}/{context.ProcessId}";

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private static int Fill(ReadOnlySpan<byte> value, Span<byte> room)
    {
        if (value.Length <= room.Length) value.CopyTo(room);
        return value.Length;
    }

    private int Entry(ref FuseEntryOut entry, string call)
    {
        entry.NodeId = 0x66;
        entry.EntryValidSeconds = 0x11;
        entry.Attr.Inode = 0x66;
        return Note(call);
    }

    private int Note(string call)
    {
        if (Throws is not null) throw Throws;
        lock (_calls) _calls.Add(call);
        return Error;
    }
}

/// <summary>The fields of a context that a test may keep.</summary>
internal sealed record FuseContextCopy(ulong Unique, bool IsInterrupted);
