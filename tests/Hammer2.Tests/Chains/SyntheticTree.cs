// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>What the leaves of a <see cref="SyntheticTree"/> are.</summary>
/// <param name="Type">The type of the inode above them.</param>
/// <param name="First">The lowest key that any may have.</param>
/// <param name="Bits">The range has two to the power of this many keys.</param>
/// <param name="LayLeaf">Makes the leaf of a key, with a block of its own if it has one.</param>
internal sealed record LeafKind(ObjectType Type, ulong First, int Bits, Func<SyntheticMedia, ulong, Blockref> LayLeaf)
{
    /// <summary>Directory entries whose names are all <c>x</c>, in the reference.</summary>
    public static LeafKind Entries { get; } = new(ObjectType.Directory, Media.EntryKeyBit, 63, (_, key) =>
    {
        var entry = new Blockref { Type = BlockrefType.Dirent, Key = key };
        entry.Dirent.NameBytes = 1;
        entry.Dirent.Inum = 1024;
        entry.Dirent.Type = ObjectType.RegularFile;
        entry.Check[0] = (byte)'x';
        return entry;
    });
}

/// <summary>Leaves under one inode, in blocks of references whose sizes, depths, gaps and checks are drawn.</summary>
internal sealed class SyntheticTree : IDisposable
{
    private static readonly CheckMethod[] Checks =
        [CheckMethod.None, CheckMethod.Disabled, CheckMethod.Iscsi32, CheckMethod.XxHash64, CheckMethod.Sha192];

    private readonly SyntheticMedia _media = new();
    private readonly LeafKind _kind;

    private SyntheticTree(LeafKind kind, List<ulong> keys)
    {
        _kind = kind;
        Keys = keys;
    }

    public List<ulong> Keys { get; }

    /// <summary>Blocks of references with a check code that proves something.</summary>
    public List<Blockref> Checked { get; } = [];

    public List<Blockref> Damaged { get; } = [];

    /// <summary>The leaves by key.</summary>
    public Dictionary<ulong, Blockref> Leaves { get; } = [];

    public MediaDevice Device { get; private set; } = null!;

    /// <summary>A tree of directory entries with drawn keys.</summary>
    public static SyntheticTree Grow(SeededRandom random)
    {
        var keys = new SortedSet<ulong>();
        int count = random.Below(600);
        int spread = 8 + random.Below(55);
        while (keys.Count < count)
            keys.Add(Media.EntryKeyBit | (random.NextUInt64() >> (64 - spread)));
        return Grow(random, LeafKind.Entries, [.. keys]);
    }

    /// <summary>A tree of a drawn shape over given keys.</summary>
    /// <param name="random">Draws the shape.</param>
    /// <param name="kind">What the leaves are.</param>
    /// <param name="keys">In order.</param>
    /// <param name="size">Size of the inode, in bytes.</param>
    /// <param name="memoryBytes">Bound of the device's cache.</param>
    /// <param name="filesystem">Decides the filesystem's id.</param>
    public static SyntheticTree Grow(
        SeededRandom random, LeafKind kind, List<ulong> keys, ulong size = 0,
        long memoryBytes = MediaCaches.DefaultBytes, uint filesystem = 1)
    {
        var tree = new SyntheticTree(kind, keys);
        var blockset = new Blockref[Media.BlocksetCount];
        foreach ((int slot, Blockref reference) in
            tree.Table(random, kind.First, kind.Bits, Media.BlocksetCount, keys, 0))
            blockset[slot] = reference;
        Blockref top = tree._media.WriteInode(0, 0, blockset, kind.Type, size);
        tree.Device = tree._media.Open(top, memoryBytes, filesystem);
        return tree;
    }

    /// <summary>A tree of one, two or four checked blocks of references, each over an equal part of the
    /// range.</summary>
    public static SyntheticTree Split(
        int parts, LeafKind kind, List<ulong> keys, long memoryBytes = MediaCaches.DefaultBytes, uint filesystem = 1)
    {
        var tree = new SyntheticTree(kind, keys);
        var blockset = new Blockref[Media.BlocksetCount];
        int bits = kind.Bits - int.Log2(parts);
        for (int part = 0; part < parts; part++)
        {
            ulong first = kind.First + ((ulong)part << bits);
            var leaves = new List<(int, Blockref)>();
            foreach (ulong key in keys.Where(key => key - first < 1UL << bits))
            {
                Blockref leaf = tree.Leaves[key] = kind.LayLeaf(tree._media, key);
                leaves.Add((leaves.Count, leaf));
            }
            blockset[part] = tree._media.WriteIndirect(first, bits, 128, CheckMethod.XxHash64, leaves);
            tree.Checked.Add(blockset[part]);
        }
        Blockref top = tree._media.WriteInode(0, 0, blockset, kind.Type);
        tree.Device = tree._media.Open(top, memoryBytes, filesystem);
        return tree;
    }

    /// <summary>Loads the inode above the leaves.</summary>
    public static Hammer2Error LoadTop(MediaDevice device, out Chain? top)
    {
        top = null;
        var cursor = new ChainCursor(device, device.RootChain, 0, 0);
        Hammer2Error error = cursor.MoveNext();
        return error == Hammer2Error.None ? device.Load(cursor.Current, out top) : error;
    }

    /// <summary>Changes one byte of a block and has it read anew.</summary>
    public void Damage(in Blockref block)
    {
        byte[] one = new byte[1];
        Assert.Equal(Hammer2Error.None, _media.Device.Read((long)block.Data.Bytes, one));
        one[0] ^= 0x40;
        Assert.Equal(Hammer2Error.None, _media.Device.Write((long)block.Data.Bytes, one));
        Damaged.Add(block);
    }

    /// <summary>A key of the tree, or one beside it.</summary>
    public ulong DrawKey(SeededRandom random)
    {
        if (Keys.Count == 0 || random.OneIn(4)) return random.NextUInt64();
        return Keys[random.Below(Keys.Count)] + (ulong)random.Below(3) - 1;
    }

    public void Dispose() => Device.Dispose();

    // Spreads the keys of one range over a table: leaves while they fit, else indirect blocks for the
    // halves of the range, cut again and again.
    private List<(int, Blockref)> Table(
        SeededRandom random, ulong first, int bits, int slots, List<ulong> keys, int depth)
    {
        var references = new List<Blockref>();
        Spread(random, first, bits, slots, keys, depth, references);
        int gaps = slots - references.Count;
        var used = new List<(int, Blockref)>();
        int slot = 0;
        foreach (Blockref reference in references)
        {
            int skip = gaps > 0 ? random.Below(Math.Min(gaps, 4) + 1) : 0;
            gaps -= skip;
            slot += skip;
            used.Add((slot++, reference));
        }
        return used;
    }

    private void Spread(SeededRandom random, ulong first, int bits, int room, List<ulong> keys, int depth,
        List<Blockref> references)
    {
        if (keys.Count == 0) return;
        int bitsMin = _kind.Type == ObjectType.RegularFile ? Media.BufferRadix : 0;
        bool splits = keys.Count > room || (depth < 12 && bits > bitsMin + 8 && random.OneIn(6));
        if (!splits)
        {
            foreach (ulong key in keys)
            {
                if (!Leaves.TryGetValue(key, out Blockref leaf)) Leaves[key] = leaf = _kind.LayLeaf(_media, key);
                references.Add(leaf);
            }
            return;
        }
        if (room < 2 || (bits > bitsMin + 1 && random.OneIn(3)))
        {
            references.Add(Indirect(random, first, bits, keys, depth + 1));
            return;
        }
        ulong middle = first + (1UL << (bits - 1));
        int cut = keys.TakeWhile(key => key < middle).Count();
        Spread(random, first, bits - 1, room / 2, keys[..cut], depth, references);
        Spread(random, middle, bits - 1, room - (room / 2), keys[cut..], depth, references);
    }

    private Blockref Indirect(SeededRandom random, ulong first, int bits, List<ulong> keys, int depth)
    {
        int slots = random.Pick<int>([32, 128, 512]);
        CheckMethod check = random.Pick<CheckMethod>(Checks);
        List<(int, Blockref)> table = Table(random, first, bits, slots, keys, depth);
        Blockref laid = _media.WriteIndirect(first, bits, slots, check, table);
        if (!CheckCode.Protects(check)) return laid;
        Checked.Add(laid);
        return laid;
    }
}
