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
}
