// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>
/// Where a receiver finds blocks of file data that it has already: in what was sent, or in the ancestor. Bounded: a
/// newer block takes the slot of an older one, which is then sent again where it is shared.
/// </summary>
internal sealed class KnownBlocks
{
    private const int SlotBits = 20;

    private readonly Slot[] _slots = new Slot[1 << SlotBits];

    /// <summary>Finds a block.</summary>
    /// <param name="block">A reference to file data.</param>
    /// <param name="found">The file and the key at which the receiver has it.</param>
    public bool TryFind(in Blockref block, out KnownBlock found)
    {
        ulong print = PrintOf(block);
        ref readonly Slot slot = ref SlotOf(print);
        found = slot.Block;
        return slot.Print == print && found.Inum != 0;
    }

    /// <summary>Notes where a block is.</summary>
    public void Add(in Blockref block, in KnownBlock known)
    {
        ulong print = PrintOf(block);
        SlotOf(print) = new Slot { Print = print, Block = known };
    }

    /// <summary>Notes all file data of a PFS. Files without any are not read.</summary>
    /// <returns>None; faults of what could not be read, OR-ed: its blocks are sent again.</returns>
    public Hammer2Error AddAll(PfsTree tree)
    {
        Hammer2Error errors = Hammer2Error.None, error;
        var inodes = new ChainCursor(tree.Device, tree.Root, 0, Media.EntryKeyBit - 1);
        while ((error = inodes.MoveNext()) != Hammer2Error.NoEntry)
        {
            errors |= error;
            if (error != Hammer2Error.None || inodes.Current.Type != BlockrefType.Inode) continue;
            if (inodes.Current.Subtree.DataCount == 0) continue;
            error = tree.Device.Load(inodes.Current, out Chain? inode);
            errors |= error;
            if (error == Hammer2Error.None) errors |= AddFile(tree, inode!);
        }
        return errors;
    }

    private Hammer2Error AddFile(PfsTree tree, Chain inode)
    {
        Hammer2Error errors = Hammer2Error.None, error;
        if (inode.Meta.Type is not (ObjectType.RegularFile or ObjectType.SoftLink)) return errors;
        var data = new ChainCursor(tree.Device, inode, 0, ulong.MaxValue);
        while ((error = data.MoveNext()) != Hammer2Error.NoEntry)
        {
            errors |= error;
            if (error == Hammer2Error.None && data.Current.Type == BlockrefType.Data)
                Add(data.Current, new KnownBlock(inode.Meta.Inum, data.Current.Key, IsInAncestor: true));
        }
        return errors;
    }

    private ref Slot SlotOf(ulong print) => ref _slots[print & ((1 << SlotBits) - 1)];

    // Address, size, methods and check code: what makes two references lead to the same stored bytes.
    private static ulong PrintOf(in Blockref block)
    {
        Span<byte> bytes = stackalloc byte[16 + StreamLayout.CheckBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, block.Data.Raw);
        bytes[8] = block.Methods.Raw;
        block.CheckRead[..StreamLayout.CheckBytes].CopyTo(bytes[16..]);
        return CheckCode.Hash64(bytes);
    }

    private struct Slot
    {
        public ulong Print;
        public KnownBlock Block;
    }
}

/// <summary>Where a receiver has a block.</summary>
/// <param name="Inum">Number of the file.</param>
/// <param name="Key">Position in the file.</param>
/// <param name="IsInAncestor">True in the ancestor, false in what was sent.</param>
internal readonly record struct KnownBlock(ulong Inum, ulong Key, bool IsInAncestor);
