// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>What to mount where.</summary>
/// <param name="Specs">The nodes; one for a filesystem that is no cluster.</param>
/// <param name="SourceText">The specifications as the user wrote them, for the table of mounts.</param>
/// <param name="Target">Directory to mount on.</param>
/// <param name="Options">How.</param>
public sealed record MountRequest(
    IReadOnlyList<MountSpec> Specs, string SourceText, string Target, MountOptions Options);

/// <summary>
/// Opens the media, mounts, serves until unmounted or told to stop, and leaves nothing behind: no mount, no
/// thread, no lock on a device.
/// </summary>
public sealed class MountDaemon : IDisposable
{
    private const int WorkersMin = 2;
    private const int WorkersMax = 8;

    private readonly MountRequest _request;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private ClusterMount? _cluster;
    private FuseMount? _mount;
    private FuseSession? _session;
    private readonly Lock _gate = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private bool _isLive;
    private bool _isStopping;

    /// <summary>Prepares; nothing is opened yet.</summary>
    public MountDaemon(MountRequest request, ILoggerFactory loggers)
    {
        _request = request;
        _loggers = loggers;
        _logger = loggers.CreateLogger<MountDaemon>();
    }

    /// <summary>
    /// Opens the media and mounts. When this returns, the mount answers.
    /// </summary>
    /// <exception cref="MediaException">A device cannot be opened.</exception>
    /// <exception cref="PfsException">The PFS cannot be put together.</exception>
    /// <exception cref="FuseException">The kernel does not take the mount.</exception>
    public void Start()
    {
        // From here on a signal must not end the process, which would leave a dead mount behind.
        StopOn(PosixSignal.SIGTERM);
        StopOn(PosixSignal.SIGINT);
        StopOn(PosixSignal.SIGHUP);
        MountOptions options = _request.Options;
        if (options.AsksForWriting) FuseDaemonLog.MountedReadOnly(_logger, _request.SourceText);
        var media = new MediaSourceOptions(
            IsReadOnly: true, PartitionOffset: options.Offset, Partition: options.Partition);
        var clusterOptions = new ClusterMountOptions(media, options.MemoryBytes, options.IsDegraded);
        _cluster = ClusterMount.Open(_request.Specs, clusterOptions, _loggers);
        var vnodes = new VnodeOps(_cluster.Pfs, _loggers.CreateLogger<VnodeOps>());
        var fileSystem = new Hammer2FileSystem(vnodes, options, _loggers.CreateLogger<Hammer2FileSystem>());

        _mount = FuseMount.Create(MountOptionsFor(_request));
        if (_mount.ReadAheadFailure is { } failure) FuseDaemonLog.ReadAheadNotSet(_logger, failure);
        ILogger<FuseSession> sessionLogger = _loggers.CreateLogger<FuseSession>();
        var transport = new FuseDeviceTransport(_mount.Device, sessionLogger);
        _session = new FuseSession(transport, fileSystem, SessionOptions(options), sessionLogger);
        _ = _session.Negotiate();
        _session.Start();
        FuseDaemonLog.Mounted(_logger, _request.SourceText, _mount.Target);
        lock (_gate)
        {
            _isLive = true;
            if (!_isStopping) return;
        }
        TakeAway();
    }

    /// <summary>Waits until the filesystem is unmounted, by somebody or by a signal.</summary>
    /// <returns>False when requests could not be read any more.</returns>
    public bool Serve()
    {
        if (_session is null) throw new InvalidOperationException("not started");
        FuseSessionEnd end = _session.Wait();
        FuseDaemonLog.Ended(_logger, _mount!.Target, end);
        return end != FuseSessionEnd.Failed;
    }

    /// <summary>Unmounts, as on a signal: from any thread, at once or as soon as the mount is live.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            if (_isStopping) return;
            _isStopping = true;
            if (!_isLive) return;
        }
        TakeAway();
    }

    // The serving thread may let go of both meanwhile; neither minds being called after that.
    private void TakeAway()
    {
        if (_mount is not { } mount || _session is not { } session) return;
        if (mount.Unmount(detaches: false) is not { } refusal) return;       // the session ends by itself

        // Somebody still has files open. The mount goes away all the same, and they get errors.
        FuseDaemonLog.Detaching(_logger, refusal);
        if (mount.Unmount(detaches: true) is { } failure) FuseDaemonLog.CannotUnmount(_logger, failure);
        session.Stop();
    }

    /// <summary>Lets go of everything; takes the mount away if it is still there.</summary>
    public void Dispose()
    {
        // Handlers may still run: what they use is let go of after them.
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
        _signals.Clear();
        _session?.Dispose();
        if (_mount is not null)
        {
            _mount.Device.Dispose();
            if (_mount.Unmount(detaches: true) is { } failure) FuseDaemonLog.CannotUnmount(_logger, failure);
        }
        _cluster?.Dispose();
        _session = null;
        _mount = null;
        _cluster = null;
    }

    /// <summary>What the mount is to look like for mount(2).</summary>
    internal static FuseMountOptions MountOptionsFor(MountRequest request)
    {
        MountOptions options = request.Options;
        return new FuseMountOptions(request.Target, options.SourceName ?? request.SourceText, "hammer2")
        {
            Flags = options.Flags | FuseMountFlags.ReadOnly,
            AllowsOthers = options.AllowsOthers ?? Environment.IsPrivilegedProcess,
            ChecksPermissions = true,
            ReadAheadBytes = options.ReadAheadBytes,
        };
    }

    private static FuseSessionOptions SessionOptions(MountOptions options) => new()
    {
        Wanted = Hammer2FileSystem.Features,
        MaxWriteBytes = 4096,
        WorkersTotal = options.ThreadsTotal ?? Math.Clamp(Environment.ProcessorCount, WorkersMin, WorkersMax),
    };

    private void StopOn(PosixSignal signal) =>
        _signals.Add(PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;      // the default would end the process on the spot
            Stop();
        }));
}
