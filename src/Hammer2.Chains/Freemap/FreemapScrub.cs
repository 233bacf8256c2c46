// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>Reads the freemap of a filesystem that is open for writing, and replaces what cannot be read.</summary>
public static class FreemapScrub
{
    /// <summary>Does it.</summary>
    /// <param name="committer">The filesystem.</param>
    /// <param name="isCancelled">Asked for each block; true ends it.</param>
    /// <param name="findings">What was found.</param>
    /// <returns>As <see cref="FreemapAllocator.CheckBlocks"/>; what writing the freemap met, which fences the device.
    /// </returns>
    /// <remarks>Entry: no lock of rank 6 or higher is held. Bulkfree should follow when leaves were replaced.</remarks>
    public static Hammer2Error Run(MediaCommitter committer, Func<bool> isCancelled, out FreemapFindings findings)
    {
        ArgumentNullException.ThrowIfNull(committer);
        Hammer2Error error = committer.Allocator.CheckBlocks(isCancelled, out findings);
        if (error != Hammer2Error.None || findings.Faults == 0) return error;
        using (CommitTurn.Enter(committer)) return committer.CommitFreemap();
    }
}
