// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

// Comparing the freemap on media with its check codes, and replacing what cannot be read.
public sealed partial class FreemapAllocator
{
    /// <summary>Reads every block of the freemap from the device. What cannot be read is written anew by the next
    /// commit: from memory, or as a leaf in which all is allocated.</summary>
    /// <param name="isCancelled">Asked for each block; true ends it.</param>
    /// <param name="findings">What was found.</param>
    /// <returns>None; Interrupted.</returns>
    /// <remarks>The lock is held for one block at a time.</remarks>
    public Hammer2Error CheckBlocks(Func<bool> isCancelled, out FreemapFindings findings)
    {
        findings = default;
        var keys = new List<ulong>();
        using (_freemapLock.EnterScope())
        {
            findings = _tree.CheckNodes();
            foreach (FreemapLeaf leaf in _tree.Leaves) keys.Add(leaf.Reference.Key);
        }
        foreach (ulong key in keys)
        {
            if (isCancelled()) return Hammer2Error.Interrupted;
            using (_freemapLock.EnterScope())
            {
                FreemapFindings found = _tree.CheckLeaf(key);
                findings = new FreemapFindings(findings.CheckedBytes + found.CheckedBytes,
                    findings.Faults + found.Faults, findings.Replaced + found.Replaced);
                Publish();
            }
        }
        return Hammer2Error.None;
    }

    /// <summary>Blocks of the freemap that could not be read, so that all of their space counts as allocated, by the
    /// references to them as they were.</summary>
    public IReadOnlyList<Blockref> Lost
    {
        get
        {
            using (_freemapLock.EnterScope()) return [.. _tree.Lost];
        }
    }

    /// <summary>Forgets what is <see cref="Lost"/>, and returns it.</summary>
    public IReadOnlyList<Blockref> TakeLost()
    {
        using (_freemapLock.EnterScope())
        {
            if (_tree.Lost.Count == 0) return [];
            List<Blockref> lost = [.. _tree.Lost];
            _tree.Lost.Clear();
            return lost;
        }
    }

    /// <summary>The GiB in blocks of the freemap that were lost, by their addresses.</summary>
    public IReadOnlyList<ulong> LostZones
    {
        get
        {
            var zones = new List<ulong>();
            using (_freemapLock.EnterScope())
            {
                foreach (FreemapLeaf leaf in _tree.Leaves)
                {
                    ulong key = leaf.Reference.Key;
                    if (_tree.Lost.Exists(lost => key >= lost.Key && key <= lost.KeyEnd)) zones.Add(key);
                }
            }
            return zones;
        }
    }

    /// <summary>Reads the leaf of an address; one that cannot be read is replaced by one in which all is
    /// allocated.</summary>
    public void ReadOrReplace(ulong address)
    {
        using (_freemapLock.EnterScope())
        {
            if (_tree.GetLeaf(address, out FreemapLeaf? leaf) == Hammer2Error.None) return;
            _tree.Replace(leaf!);
            Publish();
        }
    }

    /// <summary>Frees what is not in use in a GiB whose leaf was replaced.</summary>
    /// <param name="key">The address of the GiB.</param>
    /// <param name="reached">Everything in it that is in use.</param>
    /// <returns>Bytes that are free.</returns>
    /// <remarks>Entry: nothing was allocated since the last commit.</remarks>
    public long Rebuild(ulong key, ReachedGranules reached)
    {
        using (_freemapLock.EnterScope())
        {
            // The count of the header has this GiB as it was.
            ulong free = _freeBytes;
            Hammer2Error error = _tree.GetLeaf(key, out FreemapLeaf? leaf);
            Invariant.Holds(error == Hammer2Error.None && leaf!.IsDirty);
            var counts = default(BulkfreeCounts);
            Reclaim(leaf!, reached, ref counts, freed: null);
            Reclaim(leaf!, reached, ref counts, freed: null);
            _freeBytes = free;
            Publish();
            return leaf!.Free.Bytes;
        }
    }
}
