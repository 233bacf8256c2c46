// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>An earlier state of a PFS that it is rolled back to.</summary>
public interface IRollbackSource
{
    /// <summary>Finds the root of the PFS in that state.</summary>
    /// <param name="device">The filesystem of a synced node.</param>
    /// <param name="root">The root.</param>
    /// <returns>None; NoEntry when the node has no such state; the fault of a block on the way.</returns>
    Hammer2Error Find(MediaDevice device, out Chain? root);
}
