// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>
/// One scan of the media for inodes of a range of numbers, for their names, and for the PFSs that they belong to. The
/// range becomes shorter when there is more than may be in memory.
/// </summary>
internal sealed class SearchPass
{
    private readonly LiveState _live;
    private readonly UndeleteOptions _options;
    private readonly SlotReader _slots;
    private readonly InodeProver _prover;
    private readonly EntryWalk _walk;
    private readonly List<FoundRoot> _roots = [];
    private readonly Dictionary<MediaUuid, (byte[] Label, ulong MirrorTid)> _labels = [];
    private readonly List<FoundPfs> _pfses = [];
    private int _namesMax;

    public SearchPass(VolumeSet volumes, LiveState live, UndeleteOptions options, ulong first)
    {
        (_live, _options, First, _namesMax) = (live, options, first, options.RecordsMax);
        _slots = new SlotReader(volumes);
        _prover = new InodeProver(volumes, options.IsRelaxed, Found);
        _walk = new EntryWalk(new MediaWalker(volumes), _slots, live, options)
        {
            Names = Names,
            Inodes = Inodes,
            Wants = WantsName,
        };
        foreach (LivePfs pfs in live.Pfses) _pfses.Add(new FoundPfs(pfs.Record.Label, pfs.Record.Meta.PfsNodeId, pfs));
    }

    /// <summary>The lowest inode number of this pass.</summary>
    public ulong First { get; }

    /// <summary>The highest inode number of this pass.</summary>
    public ulong Last { get; private set; } = Media.EntryKeyBit - 1;

    /// <summary>What was found.</summary>
    public InodeList Inodes { get; } = new();

    /// <summary>The names that were found.</summary>
    public FoundNames Names { get; } = new();

    /// <summary>The PFSs, those of the newest tree first.</summary>
    public IReadOnlyList<FoundPfs> Pfses => _pfses;

    /// <summary>Versions of one inode that were forgotten, because there are more than may be in memory.</summary>
    public long ForgottenTotal { get; private set; }

    /// <summary>Scans, and then follows the roots and directories that were found.</summary>
    public void Run(RawScan scan, int number)
    {
        scan.Run(Take, scanned =>
        {
            _options.Cancellation.ThrowIfCancellationRequested();
            _options.Progress?.Invoke(new UndeleteProgress(number, scanned, scan.TotalBytes, Inodes.Count));
        });
        _prover.Flush();
        WalkRoots();
        WalkDirectories();
    }

    /// <summary>True when a PFS does not have the inode any more.</summary>
    public bool IsDeleted(in FoundInode inode)
    {
        if (inode.Pfs == FoundPfs.Unknown) return !_live.HasInum(inode.Inum);
        LivePfs? pfs = _pfses[inode.Pfs].Live;
        return pfs is null || !(pfs.IsSnapshot ? _live.HasInum(inode.Inum) : pfs.Inums.Contains(inode.Inum));
    }

    private bool IsCandidate(ulong inum) =>
        inum >= First && inum <= Last && (_options.IncludesAll || _live.MayBeLost(inum));

    private bool WantsName(DirentHead entry) =>
        (_options.IncludesAll || _live.MayBeLost(entry.Inum))
        && (entry.Type == ObjectType.Directory || (entry.Inum >= First && entry.Inum <= Last));

    private void Take(in Blockref reference, ulong slot)
    {
        // What is newer was written by a commit that did not end.
        if (reference.MirrorTid > _live.MirrorTid) return;
        if (reference.Type == BlockrefType.Dirent)
        {
            TakeEntry(reference, slot);
            return;
        }
        bool isRoot = (reference.Key & Media.EntryKeyBit) != 0;
        if (reference.Key == Media.SuperRootInum) return;
        if (!isRoot && !_options.IncludesAll
            && (_live.HasBlock(reference.Data.Bytes)
                || !(_live.MayBeLost(reference.Key) || _live.HasDirectory(reference.Key))))
        {
            return;
        }
        _prover.Add(reference, slot);
    }

    private void TakeEntry(in Blockref reference, ulong slot)
    {
        if (!WantsName(reference.Dirent)) return;
        if (Names.StrayOf(reference.Dirent.Inum) is { } known && known.Tid >= reference.ModifyTid) return;
        if (_slots.NameOf(reference) is null) return;
        Names.AddStray(new FoundName(reference.Dirent.Inum, 0, reference.Key, slot, reference.ModifyTid,
            FoundPfs.Unknown, reference.Dirent.Type == ObjectType.Directory));
        if (Names.Count >= _namesMax) Shrink();
    }

    private void Found(in Blockref reference, ulong slot, in InodeMeta meta, ReadOnlySpan<byte> name)
    {
        if ((reference.Key & Media.EntryKeyBit) != 0)
        {
            if (meta.Inum != Media.PfsRootInum || meta.Type != ObjectType.Directory) return;
            _roots.Add(new FoundRoot(reference.Data.Bytes, slot, reference.MirrorTid, meta.PfsNodeId,
                meta.PfsSubtype != PfsSubtype.None));
            if (!_labels.TryGetValue(meta.PfsNodeId, out (byte[] Label, ulong MirrorTid) known)
                || known.MirrorTid < reference.MirrorTid)
            {
                _labels[meta.PfsNodeId] = (name.ToArray(), reference.MirrorTid);
            }
            return;
        }
        bool isCandidate = IsCandidate(meta.Inum);
        if (!isCandidate && meta.Type != ObjectType.Directory) return;
        Inodes.Add(new FoundInode(meta.Inum, reference.Data.Bytes, slot, reference.ModifyTid, reference.MirrorTid,
            FoundPfs.Unknown, meta.Type, isCandidate));
        if (Inodes.Count >= _options.RecordsMax) Shrink();
    }

    /// <summary>Makes space. When most versions are of existing directories, the names in them are read at once: of names
    /// that an object had one after another, it is not sure then which is the last. Else the range of numbers ends at its
    /// middle.</summary>
    private void Shrink()
    {
        if (Inodes.DirectoriesOnly >= _options.RecordsMax / 2)
        {
            WalkDirectories();
            Inodes.RemoveDirectoriesOnly();
        }
        if (Math.Max(Inodes.Count, Names.Count) < _options.RecordsMax / 2) return;
        ulong middle = Inodes.MedianInum();
        if (middle > First) Last = Math.Min(Last, middle - 1);
        else if (Last > First) Last = First;
        else ForgottenTotal += Inodes.ForgetOlder();
        Inodes.EndAt(Last);
        Names.ForgetFrom(Last + 1);
        _namesMax = Math.Max(_options.RecordsMax, Names.Count * 2); // those of directories remain
    }

    private void WalkRoots()
    {
        var next = new Dictionary<short, ulong>();
        foreach (FoundRoot root in _roots.OrderBy(one => one.IsSnapshot).ThenByDescending(one => one.MirrorTid))
        {
            _options.Cancellation.ThrowIfCancellationRequested();
            short pfs = IndexOf(root);
            _walk.WalkRoot(root.Slot, pfs, next.GetValueOrDefault(pfs, ulong.MaxValue));
            next[pfs] = root.MirrorTid;
        }
    }

    /// <summary>Reads the names in versions of directories, the newest first: a version counts up to the commit of the
    /// next.</summary>
    private void WalkDirectories()
    {
        var next = new Dictionary<(short Pfs, ulong Inum), ulong>();
        foreach (FoundInode inode in Inodes.Directories())
        {
            var id = (inode.Pfs, inode.Inum);
            if (!next.TryGetValue(id, out ulong tid)) tid = _live.TidOfDirectory(inode.Inum) ?? ulong.MaxValue;
            _walk.WalkDirectory(inode.Slot, inode.Inum, inode.Pfs, tid);
            next[id] = inode.MirrorTid;
        }
    }

    private short IndexOf(in FoundRoot root)
    {
        MediaUuid id = root.NodeId;
        int index = _pfses.FindIndex(pfs => pfs.NodeId == id);
        if (index >= 0) return (short)index;
        if (_pfses.Count == short.MaxValue) return FoundPfs.Unknown;
        _pfses.Add(new FoundPfs(_labels[id].Label, id, null));
        return (short)(_pfses.Count - 1);
    }
}
