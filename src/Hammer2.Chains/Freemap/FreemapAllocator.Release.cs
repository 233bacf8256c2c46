// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

public sealed partial class FreemapAllocator
{
    /// <summary>
    /// Frees a block that was allocated and that nothing on media ever led to: written, and replaced
    /// before any commit. Blocks that a header leads to, or led to, are bulkfree's.
    /// </summary>
    /// <remarks>Small blocks share a granule, of which only the one packed last can be freed; of the others
    /// nothing is known here. What bulkfree has in hand is left to it.</remarks>
    public void Release(in DataOffset block)
    {
        using (_freemapLock.EnterScope())
        {
            // It was allocated from this leaf, so that it is in memory.
            if (_tree.GetLeaf(block.Bytes, out FreemapLeaf? leaf) != Hammer2Error.None) return;
            ref FreemapEntry entry = ref leaf!.Entries[FreemapGeometry.EntryOf(block.Bytes)];
            int first = FreemapGeometry.GranuleOf(block.Bytes);
            int count = Math.Max(1, block.SizeBytes / Media.GranuleBytes);
            for (int granule = first; granule < first + count; granule++)
                if (entry.StateOf(granule) != GranuleState.Allocated) return;
            if (block.SizeBytes < Media.GranuleBytes && !TryUnpack(ref entry, block)) return;
            FreeSpace before = FreeSpace.Of(entry);
            for (int granule = first; granule < first + count; granule++)
                entry.SetState(granule, GranuleState.Free);
            Settle(leaf, ref entry, before);
            _tree.MarkDirty(leaf);
            Publish();
        }
    }
}
