// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Devices;

namespace Hammer2.Cluster;

/// <summary>Options for opening the nodes of a PFS.</summary>
/// <param name="Media">Options for opening their devices.</param>
/// <param name="MemoryBytes">Bound of all caches together, in bytes, where they are not shared.</param>
/// <param name="AllowDegraded">True to read the best present node when there is no quorum of masters.</param>
/// <param name="Masters">Number of masters of the cluster, for nodes that do not store it.</param>
public sealed record ClusterMountOptions(
    MediaSourceOptions Media, long MemoryBytes = MediaCaches.DefaultBytes, bool AllowDegraded = false,
    int? Masters = null)
{
    /// <summary>Searches another node of a cluster among devices that were not named; null for no search.</summary>
    public SiblingSearch? Siblings { get; init; }

    /// <summary>True when a node of several whose device another process uses is missing; false to refuse the mount,
    /// for a caller that tries again.</summary>
    public bool IsBusyMissing { get; init; } = true;

    internal PfsOpenOptions ForPfs => new(AllowDegraded, Masters, Siblings is null ? null : Siblings.Find);
}
