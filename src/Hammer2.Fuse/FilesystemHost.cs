// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Concurrency;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Cluster.Resync;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Fuse.Administration.Events;
using Hammer2.Fuse.Control;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>
/// Owns everything that a daemon serves: the open filesystems, the PFSs in use on them with one mount each, and the
/// sockets on which other processes request further mounts. It ends with its last mount.
/// </summary>
internal sealed class FilesystemHost : IDisposable
{
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _time;
    private readonly IScheduler _scheduler;
    private readonly long _memoryBytes;
    private readonly ControlServer _control;
    private readonly OpenFilesystems _filesystems;
    private readonly PfsListAccess _pfsList;
    private readonly ProcessMemory _memory;
    private readonly PfsWriteOptions _shared;
    private readonly RankedLock _mountTurn = new(LockRank.Mounting);    // held while mounting, one at a time
    private readonly RankedMonitor _stateLock = new(LockRank.Host);     // guards the fields below; pulsed on changes
    private readonly List<MountedPfs> _mounts = [];
    private int _requestsTotal;
    private int _mountsMade;
    private bool _isStopping;
    private bool _hasEnded;
    private bool _hasFailed;

    /// <summary>A host without mounts.</summary>
    /// <param name="memoryBytes">Limit of all memory that the process keeps, in bytes.</param>
    /// <param name="isReadOnly">True when the first mount is read-only: then little memory is reserved for dirty
    /// data.</param>
    /// <param name="loggers">Receive messages that concern no single mount.</param>
    /// <param name="time">The clock.</param>
    /// <param name="scheduler">Starts threads.</param>
    /// <param name="runtime">Directory of the sockets.</param>
    public FilesystemHost(
        long memoryBytes, bool isReadOnly, DaemonLoggers loggers, TimeProvider time, IScheduler scheduler,
        RuntimeDirectory runtime)
    {
        _scheduler = scheduler;
        _memory = new ProcessMemory(memoryBytes, isReadOnly, time);
        _loggers = loggers;
        _time = time;
        _memoryBytes = memoryBytes;
        _control = new ControlServer(runtime, [new MountService(MountFurther, loggers).Row], loggers, time, scheduler);
        _filesystems = new OpenFilesystems(_memory.CacheBytes)
        {
            // As early as possible: from here on other mount commands for the filesystem find this process.
            Opened = volumes => { if (!volumes.IsReadOnly) _control.Listen(volumes.FilesystemId); },
            Closing = volumes => { if (!volumes.IsReadOnly) _control.Close(volumes.FilesystemId); },
        };
        _pfsList = new PfsListAccess(_mountTurn, _filesystems, time);
        _shared = new PfsWriteOptions
        {
            Memory = _memory.Dirty,
            ResyncSnapshots = new ResyncSnapshots(use: _pfsList),
        };
    }

    /// <summary>True once <see cref="Stop"/> was called.</summary>
    public bool IsStopping
    {
        get
        {
            using (_stateLock.EnterScope()) return _isStopping;
        }
    }

    /// <summary>Makes a mount, which is live when this returns and ends by itself.</summary>
    /// <exception cref="HostEndingException">The host accepts no further mounts.</exception>
    /// <exception cref="MediaException">A device cannot be opened.</exception>
    /// <exception cref="PfsException">The PFS cannot be opened, or is mounted here already.</exception>
    /// <exception cref="FuseException">The kernel refuses the mount.</exception>
    public MountLife Mount(MountRequest request, MountPatience patience, ILoggerFactory loggers)
    {
        BeginRequest();
        try
        {
            using (_mountTurn.EnterScope()) return MakeMount(request, patience, loggers);
        }
        finally
        {
            EndRequest();
        }
    }

    /// <summary>Makes a mount for another process, on a filesystem that is open here.</summary>
    /// <returns>Null when none of those that the request names is open for writing here.</returns>
    /// <exception cref="HostEndingException">As for <see cref="Mount"/>, as the others.</exception>
    public MountLife? MountFurther(MountRequest request, ILoggerFactory loggers)
    {
        BeginRequest();
        try
        {
            using (_mountTurn.EnterScope())
            {
                MediaSourceOptions media = MountMedia.SourceOptions(request.Options, isReadOnly: true, 0);
                if (!_filesystems.HasWritable(MountNodes.Of(request, media), media)) return null;
                if (request.Options.MemoryBytes is { } bytes && bytes != _memoryBytes)
                    FuseDaemonLog.MemoryIgnored(loggers.CreateLogger<FilesystemHost>(), _memoryBytes >> 20);
                var patience = new MountPatience(MountPatience.TotalMilliseconds, IsBusyMissing: false);
                return MakeMount(request, patience, loggers);
            }
        }
        finally
        {
            EndRequest();
        }
    }

    /// <summary>For how long the oldest commit that runs, of any mount, has been running; zero when none
    /// does.</summary>
    public TimeSpan LongestCommit
    {
        get
        {
            TimeSpan longest = TimeSpan.Zero;
            using (_stateLock.EnterScope())
            {
                foreach (MountedPfs mount in _mounts)
                {
                    if (mount.Cluster.Pfs?.Writer?.CommitRunningFor is { } running && running > longest)
                        longest = running;
                }
            }
            return longest;
        }
    }

    /// <summary>Waits until the last mount has ended.</summary>
    /// <returns>False when the last commit of any of them failed.</returns>
    public bool Serve()
    {
        using (_stateLock.EnterScope())
        {
            while (!_hasEnded) _stateLock.Wait();
            return !_hasFailed;
        }
    }

    /// <summary>Unmounts everything, as on a signal: from any thread, at once or as soon as a mount is live. For mounts
    /// that have ended and wait for nodes it gives their last changes up.</summary>
    public void Stop()
    {
        MountedPfs[] mounts;
        using (_stateLock.EnterScope())
        {
            _isStopping = true;
            mounts = [.. _mounts];
        }
        foreach (MountedPfs mount in mounts) mount.Stop();
    }

    /// <summary>Stops accepting requests. All mounts must have ended.</summary>
    public void Dispose()
    {
        using (_stateLock.EnterScope()) _hasEnded = true;
        _control.Dispose();
        _memory.Dispose();
    }

    private void BeginRequest()
    {
        using (_stateLock.EnterScope())
        {
            if (_hasEnded || _isStopping) throw new HostEndingException();
            _requestsTotal++;
        }
    }

    private void EndRequest()
    {
        using (_stateLock.EnterScope())
        {
            _requestsTotal--;
            EndIfDone();
        }
    }

    // A request that is being carried out may add a mount, so the host does not end before it.
    private void EndIfDone()
    {
        if (_mountsMade > 0 && _mounts.Count == 0 && _requestsTotal == 0) _hasEnded = true;
        _stateLock.PulseAll();
    }

    private MountLife MakeMount(MountRequest request, MountPatience patience, ILoggerFactory loggers)
    {
        // Nothing is opened, and above all nothing committed, for a mount that cannot be made.
        FuseMount.CheckTarget(request.Target);
        var eventLoggers = new EventLoggers(loggers, new EventRing(_time));
        MountMedia media = OpenMedia(request, patience, eventLoggers);
        var mount = new MountedPfs(request, media, eventLoggers, _time, _scheduler, _pfsList)
        {
            BeginWriting = (made, wanted, alone) => BeginWriting(made, wanted, alone, eventLoggers),
        };
        int number;
        using (_stateLock.EnterScope())
        {
            _mounts.Add(mount);
            number = _mountsMade + 1;
        }
        bool isMade = false;
        try
        {
            if (IsStopping) throw new HostEndingException();
            mount.Start();
            isMade = true;
        }
        finally
        {
            if (!isMade)
            {
                mount.Dispose();
                Remove(mount, isDurable: true);
            }
        }
        if (IsStopping) mount.Stop();
        var life = new MountLife(mount.Target, mount.Stop);
        using (_stateLock.EnterScope()) _mountsMade = number;
        string name = "mount-" + number.ToString(CultureInfo.InvariantCulture);
        _ = _scheduler.Start(name, () => Run(mount, life));
        return life;
    }

    private void BeginWriting(
        MountedPfs mount, MountRequest request, Action<Action> alone, ILoggerFactory loggers)
    {
        using (_mountTurn.EnterScope())
            MountMedia.BeginWriting(_filesystems, mount.Cluster, request, loggers, _shared, alone);
    }

    private void Run(MountedPfs mount, MountLife life)
    {
        bool isDurable = mount.Serve();
        mount.Dispose();
        life.End(isDurable);
        Remove(mount, isDurable);
    }

    private void Remove(MountedPfs mount, bool isDurable)
    {
        using (_stateLock.EnterScope())
        {
            _hasFailed |= !isDurable;
            _ = _mounts.Remove(mount);
            EndIfDone();
        }
    }

    private MountMedia OpenMedia(MountRequest request, MountPatience patience, ILoggerFactory loggers)
    {
        long start = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return MountMedia.Open(_filesystems, request, patience, loggers, _shared);
            }
            catch (PfsInUseException refusal)
            {
                TimeSpan left =
                    TimeSpan.FromMilliseconds(MountPatience.TotalMilliseconds) - _time.GetElapsedTime(start);
                if (!WaitForEnd(refusal.User, left, out MountedPfs? user)) throw PfsUse.Refusal(refusal, user);
            }
        }
    }

    // A mount that was unmounted a moment ago still commits.
    private bool WaitForEnd(ClusterMount used, TimeSpan timeout, out MountedPfs? user)
    {
        using (_stateLock.EnterScope())
        {
            user = _mounts.Find(mount => mount.Cluster == used);
            if (user is null) return true;              // it ended in between
            if (!user.IsEnding || timeout <= TimeSpan.Zero) return false;
            _ = _stateLock.Wait(timeout);
            return true;
        }
    }
}
