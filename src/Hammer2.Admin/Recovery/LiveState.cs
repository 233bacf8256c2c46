// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>
/// What the newest tree of a filesystem leads to: the addresses of its inodes and of its blocks of references, and the
/// numbers of the inodes of each PFS. Blocks that cannot be read do not count as there.
/// </summary>
/// <remarks>Memory: a bit for each KiB of the segments of 4 MiB that hold metadata, a bit for each inode, 64 bytes for each
/// directory.</remarks>
internal sealed class LiveState
{
    private readonly BlockSet _blocks = new();
    private readonly Dictionary<ulong, ulong> _directories = [];
    private readonly List<LivePfs> _pfses = [];

    private LiveState(VolumeSet volumes) => MirrorTid = volumes.Header.Fields.MirrorTid;

    /// <summary>The tid of the commit that the state is of.</summary>
    public ulong MirrorTid { get; }

    /// <summary>The PFSs, snapshots last.</summary>
    public IReadOnlyList<LivePfs> Pfses => _pfses;

    /// <summary>Reads all metadata of the newest tree but that of files.</summary>
    public static LiveState Read(VolumeSet volumes)
    {
        var state = new LiveState(volumes);
        var walker = new MediaWalker(volumes);
        var super = new SuperRootVisitor(state);
        walker.WalkTopology(super);
        foreach (PfsRecord record in PfsCatalog.Read(volumes).Records.OrderBy(one => one.Meta.PfsSubtype != PfsSubtype.None))
        {
            var pfs = new LivePfs(record);
            state._pfses.Add(pfs);
            pfs.Inums.Add(Media.PfsRootInum);
            state._directories[Media.PfsRootInum] = ulong.MaxValue;
            var position = new WalkPosition
            {
                Depth = 1,
                ParentType = BlockrefType.Inode,
                PfsKey = record.Key,
                IsUnderSuperRoot = true,
            };
            walker.WalkFrom(new PfsVisitor(state, pfs), record.Reference, position);
        }
        return state;
    }

    /// <summary>True when the newest tree leads to the block at an address.</summary>
    public bool HasBlock(ulong address) => _blocks.Contains(address);

    /// <summary>True when a PFS has an inode of this number.</summary>
    public bool HasInum(ulong inum)
    {
        foreach (LivePfs pfs in _pfses)
            if (pfs.Inums.Contains(inum)) return true;
        return false;
    }

    /// <summary>True when a PFS has a directory of this number.</summary>
    public bool HasDirectory(ulong inum) => _directories.ContainsKey(inum);

    /// <summary>The commit that wrote a directory, the newest of all PFSs; null when no PFS has it.</summary>
    public ulong? TidOfDirectory(ulong inum) => _directories.TryGetValue(inum, out ulong tid) ? tid : null;

    /// <summary>True when some PFS may have lost an inode of this number. Snapshots are not asked: what they lost, they
    /// share with the PFS that they were made of.</summary>
    public bool MayBeLost(ulong inum)
    {
        if (!HasInum(inum)) return true;
        foreach (LivePfs pfs in _pfses)
            if (!pfs.IsSnapshot && pfs.HasLost(inum)) return true;
        return false;
    }

    private sealed class SuperRootVisitor(LiveState state) : IMediaVisitor
    {
        public bool Wants(in WalkPosition position, in Blockref reference) =>
            position.IsInHeader || reference.Type is BlockrefType.Indirect or BlockrefType.Inode;

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            _ = state._blocks.Add(reference.Data.Bytes);
            return !position.IsPfsRoot(reference);
        }

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault)
        {
        }
    }

    private sealed class PfsVisitor(LiveState state, LivePfs pfs) : IMediaVisitor
    {
        public bool Wants(in WalkPosition position, in Blockref reference)
        {
            switch (reference.Type)
            {
                case BlockrefType.Dirent:
                    if (reference.Dirent.Type == ObjectType.Directory)
                        pfs.Add(new LiveDirectory(reference.Dirent.Inum, position.OwnerInum, reference.Key));
                    return false;
                case BlockrefType.Data:
                    return false;
                case BlockrefType.Indirect when position.OwnerType != ObjectType.Directory:
                    return false;
                default:
                    return !pfs.IsSnapshot || position.IsPfsRoot(reference) || !state.HasBlock(reference.Data.Bytes);
            }
        }

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            _ = state._blocks.Add(reference.Data.Bytes);
            if (reference.Type != BlockrefType.Inode || position.IsPfsRoot(reference)) return true;
            ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
            pfs.Inums.Add(meta.Inum);
            if (meta.Type != ObjectType.Directory) return false;
            ulong known = state._directories.GetValueOrDefault(meta.Inum);
            state._directories[meta.Inum] = Math.Max(known, reference.MirrorTid);
            return true;
        }

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault)
        {
        }
    }
}
