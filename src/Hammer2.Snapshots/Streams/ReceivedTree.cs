// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Chains;
using Hammer2.Chains.Trees;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>The trees of a PFS that is received: the index of inodes with the entries of the root directory, and the
/// tree of the inode whose records come.</summary>
internal sealed class ReceivedTree(ReceivedPfs pfs, Chain? ancestor, ulong tid)
{
    // Blocks of references are in memory until they are written; so many leaves are gathered.
    private const int LeavesMax = 16384;

    private readonly byte[] _block = new byte[Media.InodeBytes];
    private InodeMeta _rootMeta;
    private Blockref _rootReference;
    private TreeEditor? _index;
    private TreeEditor? _tree;
    private Blockref _reference;
    private bool _isRoot;
    private ulong? _lastKey;
    private ulong _lastInum;
    private int _indexLeaves;
    private int _leaves;

    private InodeMeta Meta => InodeBlock.ReadMeta(_block);

    /// <summary>Ends the inode before, and begins one.</summary>
    public void BeginInode(ReadOnlySpan<byte> payload) => BeginInode(payload, isResumed: false);

    private void BeginInode(ReadOnlySpan<byte> payload, bool isResumed)
    {
        EndInode();
        Require(payload.Length == StreamLayout.InodeHeadBytes + Media.InodeBytes, "has a wrong length");
        ulong inum = BinaryPrimitives.ReadUInt64LittleEndian(payload);
        payload[StreamLayout.InodeHeadBytes..].CopyTo(_block);
        _reference = new Blockref
        {
            Type = BlockrefType.Inode,
            Key = inum,
            ModifyTid = Tid(payload),
            Methods = MethodsOf(payload[16]),
        };
        Require(MediaValidator.Inode(_reference, _block));
        Require(inum == Media.PfsRootInum == (_index is null), "the root directory is not the first inode");
        Require(payload[17] <= 1 && (payload[17] == 0 || ancestor is not null), "changes what there is none of");
        bool hasTable = !Meta.HasDirectData;
        Require(!hasTable || !_block.AsSpan(InodeBlock.UnionOffset).ContainsAnyExcept((byte)0), "has references");
        bool isPfsRoot = Meta.OperationFlags.HasFlag(OperationFlags.PfsRoot);
        Require(isPfsRoot == (_index is null), "is the root of a PFS, or should be");
        Require(inum > _lastInum, "is not above the inode before");
        (_lastInum, _lastKey, _leaves) = (inum, null, 0);
        _isRoot = _index is null;
        if (_isRoot) BeginRoot(payload[17] != 0);
        else if (hasTable) _tree = Editor(isResumed || payload[17] != 0 ? BaseOf(inum) : null);
    }

    /// <summary>Removes an inode of the ancestor.</summary>
    public void RemoveInode(ulong inum)
    {
        EndInode();
        Require(_index is not null && inum > _lastInum && inum < Media.EntryKeyBit, "is not above the inode before");
        _lastInum = inum;
        StreamException.ThrowIf(_index!.Remove(inum), $"inode 0x{inum:x} is not there to be removed");
    }

    /// <summary>Removes an entry or a block of file data.</summary>
    public void RemoveKey(ulong key)
    {
        TreeEditor tree = TreeFor(key);
        StreamException.ThrowIf(tree.Remove(key), $"key 0x{key:x} is not there to be removed");
    }

    /// <summary>Adds an entry of a directory.</summary>
    public void AddEntry(ReadOnlySpan<byte> payload)
    {
        int nameBytes = payload.Length - StreamLayout.EntryHeadBytes;
        Require(nameBytes is > 0 and <= Media.NameBytesMax && Meta.Type == ObjectType.Directory, "is no entry");
        ReadOnlySpan<byte> name = payload[StreamLayout.EntryHeadBytes..];
        var entry = new Blockref
        {
            Type = BlockrefType.Dirent,
            Key = BinaryPrimitives.ReadUInt64LittleEndian(payload),
            ModifyTid = Tid(payload),
            MirrorTid = pfs.MirrorTid,
            Methods = MethodsOf(payload[25]),
        };
        entry.Dirent.Inum = BinaryPrimitives.ReadUInt64LittleEndian(payload[16..]);
        entry.Dirent.Type = (ObjectType)payload[24];
        entry.Dirent.NameBytes = (ushort)nameBytes;
        TreeEditor tree = TreeFor(entry.Key);
        if (nameBytes <= Media.EntryNameInlineBytesMax)
        {
            name.CopyTo(entry.Check);
            Require(MediaValidator.Reference(entry, BlockrefType.Inode) ?? MediaValidator.DirentName(entry, default));
        }
        else
        {
            byte[] block = new byte[Media.AllocationBytesMin];
            name.CopyTo(block);
            Require(MediaValidator.DirentName(entry, block));
            StreamException.ThrowIf(pfs.Writer.Write(ref entry, block), "a name cannot be written");
            Require(MediaValidator.Reference(entry, BlockrefType.Inode));
        }
        Put(tree, entry);
    }

    /// <summary>Adds a block of file data.</summary>
    public void AddData(ReadOnlySpan<byte> payload)
    {
        Blockref data = DataOf(payload, payload.Length - StreamLayout.DataHeadBytes);
        TreeEditor tree = TreeFor(data.Key);
        ReadOnlySpan<byte> stored = payload[StreamLayout.DataHeadBytes..];
        Require(CheckCode.Verify(data, stored), "the check code of the block does not match");
        StreamException.ThrowIf(pfs.Writer.Allocate(ref data, stored.Length), "no space for a block");
        StreamException.ThrowIf(pfs.Writer.WriteAllocated(data, stored, isReadHere: true), "a block cannot be written");
        Put(tree, data);
    }

    /// <summary>Adds a block of file data that is there already.</summary>
    public void AddShared(ReadOnlySpan<byte> payload)
    {
        Require(payload.Length == StreamLayout.SharedBytes && payload[18] <= 1, "has a wrong length");
        Blockref data = DataOf(payload, 1 << (payload[17] & 0x1F));
        TreeEditor tree = TreeFor(data.Key);
        ulong inum = BinaryPrimitives.ReadUInt64LittleEndian(payload[StreamLayout.DataHeadBytes..]);
        ulong key = BinaryPrimitives.ReadUInt64LittleEndian(payload[(StreamLayout.DataHeadBytes + 8)..]);
        Blockref found = payload[18] != 0 ? InAncestor(inum, key) : InStream(inum, key);
        bool isSame = found.Type == BlockrefType.Data && found.Methods == data.Methods
            && found.Data.Radix == data.Data.Radix && found.CheckRead.SequenceEqual(data.CheckRead);
        Require(isSame, $"inode 0x{inum:x} has another block at 0x{key:x}");
        data.Data = found.Data;
        StreamException.ThrowIf(pfs.Writer.MarkShared(data), "the freemap cannot be read");
        Put(tree, data);
    }

    /// <summary>Ends it: nothing else comes.</summary>
    public void End()
    {
        EndInode();
        Require(_index is not null, "has no root directory");
    }

    /// <summary>Makes it a PFS.</summary>
    public Hammer2Error Commit(MediaUuid clusterId)
    {
        ReceivedOrigin.Store(ref _rootMeta, clusterId, tid);
        return pfs.Commit(_rootMeta, _index!, _rootReference);
    }

    /// <summary>Commits what came so far, as a PFS that is not whole.</summary>
    public Hammer2Error CommitPart(MediaUuid clusterId, ReceivingPosition position)
    {
        if (_index is null) return Hammer2Error.None;
        // What is on the device must be reachable: the inode, too, that is going to have more.
        if (!_isRoot && _reference.Type != BlockrefType.Empty) WriteInode();
        InodeMeta meta = _rootMeta;
        ReceivedOrigin.Store(ref meta, clusterId, tid);
        Blockref reference = _rootReference;
        reference.ModifyTid = tid + 1;
        (_indexLeaves, _leaves) = (0, 0);
        return pfs.CommitPart(meta, _index, reference, position);
    }

    /// <summary>Goes on where a part ended.</summary>
    /// <param name="found">What the part has.</param>
    /// <param name="skimmed">The records that it was made of.</param>
    public void Resume(Chain found, SkimmedRecords skimmed)
    {
        BeginInode(skimmed.Root);
        _index = _tree = Editor(found);
        if (skimmed.LastInum != Media.PfsRootInum)
        {
            EndInode();
            if (skimmed.IsInodeOpen) BeginInode(skimmed.Inode, isResumed: true);
        }
        (_lastInum, _lastKey) = (skimmed.LastInum, skimmed.LastKey);
    }

    private void BeginRoot(bool hasBase)
    {
        Require(Meta.Type == ObjectType.Directory && _reference.ModifyTid == tid, "is no root directory");
        Require(hasBase == (ancestor is not null), "is no increment, or should be");
        (_rootMeta, _rootReference) = (Meta, _reference);
        _index = Editor(hasBase ? ancestor : null);
        _tree = _index;
    }

    private TreeEditor Editor(Chain? before) => new(
        pfs.Device, TreeShape.OfInode(Meta.Type, _reference.Methods.Check),
        before is null ? default : before.Table);

    private Chain BaseOf(ulong inum)
    {
        StreamException.ThrowIf(_index!.Find(inum, out Blockref found), $"inode 0x{inum:x} is not there");
        StreamException.ThrowIf(pfs.Device.Load(found, out Chain? inode), $"inode 0x{inum:x}");
        Require(inode!.Meta.Type == Meta.Type && !inode.Meta.HasDirectData, "changes an inode of another type");
        return inode;
    }

    private void EndInode()
    {
        if (_index is null || _isRoot || _reference.Type == BlockrefType.Empty)
        {
            _isRoot = false;
            _reference = default;
            _tree = null;
            return;
        }
        WriteInode();
        if (++_indexLeaves >= LeavesMax) WritePart(_index, ref _indexLeaves);
        _reference = default;
        _tree = null;
    }

    private void WriteInode()
    {
        var inode = new InodeBlock(_block);
        var name = new InodeName(inode.Name, inode.NameArea[inode.Name.Length..]);
        InodeMeta meta = Meta;
        Hammer2Error error = _tree is null
            ? InodeWriter.Write(pfs.Writer, pfs.MirrorTid, meta, name,
                _block.AsSpan(InodeBlock.UnionOffset), ref _reference)
            : InodeWriter.Write(pfs.Writer, pfs.MirrorTid, meta, name, _tree, ref _reference);
        StreamException.ThrowIf(error, "an inode cannot be written");
        StreamException.ThrowIf(_index!.Put(_reference), "the index of inodes");
    }

    private void Put(TreeEditor tree, in Blockref leaf)
    {
        StreamException.ThrowIf(tree.Put(leaf), $"key 0x{leaf.Key:x}");
        if (++_leaves >= LeavesMax) WritePart(tree, ref _leaves);
    }

    // What is written here and changed again later is left for bulkfree; keys ascend, so that it is little.
    private void WritePart(TreeEditor tree, ref int leaves)
    {
        Span<Blockref> table = stackalloc Blockref[Media.BlocksetCount];
        Blockref owner = default;
        Hammer2Error error = tree.Write(pfs.Writer, pfs.MirrorTid, table, ref owner);
        StreamException.ThrowIf(error, "references cannot be written");
        StreamException.ThrowIf(pfs.Writer.Flush(), "references cannot be written");
        leaves = 0;
    }

    private TreeEditor TreeFor(ulong key)
    {
        bool hasTree = _tree is not null && _reference.Type != BlockrefType.Empty;
        Require(hasTree, "belongs to no inode, or to embedded data");
        Require(_lastKey is null || key > _lastKey, "is not above the key before");
        _lastKey = key;
        bool isEntry = Meta.Type == ObjectType.Directory;
        Require(!isEntry || (key & Media.EntryKeyBit) != 0, "is no key of an entry");
        return _tree!;
    }

    private Blockref DataOf(ReadOnlySpan<byte> payload, int storedBytes)
    {
        Require(payload.Length >= StreamLayout.DataHeadBytes && storedBytes > 0, "has a wrong length");
        Require(Meta.Type is ObjectType.RegularFile or ObjectType.SoftLink, "is data of what has none");
        int radix = payload[17];
        Require(radix is >= Media.AllocationRadixMin and <= Media.AllocationRadixMax && storedBytes == 1 << radix,
            "has a wrong length");
        var data = new Blockref
        {
            Type = BlockrefType.Data,
            Key = BinaryPrimitives.ReadUInt64LittleEndian(payload),
            KeyBits = Media.BufferRadix,
            ModifyTid = Tid(payload),
            MirrorTid = pfs.MirrorTid,
            Methods = new BlockMethods(payload[16]),
            // Any legal address, to judge the rest by.
            Data = new DataOffset(Media.SegmentBytes, radix),
        };
        Require(data.Methods.Check <= CheckMethod.Sha192, "has an unknown check method");
        Require(MediaValidator.Reference(data, BlockrefType.Inode));
        payload.Slice(24, StreamLayout.CheckBytes).CopyTo(data.Check);
        return data;
    }

    private Blockref InAncestor(ulong inum, ulong key)
    {
        Require(ancestor is not null && inum > Media.PfsRootInum && inum < Media.EntryKeyBit, "has no ancestor");
        var cursor = new ChainCursor(pfs.Device, ancestor!, inum, inum);
        StreamException.ThrowIf(cursor.MoveNext(), $"inode 0x{inum:x} of the ancestor");
        return LeafAt(cursor.Current, key);
    }

    private Blockref InStream(ulong inum, ulong key)
    {
        Blockref found;
        if (inum == _lastInum)
        {
            StreamException.ThrowIf(_tree!.Find(key, out found), $"the block at 0x{key:x}");
            return found;
        }
        Require(inum > Media.PfsRootInum && inum < _lastInum, "refers to what did not come yet");
        StreamException.ThrowIf(_index!.Find(inum, out found), $"inode 0x{inum:x}");
        // What was written may have left the cache, and is read from the device then.
        StreamException.ThrowIf(pfs.Writer.Flush(), "references cannot be written");
        return LeafAt(found, key);
    }

    private Blockref LeafAt(in Blockref inode, ulong key)
    {
        Require(inode.Type == BlockrefType.Inode, "is no inode");
        StreamException.ThrowIf(pfs.Device.Load(inode, out Chain? file), $"inode 0x{inode.Key:x}");
        var cursor = new ChainCursor(pfs.Device, file!, key, key);
        StreamException.ThrowIf(cursor.MoveNext(), $"the block at 0x{key:x} of inode 0x{inode.Key:x}");
        return cursor.Current;
    }

    // A child of a tree has no greater number than its root.
    private ulong Tid(ReadOnlySpan<byte> payload) =>
        Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]), tid);

    private static BlockMethods MethodsOf(byte raw)
    {
        var methods = new BlockMethods(raw);
        Require(methods.Check <= CheckMethod.Sha192, "has an unknown check method");
        return methods;
    }

    private static void Require(MediaFault? fault)
    {
        if (fault is { } found) throw new StreamException(found.ToString());
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new StreamException(otherwise);
    }
}
