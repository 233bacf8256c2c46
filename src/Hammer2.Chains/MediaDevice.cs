// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using System.Threading;
using Concurrency;
using Hammer2.Chains.Commits;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Chains;

/// <summary>
/// One opened filesystem: a set of volumes, the tree below the current volume header, and its cached blocks. Only its
/// <see cref="Committer"/> writes it.
/// </summary>
/// <remarks>Upstream: <c>hammer2_dev_t</c>. Thread-safe. Reading only acquires locks of the cache's shards, for
/// moments.</remarks>
public sealed partial class MediaDevice : IDisposable
{
    private readonly VolumeSet _volumes;
    private readonly MediaCaches _caches;
    private readonly int _ordinal;
    private readonly RankedLock _openLock = new(LockRank.OpeningForWriting);
    private bool _isHeaderAdopted;
    private MediaCommitter? _committer;
    private ShownCommit _shown;

    /// <summary>A filesystem on the given volumes, which it owns and closes on disposal.</summary>
    public MediaDevice(VolumeSet volumes, MediaCaches caches, ILogger<MediaDevice> logger)
    {
        _volumes = volumes;
        _caches = caches;
        _ordinal = caches.NextDeviceOrdinal();
        Faults = new MediaFaultLog(volumes, logger);
        _shown = MakeShown(volumes.Header);
    }

    /// <summary>The volumes' names as the user gave them.</summary>
    public string Name => _volumes.Name;

    /// <summary>The device with the volume header.</summary>
    public IBlockDevice RootVolume => _volumes.Volumes[0].Device;

    /// <summary>The volumes, for code that evaluates headers and records.</summary>
    public VolumeSet Volumes => _volumes;

    /// <summary>The volume header that was chosen at opening or committed since.</summary>
    public VolumeHeader Header => Shown.Header;

    /// <summary>The log of faults.</summary>
    public MediaFaultLog Faults { get; }

    /// <summary>The references in the volume header; the super-root inode has key 0 below it.</summary>
    public Chain RootChain => Shown.Root;

    /// <summary>Bytes that the volume header counts as free, less what was allocated since.</summary>
    public ulong FreeBytes => Committer?.FreeBytes ?? Header.Fields.AllocatorFree;

    /// <summary>True when the device has a node of a cluster: each commit, of any PFS, first writes a prepared-commit
    /// record, which tells the intended commit if the header is torn.</summary>
    public bool KeepsPreparedRecord { get; set; }

    /// <summary>The one writer of the filesystem; null until <see cref="OpenForWriting"/> succeeded.</summary>
    public MediaCommitter? Committer => Volatile.Read(ref _committer);

    /// <summary>The header in use with its references, of one commit.</summary>
    internal ShownCommit Shown => Volatile.Read(ref _shown);

    /// <summary>Repairs the freemap after a crash and reads it, so that the filesystem can be written. A further call
    /// does nothing.</summary>
    /// <param name="time">The clock for the age of pins; null for the system's.</param>
    /// <returns>None; ReadOnly when a device is write-protected; the error of reading the freemap, or a block missing
    /// in it; the error that fenced the device.</returns>
    /// <remarks>Entry: no lock held. Rank 3.</remarks>
    public Hammer2Error OpenForWriting(TimeProvider? time = null)
    {
        using (_openLock.EnterScope())
        {
            if (Committer is { } open) return open.FenceError;
            if (_volumes.IsReadOnly) return Hammer2Error.ReadOnly;
            Hammer2Error torn = RepairHeaders();
            if (torn != Hammer2Error.None) return torn;
            var committer = new MediaCommitter(this, _volumes, _caches, _ordinal, time ?? TimeProvider.System);
            Hammer2Error error = committer.Open();
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
        _volumes.Adopt(header);
        _isHeaderAdopted = true;
        Show(header);
    }

    /// <inheritdoc/>
    public void Dispose() => _volumes.Dispose();

    /// <summary>Switches to the trees of a durable header.</summary>
    internal void Show(VolumeHeader header) => Volatile.Write(ref _shown, MakeShown(header));

    /// <summary>Forgets blocks of file data that were read in part.</summary>
    internal void ForgetDecodedBlocks() => _caches.Data.Clear();

    private Hammer2Error RepairHeaders()
    {
        if (Header.IsSpare || _isHeaderAdopted)
        {
            Hammer2Error error = OpeningRepair.WriteHeader(_volumes, Header, _isHeaderAdopted, Faults);
            if (error != Hammer2Error.None) return error;
            _isHeaderAdopted = false;
        }
        Hammer2Error cleared = KeepsPreparedRecord
            ? OpeningRepair.ClearTornCopies(_volumes, Header, Faults) : Hammer2Error.None;
        return cleared == Hammer2Error.None ? HeaderSizes.CompleteOthers(_volumes, Faults) : cleared;
    }

    // An illegal table leads nowhere: the device then has no super-root, which opening a PFS reports.
    private ShownCommit MakeShown(VolumeHeader header)
    {
        ReadOnlySpan<Blockref> blockset = header.SuperRootBlockset;
        byte[] block = MemoryMarshal.AsBytes(blockset).ToArray();
        if (MediaValidator.Table(blockset, BlockrefType.VolumeRoot) is { } fault)
        {
            Faults.Report(default, Hammer2Error.Corrupt, $"the volume header's references: {fault}");
            Array.Clear(block);
        }
        return new ShownCommit(header, new Chain(ChainKind.Root, default, block));
    }

    /// <summary>A volume header and the chain of its references to the super-root.</summary>
    internal sealed record ShownCommit(VolumeHeader Header, Chain Root);
}
