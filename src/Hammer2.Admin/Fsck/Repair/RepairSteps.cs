// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck.Repair;

/// <summary>Makes single repairs in the tree. One that is not possible is skipped; the next check finds it
/// again.</summary>
internal sealed class RepairSteps
{
    private const uint ModeMask = 0xFFF;

    private readonly VolumeSet _volumes;
    private readonly RepairTree _tree;
    private readonly FsckContext _context;
    private readonly FsckRepairOptions _options;
    private readonly List<string> _done;
    private readonly Dictionary<ulong, LostAndFound> _found = [];

    public RepairSteps(
        VolumeSet volumes, RepairTree tree, FsckContext context, FsckRepairOptions options, List<string> done)
    {
        _volumes = volumes;
        _tree = tree;
        _context = context;
        _options = options;
        _done = done;
    }

    public void Apply(in RepairAction action)
    {
        bool isDecision = action.Kind is RepairKind.RemoveEntry or RepairKind.RemoveInode or RepairKind.Reconnect
            or RepairKind.ClearAttributes or RepairKind.RemoveAttributeFile;
        if (isDecision && _options.IsPreen) return;
        if (action.PfsKey == 0)
        {
            if (_tree.Block(_tree.Top, action) is { } above) Touch(above);
            return;
        }
        if (_tree.Pfs(action.PfsKey) is not { } pfs) return;
        // The other nodes of a cluster would need the same change: left to a resynchronization.
        if (action.IsLogical && pfs.Meta.PfsMasters > 1) return;
        if (_tree.Inode(pfs, action.Inum) is not { } inode) return;
        switch (action.Kind)
        {
            case RepairKind.Touch:
                if (_tree.Block(inode, action) is { } block) Touch(block);
                break;
            case RepairKind.SetEntryType or RepairKind.RemoveEntry or RepairKind.MoveEntry:
                ChangeEntry(pfs, inode, action);
                break;
            case RepairKind.Reconnect:
                Reconnect(pfs, inode);
                break;
            case RepairKind.RemoveInode:
                if (RemoveInode(pfs, inode.Reference.Key))
                    Done($"inode 0x{action.Inum:x} removed: it was an orphan, without links and entries");
                break;
            case RepairKind.RemoveAttributeFile:
                RemoveAttributeFile(pfs, inode, action);
                break;
            default:
                ChangeInode(pfs, inode, action);
                break;
        }
    }

    private void Touch(RepairNode node)
    {
        node.MarkDirty();
        Done($"wrote {FsckContext.Describe(node.Reference)} again, with correct statistics");
    }

    private void ChangeInode(RepairNode pfs, RepairNode inode, in RepairAction action)
    {
        ref InodeMeta meta = ref inode.Meta;
        string what;
        switch (action.Kind)
        {
            case RepairKind.SetLinkCount:
                (meta.LinkCount, what) = (action.Value, $"links set to {action.Value}");
                break;
            case RepairKind.SetParent:
                (meta.ParentInum, what) = (action.Value, $"parent set to 0x{action.Value:x}");
                break;
            case RepairKind.SetNextInum:
                (meta.PfsInum, what) = (Math.Max(meta.PfsInum, action.Value), $"next inode number set to 0x{action.Value:x}");
                break;
            case RepairKind.SetMode:
                (meta.Mode, what) = (meta.Mode & ModeMask, "undefined mode bits cleared");
                break;
            case RepairKind.ClearAttributes:
                new InodeBlock(inode.Block).AfterName.Clear();
                what = "without the extended attributes that could not be read";
                break;
            default:
                NameByNumber(inode);
                what = "named by its number";
                break;
        }
        inode.Reference.ModifyTid = NextTid(pfs);
        inode.MarkDirty();
        Done($"inode 0x{action.Inum:x}: {what}");
    }

    private void ChangeEntry(RepairNode pfs, RepairNode directory, in RepairAction action)
    {
        if (!_tree.TryFind(directory, action.Key, BlockrefType.Dirent, out RepairNode? holder, out int slot)) return;
        Blockref entry = holder.Table[slot];
        string what;
        switch (action.Kind)
        {
            case RepairKind.SetEntryType:
                entry.Dirent.Type = (ObjectType)action.Value;
                entry.ModifyTid = NextTid(pfs);
                holder.Table[slot] = entry;
                what = $"type set to {entry.Dirent.Type}";
                break;
            case RepairKind.RemoveEntry:
                holder.Table[slot] = default;
                what = "removed, since its inode does not exist";
                break;
            default:
                if (NameOf(entry) is not { } name || FreeKey(directory, name) is not { } key) return;
                holder.Table[slot] = default;
                entry.Key = key;
                entry.ModifyTid = NextTid(pfs);
                if (!_tree.TryInsert(directory, entry)) return;
                what = $"moved to key 0x{key:x}";
                break;
        }
        holder.MarkDirty();
        directory.Reference.ModifyTid = NextTid(pfs);
        Done($"entry 0x{action.Key:x} of directory 0x{action.Inum:x}: {what}");
    }

    private bool RemoveInode(RepairNode pfs, ulong inum)
    {
        if (inum <= Media.PfsRootInum
            || !_tree.TryFind(pfs, inum, BlockrefType.Inode, out RepairNode? holder, out int slot)) return false;
        holder.Table[slot] = default;
        _ = holder.Children.Remove(inum);
        holder.MarkDirty();
        return true;
    }

    // Its inode stays when something else is named by it.
    private void RemoveAttributeFile(RepairNode pfs, RepairNode directory, in RepairAction action)
    {
        if (!_tree.TryFind(directory, action.Key, BlockrefType.Dirent, out RepairNode? holder, out int slot)) return;
        if (holder.Table[slot].Dirent.Inum != action.Value || _tree.Inode(pfs, action.Value) is not { } file) return;
        if (file.Meta.Type != ObjectType.RegularFile) return;
        holder.Table[slot] = default;
        holder.MarkDirty();
        directory.Reference.ModifyTid = NextTid(pfs);
        if (file.Meta.LinkCount <= 1) _ = RemoveInode(pfs, action.Value);
        Done($"inode 0x{action.Value:x} removed: it had extended attributes that no inode has");
    }

    private void Reconnect(RepairNode pfs, RepairNode inode)
    {
        ulong inum = inode.Reference.Key;
        if (inum <= Media.PfsRootInum) return;
        if (!_found.TryGetValue(pfs.Reference.Key, out LostAndFound? lostAndFound))
        {
            lostAndFound = LostAndFound.Open(_tree, pfs, _context, NextTid(pfs), Now());
            if (lostAndFound is null) return;
            _found.Add(pfs.Reference.Key, lostAndFound);
        }
        if (!lostAndFound.TryAdd(inode, NextTid(pfs))) return;
        Done($"inode 0x{inum:x} ({inode.Meta.Type}) given a name in {lostAndFound.Name}");
    }

    private byte[]? NameOf(in Blockref entry)
    {
        int length = entry.Dirent.NameBytes;
        if (length <= Media.EntryNameInlineBytesMax) return entry.CheckRead[..length].ToArray();
        byte[] block = new byte[Media.AllocationBytesMin];
        return new KeyReader(_volumes).TryRead(entry, block) ? block[..length] : null;
    }

    /// <summary>A key among those of a name that no entry has; null when all are taken.</summary>
    private ulong? FreeKey(RepairNode directory, ReadOnlySpan<byte> name) => LostAndFound.FreeKey(_tree, directory, name);

    private static void NameByNumber(RepairNode inode)
    {
        var block = new InodeBlock(inode.Block);
        string text = string.Create(CultureInfo.InvariantCulture, $"0x{inode.Meta.Inum:x16}");
        ReadOnlySpan<byte> afterName = block.AfterName;
        byte[] attributes = AttributeRecord.TryRead(afterName, block.Meta.Inum, out _) ? afterName.ToArray() : [];
        block.NameArea.Clear();
        attributes.CopyTo(block.AfterName);
        block.Meta.NameBytes = (ushort)Encoding.ASCII.GetBytes(text, block.NameArea);
        block.Meta.NameKey = block.Meta.Inum;
    }

    /// <summary>A modify_tid above all of the PFS.</summary>
    private static ulong NextTid(RepairNode pfs) => pfs.Original.ModifyTid + 1;

    private ulong Now() => (ulong)(_options.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private void Done(string text) => _done.Add(text);
}
