// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains;

/// <summary>Follows the blocks from the top of a tree to the leaf with a key, and tells which block cannot be
/// read.</summary>
public static class TreePath
{
    /// <summary>Finds the leaf that covers a key.</summary>
    /// <param name="device">The device of the tree.</param>
    /// <param name="top">The inode, or the references of a volume header.</param>
    /// <param name="key">The key.</param>
    /// <param name="found">The leaf; after a fault, the reference to the block that cannot be read.</param>
    /// <returns>None; NoEntry; the fault of a block on the path.</returns>
    public static Hammer2Error Find(MediaReader device, Chain top, ulong key, out Blockref found)
    {
        found = default;
        Chain block = top;
        for (int depth = 0; depth <= Media.TreeDepthMax; depth++)
        {
            var table = new BlockTable(block.Table);
            int index = table.FindFirst(key);
            if (index < 0 || table[index].Key > key) return Hammer2Error.NoEntry;
            found = table[index];
            if (found.Type != BlockrefType.Indirect) return Hammer2Error.None;
            Hammer2Error error = device.Load(found, out Chain? below);
            if (error != Hammer2Error.None) return error;
            block = below!;
        }
        return device.ReportMisplaced(found, "indirect blocks are nested too deep");
    }
}
