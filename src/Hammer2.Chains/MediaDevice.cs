// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Concurrency;
using Hammer2.Chains.Commits;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.Chains;

/// <summary>
/// One opened filesystem, which is read and can be opened for writing. Only its <see cref="Committer"/> writes it.
/// </summary>
/// <remarks>Upstream: <c>hammer2_dev_t</c>. Thread-safe.</remarks>
public sealed class MediaDevice : MediaReader, IDisposable
{
    private readonly RankedLock _openLock = new(LockRank.OpeningForWriting);
    private readonly bool _ownsVolumes = true;
    private bool _isHeaderAdopted;
    private bool _isRetired;
    private MediaCommitter? _committer;

    /// <summary>A filesystem on the given volumes, which it owns and closes on disposal.</summary>
    public MediaDevice(VolumeSet volumes, MediaCaches caches, ILogger<MediaDevice> logger)
        : base(volumes, caches, logger)
    {
    }

    private MediaDevice(MediaReader beside, VolumeHeader header, ILogger logger)
        : base(beside.Volumes, beside.Caches, logger)
    {
        _ownsVolumes = false;
        NeedsCheckCodes = true;
        Show(header);
    }

    /// <summary>The filesystem as an older header leads to it, to be read beside the filesystem in use, with its
    /// volumes and caches. Blocks that were freed since may have other content, which fails the comparison with their
    /// check code; those without one are not read.</summary>
    /// <param name="beside">The filesystem in use, which must not be closed before.</param>
    /// <param name="header">A header of it.</param>
    public static MediaDevice AtHeader(MediaReader beside, VolumeHeader header) =>
        new(beside, header, NullLogger.Instance);

    /// <summary>Bytes that the volume header counts as free, less what was allocated since.</summary>
    public ulong FreeBytes => Committer?.FreeBytes ?? Header.Fields.AllocatorFree;

    /// <summary>True when the device has a node of a cluster: each commit, of any PFS, first writes a prepared-commit
    /// record, which tells the intended commit if the header is torn.</summary>
    public bool KeepsPreparedRecord { get; set; }

    /// <summary>The one writer of the filesystem; null until <see cref="OpenForWriting"/> succeeded.</summary>
    public MediaCommitter? Committer => Volatile.Read(ref _committer);

    /// <summary>Repairs the freemap after a crash or damage and reads it, so that the filesystem can be written. A
    /// further call does nothing.</summary>
    /// <param name="time">The clock for the age of pins; null for the system's.</param>
    /// <returns>None; ReadOnly when a device is write-protected; the error of reading the freemap, or a block missing
    /// in it; the error that fenced the device.</returns>
    /// <remarks>Entry: no lock of the write path held. Rank 4.</remarks>
    public Hammer2Error OpenForWriting(TimeProvider? time = null)
    {
        using (_openLock.EnterScope())
        {
            if (_isRetired) return Hammer2Error.NodeDown;
            if (Committer is { } open) return open.FenceError;
            if (Volumes.IsReadOnly) return Hammer2Error.ReadOnly;
            Hammer2Error torn = RepairHeaders();
            if (torn != Hammer2Error.None) return torn;
            var committer = new MediaCommitter(this, () => KeepsPreparedRecord, time ?? TimeProvider.System);
            Hammer2Error error = committer.LoadFreemap();
            if (error == Hammer2Error.None) error = OpeningRepair.CompleteFreemap(committer);
            if (error == Hammer2Error.None) Volatile.Write(ref _committer, committer);
            return error;
        }
    }

    /// <summary>Uses the commit that was prepared on the filesystem before power failed. Its header is written when the
    /// device is opened for writing. Must be called before any other read.</summary>
    public void Adopt(PreparedCommitRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        Invariant.Holds(record.State == PreparedState.Prepared && Committer is null);
        VolumeHeader header = record.Next!;
        Volumes.Adopt(header);
        _isHeaderAdopted = true;
        Show(header);
    }

    /// <summary>Ends writing through this object, so that its devices can be read anew and written through another one:
    /// a device that is fenced, or was never opened for writing. It may be read as before.</summary>
    /// <returns>False when it can still be written, or a call is under way that may change it.</returns>
    /// <remarks>Entry: no lock of the write path held. Rank 4.</remarks>
    public bool TryRetire()
    {
        using (_openLock.EnterScope())
        {
            if (Committer is { } open) return open.IsFenced && !open.HasWriters;
            _isRetired = true;
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsVolumes) Volumes.Dispose();
    }

    private Hammer2Error RepairHeaders()
    {
        // A process that was killed may have left the header that was read in the cache of the device alone, and the
        // next commit first overwrites what would stand in for it.
        Hammer2Error flushed = Volumes.Flush();
        if (flushed != Hammer2Error.None)
        {
            Faults.Report(default, flushed, "the device could not make durable what was written before");
            return flushed;
        }
        if (Header.IsSpare || _isHeaderAdopted)
        {
            Hammer2Error error = OpeningRepair.WriteHeader(Volumes, Header, _isHeaderAdopted, Faults);
            if (error != Hammer2Error.None) return error;
            _isHeaderAdopted = false;
        }
        Hammer2Error cleared = LostHeader.Note(Volumes);
        if (cleared != Hammer2Error.None)
            Faults.Report(default, cleared, "the device could not write that a newer volume header may be lost");
        if (cleared == Hammer2Error.None && KeepsPreparedRecord)
            cleared = OpeningRepair.ClearTornCopies(Volumes, Header, Faults);
        if (cleared == Hammer2Error.None) cleared = HeaderSizes.CompleteOthers(Volumes, Faults);
        if (cleared == Hammer2Error.None) TakeBackAddition();
        return cleared;
    }

    // It is no volume, so that the filesystem does not depend on it.
    private void TakeBackAddition()
    {
        if (Volumes.Joining is not { } joining) return;
        Hammer2Error error = JoiningVolume.Erase(joining.Device);
        if (error != Hammer2Error.None)
            Faults.Report(default, error, $"the headers of {joining.Device.Name} could not be erased");
    }
}
