// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Fuse.Administration;
using Hammer2.Fuse.Administration.Doors;
using Hammer2.Fuse.Administration.Events;
using Hammer2.Fuse.Administration.Metrics;
using Hammer2.Fuse.Administration.Snapshots;
using Hammer2.Fuse.Trees;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>
/// One mount: an opened PFS, the mount in the system's mount table, and the session that serves it until it is
/// unmounted. On disposal the PFS is closed and no mount and no thread remains.
/// </summary>
/// <remarks>Order: <see cref="Start"/>, <see cref="Serve"/>, Dispose. <see cref="Stop"/> from any thread.</remarks>
internal sealed class MountedPfs : IDisposable
{
    private const int WorkersMin = 2;
    private const int WritersMin = 4;               // some may wait for a commit
    private const int WorkersMax = 8;
    private const int ReadRequestsMax = 64;         // in the background: read-ahead alone

    // A short request waits in the kernel's queue for the copies of the writes before it: few and short ones bound
    // that, and cost a stream of writes little. Four reads ahead stay possible beside them.
    private const int WriteRequestsMax = 4;
    private const int WriteBytesMax = 256 << 10;

    // Remote devices: requests are on their way for so long that more of them are worth it.
    private const int RemoteReadAheadBytes = 4 << 20;
    private const int RemoteRequestsMax = 16;

    private const int FuseBlockBytesMax = 4096;     // of a sector, for a mount on a block device

    private readonly MountRequest _request;
    private readonly MountOptions _options;
    private readonly ILoggerFactory _loggers;
    private volatile MountOptions _current;         // those of now; a remount changes them
    private int _isChanging;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly IScheduler _scheduler;
    private readonly MountedTree _tree;
    private readonly PfsListAccess _pfsList;
    private readonly VirtualDirectoryFileSystem _doors;
    private readonly IFuseFileSystem _served;
    private readonly AdministeredMount _administered;
    private readonly RankedLock _stopLock = new(LockRank.MountStop);
    private PeriodicCommit? _commits;
    private MountMeter? _meter;
    private FuseMount? _mount;
    private FuseSession? _session;
    private volatile bool _hasEnded;
    private bool _mayBecomeWritable;
    private bool _isLive;
    private bool _isStopping;

    /// <summary>A mount of an opened PFS, which it now owns.</summary>
    public MountedPfs(MountRequest request, MountMedia media, ILoggerFactory loggers, TimeProvider time,
        IScheduler scheduler, PfsListAccess pfsList)
    {
        _scheduler = scheduler;
        _request = request;
        (Cluster, _options) = media;
        _current = _options;
        _loggers = loggers;
        _time = time;
        _logger = loggers.CreateLogger<MountedPfs>();
        var vnodes = new VnodeOps(Cluster.Pfs, loggers.CreateLogger<VnodeOps>(), time);
        _pfsList = pfsList;
        _tree = new MountedTree(number => new Hammer2FileSystem(
            vnodes, _options, loggers.CreateLogger<Hammer2FileSystem>(), time, scheduler)
        {
            NodeOf = inum => TreeNodes.Of(number, inum),
        });
        _administered = new AdministeredMount(
            Cluster, vnodes, FuseMount.UserId, _options, loggers.CreateLogger<AdministeredMount>(), time, scheduler)
        {
            PfsList = pfsList,
            Loggers = loggers,
            ChangeOptions = list => ChangeOptions(list, tellsKernel: true),
            ChangePolicy = list => ChangeOptions(list, tellsKernel: false),
            IsReadOnly = () => _current.IsReadOnly,
            UpkeepLimits = () => _current.Upkeep,
            Events = (loggers as EventLoggers)?.Events ?? new EventRing(time),
            NodeOf = _tree.NodeOf,
            Session = () => CountsOf(_session),
            Target = () => Target,
            PathOf = node => _tree.PathOf(node, vnodes),
        };
        pfsList.Add(Cluster, new LiveRollback(Cluster.Pfs, vnodes, _tree, () => _mount, _logger));
        var ioctls = new IoctlFileSystem(_tree, new IoctlDoor(RequestTable.Standard, _administered), _tree);
        _doors = new VirtualDirectoryFileSystem(ioctls, RequestTable.Standard, _administered);
        var snapshots = new SnapshotFileSystem(_doors, _administered, Show);
        _served = _options.HasSnapshotDirectories
            ? new DirectorySnapshotsFileSystem(snapshots, _administered) : snapshots;
    }

    /// <summary>Has the PFS, which was opened for reading, written from now on with the options of a request; calls
    /// what must be done while nothing is read by way of the action that it is given.</summary>
    public Action<MountedPfs, MountRequest, Action<Action>> BeginWriting { get; init; } =
        static (_, _, _) => throw new PfsNotWritableException("its devices are read-only");

    /// <summary>The PFS with its devices.</summary>
    public ClusterMount Cluster { get; }

    /// <summary>The mount point.</summary>
    public string Target => _mount?.Target ?? _request.Target;

    /// <summary>True once it was unmounted, although it may still commit.</summary>
    public bool IsEnding => _hasEnded || _mount is not { IsMounted: true };

    /// <summary>Mounts; the mount is live when this returns.</summary>
    /// <exception cref="DeviceBusyException">Another process claimed the device while it was being mounted.</exception>
    /// <exception cref="FuseException">The kernel refuses the mount.</exception>
    public void Start()
    {
        // Only a mount that root made can be changed.
        _mayBecomeWritable = Environment.IsPrivilegedProcess && Cluster.CanBeWritten;
        _mount = Mount((_request with { Options = _options }).ForKernel());
        ILogger<FuseSession> sessionLogger = _loggers.CreateLogger<FuseSession>();
        var transport = new FuseDeviceTransport(_mount.Device, sessionLogger);
        _session = new FuseSession(transport, _served, SessionOptions(), sessionLogger);
        ServeStalled();
        _tree.Notifier = _doors.Notifier = _administered.Notifier = new FuseNotifier(_session);
        _ = _session.Negotiate();
        if (ReadAheadBytes is { } bytes && _mount.SetReadAhead(bytes) is { } failure)
            FuseDaemonLog.ReadAheadNotSet(_logger, failure);
        _session.Start();
        if (!_options.IsReadOnly) StartCommits(_options);
        _meter = new MountMeter(_mount.Target, () => MetricFacts.Of(_administered), MetricTable.Rows, _time);
        FuseDaemonLog.Mounted(_logger, _request.SourceText, _mount.Target);
        using (_stopLock.EnterScope())
        {
            _isLive = true;
            if (!_isStopping) return;
        }
        Unmount();
    }

    /// <summary>Waits until it is unmounted, by a user or by <see cref="Stop"/>, and runs the last commit.</summary>
    /// <returns>False when reading requests failed, or the last commit.</returns>
    public bool Serve()
    {
        FuseSessionEnd end = _session!.Wait();
        _hasEnded = true;
        FuseDaemonLog.Ended(_logger, Target, end);
        Errno lost = _tree.Current.LastCommitError;
        if (lost != Errno.None) FuseDaemonLog.LastChangesLost(_logger, Target, lost);
        return end != FuseSessionEnd.Failed && lost == Errno.None;
    }

    /// <summary>Unmounts: at once or as soon as the mount is live. Called once more, or after it was unmounted, it has
    /// the last commit not wait for nodes.</summary>
    public void Stop()
    {
        using (_stopLock.EnterScope())
        {
            if (_isStopping || (_isLive && IsEnding)) _tree.Current.GiveUp();
            if (_isStopping) return;
            _isStopping = true;
            if (!_isLive) return;
        }
        Unmount();
    }

    /// <summary>Removes the mount if it is still there, and closes the PFS.</summary>
    public void Dispose()
    {
        _meter?.Dispose();
        _commits?.Dispose();
        _session?.Dispose();
        if (_mount is not null)
        {
            _mount.Device.Dispose();
            if (_mount.Unmount(detaches: true) is { } failure) FuseDaemonLog.CannotUnmount(_logger, failure);
        }
        _pfsList.Remove(Cluster);
        _tree.End();
        Cluster.Dispose();
        _tree.Dispose();
    }

    private RequestOutcome<MountOptions> ChangeOptions(string list, bool tellsKernel)
    {
        if (Interlocked.Exchange(ref _isChanging, 1) != 0)
            return new(Errno.EBUSY, "its options are being changed by another request", null);
        try
        {
            MountOptions wanted = MountOptionParser.Change(_current, list);
            IReadOnlyList<string> refused = OptionChanges.Refused(_current, wanted);
            return refused.Count == 0
                ? Apply(wanted, tellsKernel)
                : new(Errno.EINVAL, $"{string.Join(", ", refused)}: cannot be changed while it is mounted", null);
        }
        catch (MountOptionException failure)
        {
            return new(Errno.EINVAL, failure.Message, null);
        }
        finally
        {
            Volatile.Write(ref _isChanging, 0);
        }
    }

    // The kernel passes everything on before it changes a mount, which waits during a stall.
    private RequestOutcome<MountOptions> Apply(MountOptions wanted, bool tellsKernel)
    {
        if (tellsKernel && !wanted.IsReadOnly && Cluster.Pfs.Writer is null && MakeWritable(wanted) is { } refusal)
            return refusal;
        if (tellsKernel && Refusal(_mount!.Remount(wanted.Flags)) is { } refused) return refused;
        bool wasReadOnly = _current.IsReadOnly;
        _current = wanted;
        _commits?.Change(wanted.CommitInterval);
        if (Cluster.Pfs.Writer is { } writer)
        {
            writer.ResyncRate.BytesPerSecond = wanted.ResyncRateBytes;
            writer.ResyncSnapshots.MayDelete = wanted.ResyncDeletesSnapshots;
            writer.SetQuorumPolicy(wanted.Quorum);
        }
        // What the kernel has passed on before it made the mount read-only.
        if (!wanted.IsReadOnly || wasReadOnly || _tree.Current.Sync() == FuseErrno.None) return wanted;
        return new(Errno.EIO, "it is read-only now, and its last commit failed; the log tells more", null);
    }

    // The kernel lets nothing be written before this has succeeded. It is asked first whether it changes this mount.
    private RequestOutcome<MountOptions>? MakeWritable(MountOptions wanted)
    {
        if (Refusal(_mount!.Remount(_current.Flags)) is { } refused) return refused;
        if (!_mayBecomeWritable)
            return new(Errno.EROFS, "its devices were write-protected when it was mounted; mount it again", null);
        try
        {
            BeginWriting(this, _request with { Options = wanted }, _tree.BeginWriting);
        }
        catch (DeviceBusyException busy)
        {
            return new(Errno.EBUSY, busy.Message, null);
        }
        catch (Exception refusal) when (refusal is MediaException or PfsException)
        {
            return new(Errno.EROFS, refusal.Message, null);
        }
        ServeStalled();
        StartCommits(wanted);
        FuseDaemonLog.BecameWritable(_logger, Target);
        return null;
    }

    // The kernel's 128 KiB keep two blocks in flight, which is what a local device needs. It reads ahead only where a
    // file is read one byte after the other, further each time.
    private int? ReadAheadBytes => _options.ReadAheadBytes
        ?? (Cluster.HasRemoteDevices && Environment.IsPrivilegedProcess ? RemoteReadAheadBytes : null);

    private void ServeStalled()
    {
        if (Cluster.Pfs.Writer is { } writer) writer.StallEnded = _session!.ServeStalled;
    }

    private void StartCommits(MountOptions options) => _commits =
        new PeriodicCommit(() => _tree.Current.CommitInBackground(), options.CommitInterval, _time);

    private static RequestOutcome<MountOptions>? Refusal(int error) =>
        error == FuseErrno.None ? null : new((Errno)error, RefusalOf(error), null);

    private static string RefusalOf(int error) => error switch
    {
        FuseErrno.EBUSY => "files in it are open for writing",
        FuseErrno.EPERM => "only a mount that root made can be changed",
        FuseErrno.ENODEV => "another filesystem is mounted over it",
        _ => $"mount(2) failed: {(Errno)error}",
    };

    private Hammer2FileSystem Show(Pfs snapshot) => new(
        new VnodeOps(snapshot, _loggers.CreateLogger<VnodeOps>(), _time), _options,
        _loggers.CreateLogger<Hammer2FileSystem>(), _time, _scheduler);

    // The serving thread may close both meanwhile; both may be called after that.
    private void Unmount()
    {
        if (_mount!.Unmount(detaches: false) is not { } refusal) return;       // the session ends by itself

        // Files are still open. The mount is detached nevertheless, and access to them fails.
        FuseDaemonLog.Detaching(_logger, refusal);
        if (!_current.IsReadOnly && _mount.PassOnDelayedWrites() is { } lost)
            FuseDaemonLog.DelayedWritesLost(_logger, lost);
        if (_mount.Unmount(detaches: true) is { } failure) FuseDaemonLog.CannotUnmount(_logger, failure);
        _session!.Stop();
    }

    // On a block device sync(2) reaches the filesystem, and umount(2) waits for the last commit. The kernel makes one
    // such mount of a device; further PFSs on it get plain mounts.
    private FuseMount Mount(FuseMountOptions options)
    {
        FileBlockDevice? claimed = _options.IsReadOnly || !Environment.IsPrivilegedProcess
            ? null : Cluster.ClaimedDevice;
        if (claimed is null || claimed.SectorBytes > FuseBlockBytesMax || !Cluster.LendClaim())
            return FuseMount.Create(options);
        if (FuseMount.TryCreateOnBlock(options with { BlockDevice = claimed.Name }) is { } mount) return mount;
        Cluster.TakeBackClaim();
        return FuseMount.Create(options);
    }

    private static SessionCounts CountsOf(FuseSession? session) => session?.Dispatcher is { } dispatcher
        ? new(session.QueuesTotal, dispatcher.StalledTotal, dispatcher.MalformedTotal, dispatcher.UnknownTotal,
            dispatcher.ThrownTotal)
        : default;

    private FuseSessionOptions SessionOptions() => new()
    {
        Time = _time,
        Statistics = _administered.Statistics,
        Trace = _administered.Trace,
        IsStalled = () => Cluster.Pfs.Writer is { IsStalled: true },
        Scheduler = _scheduler,
        // An entry of a queue is in use as long as its request waits for a quorum.
        UsesQueues = _options.UsesIoUring ?? _options.Quorum != QuorumPolicy.Stall,
        QueuesRefusedLevel = _options.UsesIoUring == true ? LogLevel.Warning : LogLevel.Information,
        Wanted = Hammer2FileSystem.Features(
            _options.IsReadOnly, _options.UsesWritebackCache, _mayBecomeWritable || Cluster.HasWritableDevices,
            _options.HasExtendedAttributes),
        MaxWriteBytes = _options.IsReadOnly && !_mayBecomeWritable ? 4096 : WriteBytesMax,
        BackgroundRequestsMax = _options.IsReadOnly ? ReadRequestsMax
            : Cluster.HasRemoteDevices ? RemoteRequestsMax : WriteRequestsMax,
        TimeGranularityNanoseconds = Hammer2FileSystem.TimeGranularityNanoseconds,
        WorkersTotal = _options.ThreadsTotal ?? Math.Clamp(
            Environment.ProcessorCount, _options.IsReadOnly && !_mayBecomeWritable ? WorkersMin : WritersMin,
            WorkersMax),
    };
}
