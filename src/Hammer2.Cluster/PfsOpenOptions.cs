// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster;

/// <summary>Options for opening a PFS.</summary>
/// <param name="AllowDegraded">True to read the best present node when there is no quorum of masters.</param>
/// <param name="Masters">Number of masters of the cluster, for nodes that do not store it; null when unknown.</param>
/// <param name="FindSibling">Finds the device of another node of the cluster that is not opened; null when not needed,
/// because the PFS is not written.</param>
public readonly record struct PfsOpenOptions(
    bool AllowDegraded, int? Masters = null, Func<PfsEntry, string?>? FindSibling = null);
