// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Concurrency;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Devices.Claims;

/// <summary>
/// The claim of this process to write a volume that other machines can reach: its mark is renewed every two seconds. A
/// claim that another writer took is lost for good.
/// </summary>
/// <remarks>
/// What it cannot see: a write that was on its way, or a process that was halted between looking and writing, for
/// longer than another writer watches the mark. A server that takes one client closes that gap.
/// </remarks>
internal sealed class WriterClaim
{
    private readonly RankedMonitor _lock = new(LockRank.WriterClaim);
    private readonly IBlockDevice _device;
    private readonly MediaUuid _filesystemId;
    private readonly ClaimOptions _options;
    private readonly ILogger _logger;
    private readonly DateTimeOffset _begun;
    private readonly IStartedThread _thread;
    private ulong _sequence;
    private long _renewedAt;
    private string? _loss;
    private volatile bool _isRenewing;
    private bool _isClosed;

    private WriterClaim(IBlockDevice device, in MediaUuid filesystemId, ClaimOptions options, ILogger logger)
    {
        _device = device;
        _filesystemId = filesystemId;
        _options = options;
        _logger = logger;
        _begun = options.Time.GetUtcNow();
        _sequence = (ulong)_begun.ToUnixTimeMilliseconds();
        // Another one that took the volume at the same moment may have written its mark over this one.
        if (VolumeMarks.Write(device, MarkAs(WriterMarkState.InUse)) != Hammer2Error.None || !TryRenew())
            throw new DeviceBusyException(device.Name, _loss ?? "its mark of a writer cannot be written");
        _thread = options.Scheduler.Start("claim of a volume", Run);
    }

    /// <summary>Why the volume may not be written any more; null while it may.</summary>
    public string? Loss => Volatile.Read(ref _loss);

    /// <summary>Claims a volume.</summary>
    /// <param name="device">The volume, which is open for writing.</param>
    /// <param name="filesystemId">Its filesystem.</param>
    /// <param name="options">The writer, and how it waits.</param>
    /// <param name="logger">Receives what became of the claim.</param>
    /// <exception cref="DeviceBusyException">Another writer has it, or its mark cannot be written.</exception>
    public static WriterClaim Take(
        IBlockDevice device, in MediaUuid filesystemId, ClaimOptions options, ILogger logger)
    {
        _ = VolumeMarks.RefuseOthers(device, filesystemId, options, logger);
        return new WriterClaim(device, filesystemId, options, logger);
    }

    /// <summary>Asked before each change of the volume. Looks at the mark when it was not renewed lately.</summary>
    /// <returns>False when the volume must not be written.</returns>
    public bool IsHeld()
    {
        if (Loss is not null) return false;
        if (!IsLate()) return true;
        using (_lock.EnterScope()) return Loss is null && (!IsLate() || TryRenew());
    }

    /// <summary>Gives the volume up, since another program writes it. Its mark says so.</summary>
    /// <param name="reason">What was seen, for people.</param>
    public void GiveUp(string reason)
    {
        using (_lock.EnterScope())
        {
            if (Loss is not null) return;
            Lose(reason);
            if (VolumeMarks.Write(_device, MarkAs(WriterMarkState.Contested)) != Hammer2Error.None)
                DevicesLog.Note(_logger, $"{_device.Name}: its mark of a writer cannot be written");
        }
    }

    /// <summary>Ends the claim. The volume is free for others, if it answers.</summary>
    public void Release()
    {
        // A renewal that hangs is not waited for here: closing the device ends it.
        if (_isRenewing || Loss is not null || _device.Failure is not null)
        {
            Volatile.Write(ref _isClosed, true);
            return;
        }
        using (_lock.EnterScope())
        {
            _isClosed = true;
            _lock.PulseAll();
            bool isMine = VolumeMarks.Read(_device, _filesystemId, out WriterMark? mark) == Hammer2Error.None
                && mark is not null && _options.Writer.IsOwn(mark);
            if (isMine && VolumeMarks.Write(_device, MarkAs(WriterMarkState.Free)) != Hammer2Error.None)
                DevicesLog.Note(_logger, $"{_device.Name}: its mark of a writer cannot be written");
        }
    }

    /// <summary>Returns when nothing of the claim runs any more.</summary>
    /// <remarks>Entry: it was released, and the device is closed.</remarks>
    public void Join()
    {
        using (_lock.EnterScope())
        {
            _isClosed = true;
            _lock.PulseAll();
        }
        _thread.Join();
    }

    private bool IsLate() =>
        _options.Time.GetElapsedTime(Volatile.Read(ref _renewedAt)) > ClaimOptions.TrustedTime;

    private void Run()
    {
        using (_lock.EnterScope())
        {
            while (!_isClosed)
            {
                if (_lock.Wait(ClaimOptions.RenewalInterval) || _isClosed) continue;
                if (Loss is not null || _device.Failure is not null) return;
                _isRenewing = true;
                _ = TryRenew();
                _isRenewing = false;
            }
        }
    }

    // Entry: the lock is held, or the claim is being taken.
    private bool TryRenew()
    {
        if (VolumeMarks.Read(_device, _filesystemId, out WriterMark? mark) != Hammer2Error.None) return false;
        if (mark is null || !_options.Writer.IsOwn(mark) || mark.Fields.State != WriterMarkState.InUse)
        {
            Lose(mark is null || mark.Fields.State == WriterMarkState.Free
                ? "another program removed the mark of its writer"
                : "is being written by " + VolumeMarks.Describe(mark));
            return false;
        }
        _sequence++;
        if (VolumeMarks.Write(_device, MarkAs(WriterMarkState.InUse)) != Hammer2Error.None) return false;
        Volatile.Write(ref _renewedAt, _options.Time.GetTimestamp());
        return true;
    }

    private void Lose(string reason)
    {
        Volatile.Write(ref _loss, reason);
        DevicesLog.ClaimLost(_logger, _device.Name, reason);
    }

    private WriterMark MarkAs(WriterMarkState state) =>
        _options.Writer.Mark(_filesystemId, state, _sequence, _begun);
}
