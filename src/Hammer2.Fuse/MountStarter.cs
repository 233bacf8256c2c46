// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Fuse.Control;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>
/// Mounts, in this process or in the one that has the filesystem open already. On disposal no mount, no thread and no
/// lock on a device remains.
/// </summary>
/// <remarks>Order: <see cref="Start"/>, <see cref="Serve"/>, Dispose.</remarks>
public sealed class MountStarter : IDisposable
{
    // Short, so that a process that has just opened the filesystem is found quickly.
    private const int LockWaitMilliseconds = 250;
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    private readonly MountRequest _request;
    private readonly DaemonLoggers _loggers;
    private readonly TimeProvider _time;
    private readonly bool _stays;
    private readonly FilesystemHost _host;
    private readonly MountHandOver _handOver;
    private readonly RankedMonitor _interruptionLock = new(LockRank.MountInterruption);
    private readonly TerminationSignals _signals;
    private volatile bool _isInterrupted;
    private bool _isHandedOver;

    /// <summary>Opens nothing yet. From now on a signal ends the mount and not the process.</summary>
    /// <param name="request">The mount to make.</param>
    /// <param name="words">The request as the user wrote it.</param>
    /// <param name="loggers">Receive messages.</param>
    /// <param name="time">The clock; null for the kernel's.</param>
    /// <param name="scheduler">Starts threads; null for the system's.</param>
    public MountStarter(MountRequest request, MountWords words, DaemonLoggers loggers, TimeProvider? time = null,
        IScheduler? scheduler = null)
    {
        _request = request;
        _loggers = loggers;
        _time = time ?? KernelTime.Instance;
        _stays = words.Stays;
        var runtime = RuntimeDirectory.OfThisUser();
        long memory = request.Options.MemoryBytes ?? MountOptions.MemoryBytesDefault;
        _host = new FilesystemHost(memory, request.Options.IsReadOnly, loggers, _time,
            scheduler ?? SystemScheduler.Instance, runtime);
        _handOver = new MountHandOver(request, words, runtime, loggers, _time);
        _signals = new TerminationSignals(Stop);
    }

    /// <summary>Makes the mount, which is live when this returns.</summary>
    /// <returns>True when this process serves it, false when another one does.</returns>
    /// <exception cref="MediaException">A device cannot be opened.</exception>
    /// <exception cref="PfsException">The PFS cannot be opened, or is mounted already.</exception>
    /// <exception cref="FuseException">The kernel refuses the mount, or it was interrupted.</exception>
    public bool Start()
    {
        FuseMount.CheckTarget(_request.Target);
        long start = _time.GetTimestamp();
        while (true)
        {
            HandOverOutcome outcome = _handOver.Try();
            if (outcome == HandOverOutcome.Mounted)
            {
                _isHandedOver = true;
                if (_isInterrupted && !_stays) UndoHandOver();
                return false;
            }
            if (_isInterrupted) throw Interrupted();
            bool isLast = _time.GetElapsedTime(start).TotalMilliseconds >= MountPatience.TotalMilliseconds;
            bool isEnding = outcome == HandOverOutcome.Ending && !isLast;
            if (!isEnding && TryServe(isLast)) return true;
            AwaitInterruption();
        }
    }

    /// <summary>Waits until the mount has ended: in this process, the last one of its mounts; in another, this one, if
    /// the command stays for it.</summary>
    /// <returns>False when the last changes could not be made durable.</returns>
    public bool Serve()
    {
        if (!_isHandedOver) return _host.Serve();
        return !_stays || _handOver.WaitForEnd();
    }

    /// <summary>For how long the oldest commit that runs in this process has been running; zero when none
    /// does.</summary>
    public TimeSpan LongestCommit => _host.LongestCommit;

    /// <summary>Interrupts <see cref="Start"/>, or unmounts; from any thread.</summary>
    public void Stop()
    {
        using (_interruptionLock.EnterScope())
        {
            _isInterrupted = true;
            _interruptionLock.PulseAll();
        }
        _handOver.Cancel();
        _host.Stop();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _signals.Dispose();
        _host.Dispose();
        _handOver.Dispose();
    }

    private void AwaitInterruption()
    {
        using (_interruptionLock.EnterScope())
            if (!_isInterrupted) _ = _interruptionLock.Wait(s_poll);
    }

    private static FuseException Interrupted() => new("interrupted; nothing is mounted");

    // False to try again.
    private bool TryServe(bool isLast)
    {
        try
        {
            _ = _host.Mount(_request, new MountPatience(LockWaitMilliseconds, IsBusyMissing: isLast), _loggers);
            return true;
        }
        catch (DeviceBusyException) when (!isLast && !_isInterrupted)
        {
            return false;
        }
        catch (DeviceBusyException) when (_handOver.Obstacle is not null)
        {
            FuseDaemonLog.CannotAsk(_loggers.CreateLogger<MountStarter>(), _request.SourceText, _handOver.Obstacle);
            throw;
        }
        catch (HostEndingException)
        {
            throw Interrupted();
        }
    }

    // The user was told that nothing is mounted, when the other process had just answered.
    private void UndoHandOver()
    {
        if (FuseMount.UnmountAt(_handOver.Target, detaches: true) is { } failure)
            FuseDaemonLog.CannotUnmount(_loggers.CreateLogger<MountStarter>(), failure);
        throw Interrupted();
    }
}
