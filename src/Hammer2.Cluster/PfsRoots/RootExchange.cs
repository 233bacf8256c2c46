// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>The root that an edit gives to the PFS that its commit is of, on one node.</summary>
internal sealed class RootExchange
{
    /// <summary>The root; null when the PFS keeps the one that the commit wrote.</summary>
    public Chain? Root { get; set; }
}
