// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck.Cluster;

/// <summary>Iterates over the references below an inode in the order of keys, through indirect blocks of any
/// depth.</summary>
internal sealed class TreeCursor
{
    private readonly VolumeSet _volumes;
    private readonly Stack<(byte[] Block, int Start, int Slot)> _levels = new();

    /// <summary>Starts with the references of an inode block.</summary>
    public TreeCursor(VolumeSet volumes, byte[] inode)
    {
        _volumes = volumes;
        if (!InodeBlock.ReadMeta(inode).HasDirectData) _levels.Push((inode, InodeBlock.UnionOffset, 0));
    }

    /// <summary>True when an indirect block could not be read, so that references are missing.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Moves to the next reference that is not to an indirect block; false at the end.</summary>
    public bool MoveNext(out Blockref reference)
    {
        while (_levels.TryPop(out (byte[] Block, int Start, int Slot) level))
        {
            ReadOnlySpan<Blockref> table = MemoryMarshal.Cast<byte, Blockref>(level.Block.AsSpan(level.Start));
            int slot = level.Slot;
            while (slot < table.Length && table[slot].IsEmpty) slot++;
            if (slot == table.Length) continue;
            _levels.Push((level.Block, level.Start, slot + 1));
            reference = table[slot];
            if (reference.Type != BlockrefType.Indirect) return true;
            if (Load(reference) is { } below) _levels.Push((below, 0, 0));
        }
        reference = default;
        return false;
    }

    private byte[]? Load(in Blockref reference)
    {
        int size = reference.Data.SizeBytes;
        if (size is >= Media.IndirectBytesMin and <= Media.AllocationBytesMax && _levels.Count <= Media.TreeDepthMax)
        {
            byte[] block = new byte[size];
            if (new KeyReader(_volumes).TryRead(reference, block)) return block;
        }
        HasFailed = true;
        return null;
    }
}
