// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using System.Threading;
using Hammer2.Chains.Commits;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Chains;

/// <summary>
/// One opened filesystem: a set of volumes, the tree that the volume header in use leads to, and what is
/// cached of it. What writes it is its <see cref="Committer"/>.
/// </summary>
/// <remarks>Upstream: <c>hammer2_dev_t</c>. Thread-safe. Reading takes no lock but those of the cache's
/// shards, for moments.</remarks>
public sealed partial class MediaDevice : IDisposable
{
    private readonly VolumeSet _volumes;
    private readonly MediaCaches _caches;
    private readonly int _ordinal;
    private readonly Lock _openLock = new();
    private bool _isHeaderAdopted;
    private MediaCommitter? _committer;
    private ShownCommit _shown;

    /// <summary>Takes over the volumes and closes them when disposed of.</summary>
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

    /// <summary>What holds the volume header.</summary>
    public IBlockDevice RootVolume => _volumes.Volumes[0].Device;

    /// <summary>The volumes, for those who judge headers and records.</summary>
    public VolumeSet Volumes => _volumes;

    /// <summary>The volume header that was chosen at opening or committed since.</summary>
    public VolumeHeader Header => Shown.Header;

    /// <summary>What was met that was not as it should be.</summary>
    public MediaFaultLog Faults { get; }

    /// <summary>The references in the volume header; the super-root inode has key 0 below it.</summary>
    public Chain RootChain => Shown.Root;

    /// <summary>Bytes that the volume header counts as free, less what was allocated since.</summary>
    public ulong FreeBytes => Committer?.FreeBytes ?? Header.Fields.AllocatorFree;

    /// <summary>True when a node of a cluster lies on the device: each commit, of whichever PFS, leaves a record of
    /// what it was about to do, which explains a torn header.</summary>
    public bool KeepsPreparedRecord { get; set; }

    /// <summary>The one writer of the filesystem; null until <see cref="OpenForWriting"/> succeeded.</summary>
    public MediaCommitter? Committer => Volatile.Read(ref _committer);

    /// <summary>The header in use with its references, of one commit.</summary>
    internal ShownCommit Shown => Volatile.Read(ref _shown);

    /// <summary>Repairs what a crash left undone, and reads the freemap, so that the filesystem can be written. A
    /// further call finds it so.</summary>
    /// <param name="time">By what time the age of pins is measured; null for the system's.</param>
    /// <returns>None; ReadOnly when a device refuses to be written; what reading the freemap met, or a block that
    /// the freemap does not have yet; the error that fenced the device.</returns>
    /// <remarks>Entry: no lock held. Rank 3.</remarks>
    public Hammer2Error OpenForWriting(TimeProvider? time = null)
    {
        lock (_openLock)
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

    /// <summary>Shows the filesystem as of a commit that was prepared on it before power failed. Its header is written
    /// when the device is opened for writing. Comes before anything else is read from it.</summary>
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

    /// <summary>Shows the trees of a header that is durable.</summary>
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
        return KeepsPreparedRecord
            ? OpeningRepair.ClearTornCopies(_volumes, Header, Faults) : Hammer2Error.None;
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
