// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck.Repair;

/// <summary>The lost+found directory of a PFS, which gets entries for inodes that have none.</summary>
internal sealed class LostAndFound
{
    private const int NamesTried = 100;
    private const uint Mode = 0x1C0; // 0700: the permissions of the lost directories above the inodes are unknown

    private readonly RepairTree _tree;
    private readonly RepairNode _directory;

    private LostAndFound(RepairTree tree, RepairNode directory, string name)
    {
        _tree = tree;
        _directory = directory;
        Name = name;
    }

    /// <summary>The path of the directory.</summary>
    public string Name { get; }

    /// <summary>Finds or creates the directory; null when neither is possible.</summary>
    public static LostAndFound? Open(RepairTree tree, RepairNode pfs, FsckContext context, ulong tid, ulong now)
    {
        for (int attempt = 0; attempt < NamesTried; attempt++)
        {
            string name = attempt == 0 ? "lost+found" : string.Create(CultureInfo.InvariantCulture, $"lost+found.{attempt}");
            byte[] bytes = Encoding.ASCII.GetBytes(name);
            if (Find(tree, pfs, bytes) is not { } entry)
                return Make(tree, pfs, bytes, tid, now, context) is { } made ? new LostAndFound(tree, made, "/" + name) : null;
            if (entry.Dirent.Type != ObjectType.Directory) continue;
            if (tree.Inode(pfs, entry.Dirent.Inum) is { HasTable: true } known && known.Meta.Type == ObjectType.Directory)
                return new LostAndFound(tree, known, "/" + name);
        }
        return null;
    }

    /// <summary>Adds an entry for an inode, named by its number.</summary>
    public bool TryAdd(RepairNode inode, ulong tid)
    {
        if (inode == _directory) return false;
        ref InodeMeta meta = ref inode.Meta;
        byte[] name = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"inode-{meta.Inum:x}"));
        if (FreeKey(_tree, _directory, name) is not { } key) return false;
        if (!_tree.TryInsert(_directory, Entry(_directory, name, key, meta.Inum, meta.Type, tid))) return false;
        _directory.Reference.ModifyTid = tid;
        meta.ParentInum = _directory.Meta.Inum;
        if (meta.Type != ObjectType.Directory) meta.LinkCount = 1;
        inode.Reference.ModifyTid = tid;
        inode.MarkDirty();
        return true;
    }

    /// <summary>An unused key among those of a name; null when all are used.</summary>
    public static ulong? FreeKey(RepairTree tree, RepairNode directory, ReadOnlySpan<byte> name)
    {
        ulong hash = DirectoryHash.Compute(name);
        for (ulong key = hash + 1; key <= DirectoryHash.LastKey(hash); key++)
            if (!tree.TryFind(directory, key, BlockrefType.Dirent, out _, out _)) return key;
        return tree.TryFind(directory, hash, BlockrefType.Dirent, out _, out _) ? null : hash;
    }

    private static Blockref? Find(RepairTree tree, RepairNode directory, ReadOnlySpan<byte> name)
    {
        ulong hash = DirectoryHash.Compute(name);
        for (ulong key = hash; key <= DirectoryHash.LastKey(hash); key++)
        {
            if (!tree.TryFind(directory, key, BlockrefType.Dirent, out RepairNode? holder, out int slot))
            {
                // Entries of one hash have consecutive keys: a gap of this length ends them.
                if (key > hash + NamesTried) break;
                continue;
            }
            Blockref entry = holder.Table[slot];
            if (entry.Dirent.NameBytes == name.Length && entry.CheckRead[..name.Length].SequenceEqual(name)) return entry;
        }
        return null;
    }

    private static RepairNode? Make(
        RepairTree tree, RepairNode pfs, byte[] name, ulong tid, ulong now, FsckContext context)
    {
        ulong inum = Math.Max(Math.Max(pfs.Meta.PfsInum, context.HighestInums.GetValueOrDefault(pfs.Reference.Key) + 1),
            Media.InumFirst);
        byte[] block = new byte[Media.InodeBytes];
        Fill(new InodeBlock(block), pfs.Meta, inum, now);
        CheckMethod check = pfs.Meta.Check == CheckMethod.None ? CheckMethod.XxHash64 : pfs.Meta.Check;
        var reference = new Blockref
        {
            Type = BlockrefType.Inode,
            Methods = new BlockMethods(check, pfs.Meta.Compression),
            Key = inum,
            ModifyTid = tid,
            Data = new DataOffset(0, Media.InodeRadix),
        };
        if (FreeKey(tree, pfs, name) is not { } key || tree.AddInode(pfs, reference, block) is not { } made) return null;
        if (!tree.TryInsert(pfs, Entry(pfs, name, key, inum, ObjectType.Directory, tid))) return null;
        pfs.Meta.PfsInum = inum + 1;
        pfs.MarkDirty();
        return made;
    }

    private static void Fill(InodeBlock inode, in InodeMeta root, ulong inum, ulong now)
    {
        ref InodeMeta meta = ref inode.Meta;
        meta.Version = InodeMeta.CurrentVersion;
        meta.Type = ObjectType.Directory;
        meta.Mode = Mode;
        meta.Inum = inum;
        meta.LinkCount = 1;
        meta.ParentInum = Media.PfsRootInum;
        meta.CompressionPolicy = root.CompressionPolicy;
        meta.CheckPolicy = root.CheckPolicy;
        (meta.ChangeTime, meta.ModifyTime, meta.AccessTime, meta.BirthTime) = (now, now, now, now);
        meta.NameKey = inum;
        string text = string.Create(CultureInfo.InvariantCulture, $"0x{inum:x16}");
        meta.NameBytes = (ushort)Encoding.ASCII.GetBytes(text, inode.NameArea);
    }

    private static Blockref Entry(
        RepairNode directory, ReadOnlySpan<byte> name, ulong key, ulong inum, ObjectType type, ulong tid)
    {
        var entry = new Blockref
        {
            Type = BlockrefType.Dirent,
            Methods = directory.Reference.Methods,
            Key = key,
            ModifyTid = tid,
            Dirent = new DirentHead { Inum = inum, NameBytes = (ushort)name.Length, Type = type },
        };
        name.CopyTo(entry.Check);
        return entry;
    }
}
