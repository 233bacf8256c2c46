// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>A filesystem of which no PFS is mounted, opened to change its list of PFSs.</summary>
public sealed class OfflinePfsAdministration : IDisposable
{
    private readonly MediaDevice _device;

    private OfflinePfsAdministration(MediaDevice device, TimeProvider time, Func<ulong> random)
    {
        _device = device;
        Pfses = new PfsAdministration(device, time, random);
    }

    /// <summary>What can be done; no snapshots, which a mounted PFS makes.</summary>
    public PfsAdministration Pfses { get; }

    /// <summary>The filesystem, open for writing.</summary>
    public MediaDevice Device => _device;

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
        Hammer2Error error = OfflineDevice.Open(volumes, loggers, out MediaDevice? device);
        opened = device is null ? null : new OfflinePfsAdministration(device, time, random);
        return error;
    }

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();
}
