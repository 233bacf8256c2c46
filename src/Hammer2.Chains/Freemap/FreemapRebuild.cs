// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>Makes the parts of a freemap anew that could not be read when the filesystem was opened for writing, from
/// what the last commit leads to.</summary>
/// <remarks>
/// <para>Nothing was allocated since that commit, there is no pin and no client: what the walk does not reach in a
/// lost GiB is in use by nothing that can become a commit, and is free at once. Two passes as in <see cref="Bulkfree"/>
/// are not needed for the last two headers to stay whole: the rebuilt freemap gets a header of its own, which leads to
/// the same trees, before anything is allocated.</para>
/// <para>Power that fails before that header leaves the lost blocks as they were, and the next opening does it
/// again.</para>
/// </remarks>
internal static class FreemapRebuild
{
    /// <summary>Does it in memory. When the walk meets a block that cannot be read, everything in the lost GiB stays
    /// allocated: of what is below it nothing is known.</summary>
    /// <param name="committer">The filesystem, which nothing was allocated on yet.</param>
    /// <returns>True when the freemap was made anew, and is to be written; false when nothing was lost, or it is not
    /// known what is free.</returns>
    public static bool TryRun(MediaCommitter committer)
    {
        MediaReader device = committer.Device;
        IReadOnlyList<ulong> lost = committer.Allocator.LostZones;
        if (lost.Count == 0) return false;
        device.Faults.ReportFreemapLost(lost.Count);
        var zones = new Dictionary<ulong, ReachedGranules>();
        foreach (ulong key in lost) zones.Add(key, new ReachedGranules(key >> Media.ZoneRadix, zones: 1));
        void Mark(Blockref reference)
        {
            ulong key = FreemapGeometry.KeyOf(reference.Data.Bytes, FreemapGeometry.LevelLeaf);
            // No block is in two segments, and so in two GiB.
            if (zones.TryGetValue(key, out ReachedGranules? reached)) _ = reached.Mark(reference.Data);
        }
        Hammer2Error error = new ReachableWalk(device, Mark).Run(device.RootChain);
        if (error != Hammer2Error.None)
        {
            device.Faults.ReportFreemapUnknown(lost.Count, error);
            return false;
        }
        long freeBytes = 0;
        foreach ((ulong key, ReachedGranules reached) in zones) freeBytes += committer.Allocator.Rebuild(key, reached);
        device.Faults.ReportFreemapRebuilt(lost.Count, freeBytes);
        return true;
    }
}
