// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Freemap;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>Bulkfree of a filesystem that is not mounted.</summary>
public static class OfflineReclaim
{
    /// <summary>Frees blocks that are not reachable from any PFS or snapshot, in two passes with a header after
    /// each.</summary>
    /// <param name="volumes">The filesystem, opened for writing; closed afterwards.</param>
    /// <param name="options">Options of the passes.</param>
    /// <param name="loggers">Receive messages about damage.</param>
    /// <param name="result">The result.</param>
    /// <returns>None; Interrupted; ReadOnly; the fault of a block that could not be read, in which case nothing was
    /// freed.</returns>
    public static Hammer2Error Run(
        VolumeSet volumes, ReclaimOptions options, ILoggerFactory loggers, out ReclaimResult result)
    {
        result = default;
        Hammer2Error error = OfflineDevice.Open(volumes, loggers, out MediaDevice? opened);
        if (error != Hammer2Error.None) return error;
        using MediaDevice device = opened!;
        MediaCommitter committer = device.Committer!;
        error = Bulkfree.Run(
            [committer], options.OfBulkfree, out BulkfreeCounts counts);
        result = ReclaimResult.Of(counts);
        return error | committer.FenceError;
    }
}
