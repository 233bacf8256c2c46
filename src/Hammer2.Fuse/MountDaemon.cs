// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
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
    private const int WritersMin = 4;               // some may wait for a commit
    private const int WorkersMax = 8;
    private const int WriteWorkersMax = 4;          // encode and write file data before commits

    private const int FuseBlockBytesMax = 4096;     // of a sector, for a mount on a block special

    // A mount that was just taken away still commits: whoever mounts again waits for it.
    private const int LockWaitMilliseconds = 5000;

    // SIGUSR1, SIGUSR2 and SIGALRM have no meaning here, and would end the process without a last commit.
    private static readonly PosixSignal[] IgnoredSignals = [(PosixSignal)10, (PosixSignal)12, (PosixSignal)14];

    private readonly MountRequest _request;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private ClusterMount? _cluster;
    private Hammer2FileSystem? _fileSystem;
    private PeriodicCommit? _commits;
    private FuseMount? _mount;
    private FuseSession? _session;
    private readonly Lock _gate = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private bool _isLive;
    private bool _isStopping;

    /// <summary>Prepares; nothing is opened yet.</summary>
    public MountDaemon(MountRequest request, ILoggerFactory loggers, TimeProvider? time = null)
    {
        _time = time ?? KernelTime.Instance;
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
        StopOn(PosixSignal.SIGQUIT);
        foreach (PosixSignal signal in IgnoredSignals) Ignore(signal);
        // Nothing is opened, and above all nothing committed, for a mount that cannot be made.
        FuseMount.CheckTarget(_request.Target);
        MountOptions options = OpenMedia();
        var vnodes = new VnodeOps(_cluster!.Pfs, _loggers.CreateLogger<VnodeOps>(), _time);
        _fileSystem = new Hammer2FileSystem(vnodes, options, _loggers.CreateLogger<Hammer2FileSystem>());

        _mount = Mount(MountOptionsFor(_request with { Options = options }), options.IsReadOnly);
        if (_mount.ReadAheadFailure is { } failure) FuseDaemonLog.ReadAheadNotSet(_logger, failure);
        ILogger<FuseSession> sessionLogger = _loggers.CreateLogger<FuseSession>();
        var transport = new FuseDeviceTransport(_mount.Device, sessionLogger);
        _session = new FuseSession(transport, _fileSystem, SessionOptions(options, _time), sessionLogger);
        _fileSystem.Notifier = new FuseNotifier(_session);
        _ = _session.Negotiate();
        _session.Start();
        if (!options.IsReadOnly) _commits = new PeriodicCommit(_fileSystem, options.CommitInterval, _time);
        FuseDaemonLog.Mounted(_logger, _request.SourceText, _mount.Target);
        lock (_gate)
        {
            _isLive = true;
            if (!_isStopping) return;
        }
        TakeAway();
    }

    /// <summary>Waits until the filesystem is unmounted, by somebody or by a signal.</summary>
    /// <returns>False when requests could not be read any more, or the last changes not be made
    /// durable.</returns>
    public bool Serve()
    {
        if (_session is null) throw new InvalidOperationException("not started");
        FuseSessionEnd end = _session.Wait();
        FuseDaemonLog.Ended(_logger, _mount!.Target, end);
        Errno farewell = _fileSystem!.FarewellError;
        if (farewell != Errno.None) FuseDaemonLog.LastChangesLost(_logger, _mount.Target, farewell);
        return end != FuseSessionEnd.Failed && farewell == Errno.None;
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
        if (_commits is not null && mount.PassOnDelayedWrites() is { } lost)
            FuseDaemonLog.DelayedWritesLost(_logger, lost);
        if (mount.Unmount(detaches: true) is { } failure) FuseDaemonLog.CannotUnmount(_logger, failure);
        session.Stop();
    }

    /// <summary>Lets go of everything; takes the mount away if it is still there.</summary>
    public void Dispose()
    {
        // Handlers may still run: what they use is let go of after them.
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
        _signals.Clear();
        _commits?.Dispose();
        _session?.Dispose();
        if (_mount is not null)
        {
            _mount.Device.Dispose();
            if (_mount.Unmount(detaches: true) is { } failure) FuseDaemonLog.CannotUnmount(_logger, failure);
        }
        _cluster?.Dispose();
        _commits = null;
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
            Flags = options.Flags,
            AllowsOthers = options.AllowsOthers ?? Environment.IsPrivilegedProcess,
            ChecksPermissions = true,
            ReadAheadBytes = options.ReadAheadBytes,
        };
    }

    // On a block special sync(2) reaches the filesystem, and umount(2) waits for the last commit.
    private FuseMount Mount(FuseMountOptions options, bool isReadOnly)
    {
        FileBlockDevice? claimed = isReadOnly || !Environment.IsPrivilegedProcess ? null : _cluster!.ClaimedDevice;
        if (claimed is null || claimed.SectorBytes > FuseBlockBytesMax || !claimed.ReleaseClaim())
            return FuseMount.Create(options);
        if (FuseMount.TryCreateOnBlock(options with { BlockDevice = claimed.Name }) is { } mount) return mount;
        if (!claimed.RenewClaim()) throw new DeviceBusyException(claimed.Name, "was claimed by somebody else");
        return FuseMount.Create(options);
    }

    /// <summary>Opens the media for writing if that is wanted, and for reading if that is all there is.</summary>
    /// <returns>The options, with read-only among them if it came to that.</returns>
    private MountOptions OpenMedia()
    {
        MountOptions options = _request.Options;
        if (options.IsReadOnly)
        {
            _cluster = OpenCluster(options, isReadOnly: true);
            return options;
        }
        try
        {
            _cluster = OpenCluster(options, isReadOnly: false);
            Hammer2Error error = _cluster.Pfs.OpenForWriting(new PfsWriteOptions
            {
                Workers = Math.Min(Environment.ProcessorCount, WriteWorkersMax),
                Discards = options.Discards,
                Deduplicates = options.Deduplicates,
                Time = _time,
            });
            if (error == Hammer2Error.None) return options;
            string reason = Describe(error, _cluster);
            _cluster.Dispose();
            _cluster = null;
            throw new PfsNotWritableException($"{_request.SourceText}: cannot be written: {reason}");
        }
        catch (Exception refusal) when (MayStillBeRead(refusal) && !options.AsksForWriting)
        {
            FuseDaemonLog.MountedReadOnly(_logger, refusal.Message);
            _cluster = OpenCluster(options, isReadOnly: true);
            return options with { Flags = options.Flags | FuseMountFlags.ReadOnly };
        }
    }

    private static bool MayStillBeRead(Exception refusal) =>
        refusal is WriteProtectedException or PfsNotWritableException;

    private ClusterMount OpenCluster(MountOptions options, bool isReadOnly)
    {
        var media = new MediaSourceOptions(isReadOnly, PartitionOffset: options.Offset,
            Partition: options.Partition, LockWaitMilliseconds: LockWaitMilliseconds);
        var clusterOptions = new ClusterMountOptions(media, options.MemoryBytes, options.IsDegraded, options.Masters)
        {
            Siblings = isReadOnly ? null : new SiblingSearch(AttachedDevices.List),
        };
        return ClusterMount.Open(MountNodes.Of(_request, media), clusterOptions, _loggers);
    }

    private static string Describe(Hammer2Error error, ClusterMount cluster) => error switch
    {
        Hammer2Error.NoQuorum => AssemblyText.Describe(cluster.Pfs.Assembly) ?? "too few of its masters can be written",
        Hammer2Error.TooLarge => "the numbers of its commits are used up",
        Hammer2Error.ReadOnly => "Read-only file system",
        _ => cluster.LastFault ?? $"what must be known before the first change cannot be read ({error})",
    };

    private static FuseSessionOptions SessionOptions(MountOptions options, TimeProvider time) => new()
    {
        Time = time,
        Wanted = Hammer2FileSystem.Features(options.IsReadOnly, options.UsesWritebackCache),
        MaxWriteBytes = options.IsReadOnly ? 4096 : 1 << 20,
        TimeGranularityNanoseconds = Hammer2FileSystem.TimeGranularityNanoseconds,
        WorkersTotal = options.ThreadsTotal ?? Math.Clamp(
            Environment.ProcessorCount, options.IsReadOnly ? WorkersMin : WritersMin, WorkersMax),
    };

    private void Ignore(PosixSignal signal) =>
        _signals.Add(PosixSignalRegistration.Create(signal, static context => context.Cancel = true));

    private void StopOn(PosixSignal signal) =>
        _signals.Add(PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;      // the default would end the process on the spot
            Stop();
        }));
}
