// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>A filesystem of which no PFS is mounted, opened to change its list of PFSs.</summary>
public sealed class OfflinePfsAdministration : IDisposable
{
    private const long CacheBytes = 1 << 20;

    private readonly MediaDevice _device;

    private OfflinePfsAdministration(MediaDevice device, TimeProvider time, Func<ulong> random)
    {
        _device = device;
        Pfses = new PfsAdministration(device, time, random);
    }

    /// <summary>What can be done; no snapshots, which a mounted PFS makes.</summary>
    public PfsAdministration Pfses { get; }

    /// <summary>Opens a filesystem.</summary>
    /// <param name="volumes">The filesystem, opened for writing; closed with the result, or after an error.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Gives 64 random bits, for ids.</param>
    /// <param name="loggers">Receive messages about damage.</param>
    /// <param name="opened">Null after an error.</param>
    /// <returns>None; ReadOnly; the fault of a block of the freemap or of a PFS root.</returns>
    public static Hammer2Error Open(VolumeSet volumes, TimeProvider time, Func<ulong> random, ILoggerFactory loggers,
        out OfflinePfsAdministration? opened)
    {
        var device = new MediaDevice(volumes, new MediaCaches(CacheBytes), loggers.CreateLogger<MediaDevice>());
        opened = null;
        try
        {
            var roots = new List<PfsEntry>();
            Hammer2Error error = PfsEntry.List(device, roots);
            if (error != Hammer2Error.None) return error;
            device.KeepsPreparedRecord = roots.Exists(static root => root.Root.Meta.PfsMasters > 1);
            error = device.OpenForWriting();
            if (error == Hammer2Error.None) opened = new OfflinePfsAdministration(device, time, random);
            return error;
        }
        finally
        {
            if (opened is null) device.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();
}
