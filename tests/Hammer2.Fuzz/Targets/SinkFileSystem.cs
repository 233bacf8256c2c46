// SPDX-License-Identifier: BSD-3-Clause
using System.Numerics;
using Fuse.Protocol;

namespace Hammer2.Fuzz.Targets;

/// <summary>
/// A filesystem that reads all its arguments, fills all its buffers, and returns what a target selects: success, an
/// error, or an invalid error number.
/// </summary>
internal sealed class SinkFileSystem(int error) : IFuseFileSystem
{
    /// <summary>How many calls there were.</summary>
    public int Calls { get; private set; }

    /// <summary>A sum over everything that was given, so that no read of it is left out.</summary>
    public ulong Sum { get; private set; }

    public int Lookup(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry) =>
        Entry(context, name, ref entry);

    public void Forget(ulong nodeId, ulong lookupCount) => Sum += nodeId ^ lookupCount;

    public int GetAttr(in FuseContext context, in FuseGetAttrIn request, ref FuseAttrOut answer)
    {
        answer.Attr.Inode = context.NodeId;
        return Answer(context, request.Handle);
    }

    public int SetAttr(in FuseContext context, in FuseSetAttrIn request, ref FuseAttrOut answer)
    {
        answer.Attr.SizeBytes = request.SizeBytes;
        return Answer(context, (ulong)request.Valid);
    }

    public int StatX(in FuseContext context, in FuseStatXIn request, ref FuseStatXOut answer)
    {
        answer.Stat.Mask = request.Mask;
        return Answer(context, request.Handle);
    }

    public int ReadLink(in FuseContext context, Span<byte> target, out int targetBytes)
    {
        target.Fill((byte)'l');
        targetBytes = target.Length;
        return Answer(context, 0);
    }

    public int Symlink(in FuseContext context, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target,
        ref FuseEntryOut entry)
    {
        CheckName(target);
        return Entry(context, name, ref entry);
    }

    public int MkNod(in FuseContext context, in FuseMkNodIn request, ReadOnlySpan<byte> name, ref FuseEntryOut entry) =>
        Entry(context, name, ref entry);

    public int MkDir(in FuseContext context, in FuseMkDirIn request, ReadOnlySpan<byte> name, ref FuseEntryOut entry) =>
        Entry(context, name, ref entry);

    public int Unlink(in FuseContext context, ReadOnlySpan<byte> name) => Named(context, name);

    public int RmDir(in FuseContext context, ReadOnlySpan<byte> name) => Named(context, name);

    public int Rename(in FuseContext context, ReadOnlySpan<byte> name, ulong newDirectory,
        ReadOnlySpan<byte> newName, uint flags)
    {
        CheckName(newName);
        Sum += newDirectory ^ flags;
        return Named(context, name);
    }

    public int Link(in FuseContext context, ulong oldNodeId, ReadOnlySpan<byte> newName, ref FuseEntryOut entry) =>
        Entry(context, newName, ref entry);

    public int Open(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        answer.Handle = 1;
        return Answer(context, (ulong)request.Flags);
    }

    public int Create(in FuseContext context, in FuseCreateIn request, ReadOnlySpan<byte> name, ref FuseEntryOut entry,
        ref FuseOpenOut answer)
    {
        answer.Handle = 2;
        return Entry(context, name, ref entry);
    }

    public int TmpFile(in FuseContext context, in FuseCreateIn request, ref FuseEntryOut entry, ref FuseOpenOut answer)
    {
        answer.Handle = 3;
        return Entry(context, "t"u8, ref entry);
    }

    public int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes)
    {
        data.Fill(1);
        readBytes = data.Length;
        return Answer(context, request.Position);
    }

    public int Write(in FuseContext context, in FuseWriteIn request, ReadOnlySpan<byte> data, out int writtenBytes)
    {
        Property.Holds(data.Length == request.SizeBytes, "a write has as many bytes as it says");
        Add(data);
        writtenBytes = data.Length;
        return Answer(context, request.Position);
    }

    public int StatFs(in FuseContext context, ref FuseStatFsOut answer)
    {
        answer.Blocks = 5;
        return Answer(context, 0);
    }

    public int Release(in FuseContext context, in FuseReleaseIn request) => Answer(context, request.Handle);

    public int Flush(in FuseContext context, in FuseFlushIn request) => Answer(context, request.Handle);

    public int FSync(in FuseContext context, in FuseFSyncIn request) => Answer(context, request.Handle);

    public int OpenDir(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        return Answer(context, 0);
    }

    public int ReadDir(in FuseContext context, in FuseReadIn request, ref FuseDirectoryPacker packer)
    {
        var entry = new FuseEntryOut { NodeId = 4 };
        entry.Attr.Inode = 4;
        ulong position = request.Position;
        while (packer.TryAdd("a name"u8, in entry, ++position))
        {
        }
        Property.Holds(packer.UsedBytes <= request.SizeBytes, "a listing is not longer than was asked for");
        return Answer(context, request.Position);
    }

    public int ReleaseDir(in FuseContext context, in FuseReleaseIn request) => Answer(context, request.Handle);

    public int FSyncDir(in FuseContext context, in FuseFSyncIn request) => Answer(context, request.Handle);

    public int SetXAttr(in FuseContext context, in FuseSetXAttrIn request, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value)
    {
        Property.Holds(value.Length == request.SizeBytes, "a value has as many bytes as it says");
        Add(value);
        return Named(context, name);
    }

    public int GetXAttr(in FuseContext context, ReadOnlySpan<byte> name, Span<byte> value, out int valueBytes)
    {
        value.Fill(2);
        valueBytes = value.Length;
        return Named(context, name);
    }

    public int ListXAttr(in FuseContext context, Span<byte> names, out int namesBytes)
    {
        names.Clear();
        namesBytes = names.Length;
        return Answer(context, 0);
    }

    public int RemoveXAttr(in FuseContext context, ReadOnlySpan<byte> name) => Named(context, name);

    public int Access(in FuseContext context, uint mask) => Answer(context, mask);

    public int FAllocate(in FuseContext context, in FuseFAllocateIn request) => Answer(context, request.Position);

    public int LSeek(in FuseContext context, in FuseLSeekIn request, out ulong position)
    {
        position = request.Position;
        return Answer(context, request.Whence);
    }

    public int CopyFileRange(in FuseContext context, in FuseCopyFileRangeIn request, out ulong copiedBytes)
    {
        copiedBytes = request.LengthBytes;
        return Answer(context, request.SourcePosition);
    }

    public int IoCtl(in FuseContext context, in FuseIoCtlIn request, ReadOnlySpan<byte> input, Span<byte> output,
        out int outputBytes, out int result)
    {
        Add(input);
        output.Fill(3);
        outputBytes = output.Length;
        result = 1;
        return Answer(context, request.Command);
    }

    public int SyncFs(in FuseContext context) => Answer(context, 0);

    public int BMap(in FuseContext context, in FuseBMapIn request, out ulong block)
    {
        block = request.Block;
        return Answer(context, 0);
    }

    public int Poll(in FuseContext context, in FusePollIn request, out uint readyEvents)
    {
        readyEvents = request.Events;
        return Answer(context, request.Handle);
    }

    public int GetLk(in FuseContext context, in FuseLkIn request, ref FuseLkOut answer)
    {
        answer.Lock = request.Lock;
        return Answer(context, request.Handle);
    }

    public int SetLk(in FuseContext context, in FuseLkIn request, bool waits) => Answer(context, request.Handle);

    private int Entry(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        entry.NodeId = 7;
        return Named(context, name);
    }

    private int Named(in FuseContext context, ReadOnlySpan<byte> name)
    {
        CheckName(name);
        return Answer(context, (ulong)name.Length);
    }

    private void CheckName(ReadOnlySpan<byte> name)
    {
        Property.Holds(!name.IsEmpty && !name.Contains((byte)0), "a name has bytes and no NUL");
        Add(name);
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes) Sum = BitOperations.RotateLeft(Sum, 5) ^ value;
    }

    private int Answer(in FuseContext context, ulong argument)
    {
        Calls++;
        Sum += context.NodeId ^ argument ^ (context.IsInterrupted ? 1UL : 0);
        return error;
    }
}
