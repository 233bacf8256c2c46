// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>A snapshot that a PFS is rolled back to.</summary>
/// <param name="label">Its label.</param>
internal sealed class SnapshotSource(byte[] label) : IRollbackSource
{
    /// <inheritdoc/>
    public Hammer2Error Find(MediaDevice device, out Chain? root)
    {
        Hammer2Error error = PfsRootKeys.Find(device, label, out root, out _);
        return error == Hammer2Error.NoSpace ? Hammer2Error.NoEntry : error;
    }
}
