// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>Opens a filesystem of which no PFS is mounted, to change what belongs to none of them.</summary>
internal static class OfflineDevice
{
    // Enough for walking, which reads each block once.
    private const long CacheBytes = 1 << 20;

    /// <summary>Opens a filesystem for writing.</summary>
    /// <param name="volumes">The filesystem, opened for writing; closed with the result, or after an error.</param>
    /// <param name="loggers">Receive messages about damage.</param>
    /// <param name="opened">Null after an error.</param>
    /// <returns>None; ReadOnly; the fault of a block of the freemap or of a PFS root.</returns>
    public static Hammer2Error Open(VolumeSet volumes, ILoggerFactory loggers, out MediaDevice? opened)
    {
        var device = new MediaDevice(volumes, new MediaCaches(CacheBytes), loggers.CreateLogger<MediaDevice>());
        opened = null;
        try
        {
            var roots = new List<PfsEntry>();
            Hammer2Error error = PfsEntry.List(device, roots);
            if (error != Hammer2Error.None) return error;
            device.KeepsPreparedRecord = roots.Exists(static root => root.IsOfCluster);
            error = device.OpenForWriting();
            if (error == Hammer2Error.None) opened = device;
            return error;
        }
        finally
        {
            if (opened is null) device.Dispose();
        }
    }
}
