// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.IO;
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Snapshots.Compare;
using Hammer2.Snapshots.Diff;

namespace Hammer2.Snapshots.Streams;

/// <summary>
/// Makes the stream of a PFS: all of it, or what differs from an ancestor. The same PFS and ancestor always give the
/// same bytes, so that a stream that was cut can be continued.
/// </summary>
/// <remarks>Blocks of file data are sent as they are stored; inodes and entries by their fields, since their references
/// mean addresses of this filesystem. Not thread-safe. Memory: 40 MiB for blocks that are shared, and the
/// cache.</remarks>
public sealed class SnapshotSender
{
    private readonly PfsTree _source;
    private readonly PfsTree? _ancestor;
    private readonly RecordWriter _to;
    private readonly byte[] _payload = new byte[StreamLayout.PayloadBytesMax];
    private KnownBlocks? _known;
    private ulong _inodes;
    private ulong _dataBytes;

    private SnapshotSender(PfsTree source, PfsTree? ancestor, Stream? to, StreamProgress? before)
    {
        _source = source;
        _ancestor = ancestor;
        _to = new RecordWriter(to, before);
    }

    /// <summary>What a stream of a PFS says in its first record.</summary>
    public static StreamIdentity IdentityOf(SnapshotFilesystem filesystem, PfsTree source, PfsTree? ancestor)
    {
        ArgumentNullException.ThrowIfNull(filesystem);
        ArgumentNullException.ThrowIfNull(source);
        return new StreamIdentity(filesystem.FilesystemId, source.ClusterId, source.ModifyTid,
            ancestor?.ClusterId ?? default, ancestor?.ModifyTid ?? 0, source.Label.ToArray());
    }

    /// <summary>Makes a stream.</summary>
    /// <param name="filesystem">The filesystem of both.</param>
    /// <param name="source">The PFS to send.</param>
    /// <param name="ancestor">A PFS that the receiver has; null to send everything.</param>
    /// <param name="to">Where to; null to find out the length alone, for which no file data is read.</param>
    /// <param name="before">What a stream that is continued has; null for none.</param>
    /// <returns>The length of the whole stream in bytes.</returns>
    /// <exception cref="StreamException">A block cannot be read; what was written until then can be
    /// continued.</exception>
    public static long Send(SnapshotFilesystem filesystem, PfsTree source, PfsTree? ancestor, Stream? to,
        StreamProgress? before = null)
    {
        StreamIdentity identity = IdentityOf(filesystem, source, ancestor);
        if (before?.Identity is { } begun && !begun.Encode().AsSpan().SequenceEqual(identity.Encode()))
            throw new StreamException("the file has the stream of another PFS, or from another ancestor");
        if (source.Root.Meta.PfsRole == InodeMeta.ReceivingRole)
            throw new StreamException("it was received in part and is not whole");
        if (ancestor is not null && ancestor.ModifyTid > source.ModifyTid)
            throw new StreamException("the ancestor is newer than what is to be sent");
        var sender = new SnapshotSender(source, ancestor, to, before);
        sender.Run(identity);
        return sender._to.BytesTotal;
    }

    private void Run(StreamIdentity identity)
    {
        _to.Write(StreamRecordType.Begin, identity.Encode());
        WriteInode(_source.Root, _ancestor is not null);
        CompareBelow(_ancestor?.Root, _source.Root, isRoot: true);
        var inodes = new TreeComparison(_source.Device, _ancestor?.Root, _source.Root);
        TreeStep step;
        while ((step = inodes.MoveNext()) != TreeStep.End)
        {
            ThrowIfHidden(step, inodes);
            Blockref reference = (inodes.New ?? inodes.Old)!.Value;
            if (reference.Type == BlockrefType.Inode) SendInode(inodes.Old, inodes.New, reference.Key);
        }
        Span<byte> end = stackalloc byte[StreamLayout.EndBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(end, _to.RecordsTotal);
        BinaryPrimitives.WriteUInt64LittleEndian(end[8..], _inodes);
        BinaryPrimitives.WriteUInt64LittleEndian(end[16..], _dataBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(end[24..], _to.Codes);
        _to.Write(StreamRecordType.End, end);
    }

    private void SendInode(Blockref? old, Blockref? now, ulong inum)
    {
        if (now is not { } reference)
        {
            WriteNumber(StreamRecordType.RemovedInode, inum);
            return;
        }
        Chain inode = Load(reference);
        Chain? before = old is { Type: BlockrefType.Inode } found ? Load(found) : null;
        bool hasBase = before is not null && before.Meta.Type == inode.Meta.Type
            && !before.Meta.HasDirectData && !inode.Meta.HasDirectData;
        WriteInode(inode, hasBase);
        if (!inode.Meta.HasDirectData) CompareBelow(hasBase ? before : null, inode, isRoot: false);
    }

    private void WriteInode(Chain inode, bool hasBase)
    {
        Span<byte> payload = _payload.AsSpan(0, StreamLayout.InodeHeadBytes + Media.InodeBytes);
        payload.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(payload, inode.Meta.Inum);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], inode.Reference.ModifyTid);
        payload[16] = inode.Reference.Methods.Raw;
        payload[17] = hasBase ? (byte)1 : (byte)0;
        int bytes = inode.Meta.HasDirectData ? Media.InodeBytes : InodeBlock.UnionOffset;
        inode.Block[..bytes].CopyTo(payload[StreamLayout.InodeHeadBytes..]);
        if (inode == _source.Root) ClearHolds(payload[StreamLayout.InodeHeadBytes..]);
        _to.Write(StreamRecordType.Inode, payload);
        _inodes++;
    }

    // They are of this filesystem: one of them keeps the snapshot while it is sent, and is another one each time.
    private static void ClearHolds(Span<byte> root)
    {
        int label = Math.Min((int)InodeBlock.ReadMeta(root).NameBytes, InodeBlock.NameAreaBytes);
        Span<byte> afterLabel = root[(InodeBlock.NameOffset + label)..InodeBlock.UnionOffset];
        if (PfsHolds.ArePresent(afterLabel)) afterLabel.Clear();
    }

    private void CompareBelow(Chain? old, Chain now, bool isRoot)
    {
        var tables = new TreeComparison(_source.Device, old, now);
        TreeStep step;
        while ((step = tables.MoveNext()) != TreeStep.End)
        {
            ThrowIfHidden(step, tables);
            if (tables.New is { } found)
            {
                if (found.Type == BlockrefType.Dirent) WriteEntry(found);
                else if (found.Type == BlockrefType.Data) WriteData(now.Meta.Inum, found);
                else if (!isRoot) throw Unreadable($"inode 0x{now.Meta.Inum:x} has a block of type {found.Type}");
            }
            else if (tables.Old is { } gone && !(isRoot && gone.Type == BlockrefType.Inode))
            {
                WriteNumber(StreamRecordType.RemovedKey, gone.Key);
            }
        }
    }

    private void WriteNumber(StreamRecordType type, ulong number)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_payload, number);
        _to.Write(type, _payload.AsSpan(0, sizeof(ulong)));
    }

    private void WriteEntry(in Blockref entry)
    {
        Hammer2Error error = EntryName.Read(_source.Device, entry, out byte[] name);
        if (error != Hammer2Error.None) throw Unreadable($"the name of an entry: {error}");
        Span<byte> payload = _payload.AsSpan(0, StreamLayout.EntryHeadBytes + name.Length);
        payload.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(payload, entry.Key);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], entry.ModifyTid);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[16..], entry.Dirent.Inum);
        payload[24] = (byte)entry.Dirent.Type;
        payload[25] = entry.Methods.Raw;
        name.CopyTo(payload[StreamLayout.EntryHeadBytes..]);
        _to.Write(StreamRecordType.Entry, payload);
    }

    private void WriteData(ulong inum, in Blockref data)
    {
        if (_known is null)
        {
            _known = new KnownBlocks();
            if (_ancestor is not null) _ = _known.AddAll(_ancestor);
        }
        bool isShared = _known.TryFind(data, out KnownBlock known);
        int length = isShared ? StreamLayout.SharedBytes : StreamLayout.DataHeadBytes + data.Data.SizeBytes;
        Span<byte> payload = _payload.AsSpan(0, length);
        payload[..StreamLayout.DataHeadBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(payload, data.Key);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], data.ModifyTid);
        payload[16] = data.Methods.Raw;
        payload[17] = (byte)data.Data.Radix;
        payload[18] = isShared && known.IsInAncestor ? (byte)1 : (byte)0;
        data.CheckRead[..StreamLayout.CheckBytes].CopyTo(payload[24..]);
        if (isShared)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(payload[StreamLayout.DataHeadBytes..], known.Inum);
            BinaryPrimitives.WriteUInt64LittleEndian(payload[(StreamLayout.DataHeadBytes + 8)..], known.Key);
            _to.Write(StreamRecordType.Shared, payload);
            return;
        }
        if (_to.WritesNext)
        {
            Hammer2Error error = _source.Device.ReadStored(data, payload[StreamLayout.DataHeadBytes..]);
            if (error != Hammer2Error.None) throw Unreadable($"data of inode 0x{inum:x} at {data.Key}: {error}");
        }
        _to.Write(StreamRecordType.Data, payload);
        _known.Add(data, new KnownBlock(inum, data.Key, IsInAncestor: false));
        _dataBytes += (uint)data.Data.SizeBytes;
    }

    private Chain Load(in Blockref reference)
    {
        Hammer2Error error = _source.Device.Load(reference, out Chain? inode);
        return error == Hammer2Error.None ? inode! : throw Unreadable($"inode 0x{reference.Key:x}: {error}");
    }

    private static void ThrowIfHidden(TreeStep step, TreeComparison tables)
    {
        if (step == TreeStep.Hidden)
            throw Unreadable($"keys 0x{tables.HiddenFirst:x} to 0x{tables.HiddenLast:x}: {tables.HiddenError}");
    }

    private static StreamException Unreadable(string what) => new("cannot be sent as a whole: " + what);
}
