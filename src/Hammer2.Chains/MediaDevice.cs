// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using System.Threading;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Chains;

/// <summary>
/// One opened filesystem: a set of volumes, the tree that the taken volume header leads to, and what is
/// cached of it.
/// </summary>
/// <remarks>Upstream: <c>hammer2_dev_t</c>. Thread-safe. Reading takes no lock but those of the cache's
/// shards, for moments.</remarks>
public sealed partial class MediaDevice : IDisposable
{
    private readonly VolumeSet _volumes;
    private readonly MediaCaches _caches;
    private readonly int _ordinal;
    private VolumeHeader _header;
    private Chain _root;

    /// <summary>Takes over the volumes and closes them when disposed of.</summary>
    public MediaDevice(VolumeSet volumes, MediaCaches caches, ILogger<MediaDevice> logger)
    {
        _volumes = volumes;
        _caches = caches;
        _ordinal = caches.NextDeviceOrdinal();
        Faults = new MediaFaultLog(volumes, logger);
        _header = volumes.Header;
        _root = MakeRoot(_header.SuperRootBlockset);
    }

    /// <summary>The volumes' names as the user gave them.</summary>
    public string Name => _volumes.Name;

    /// <summary>What holds the volume header.</summary>
    public IBlockDevice RootVolume => _volumes.Volumes[0].Device;

    /// <summary>The volume header that was taken or, since, committed.</summary>
    public VolumeHeader Header => Volatile.Read(ref _header);

    /// <summary>What was met that was not as it should be.</summary>
    public MediaFaultLog Faults { get; }

    /// <summary>The references in the volume header; the super-root inode has key 0 below it.</summary>
    public Chain RootChain => Volatile.Read(ref _root);

    /// <inheritdoc/>
    public void Dispose() => _volumes.Dispose();

    // An illegal table leads nowhere: the device then has no super-root, which whoever opens it is told.
    private Chain MakeRoot(ReadOnlySpan<Blockref> blockset)
    {
        byte[] block = MemoryMarshal.AsBytes(blockset).ToArray();
        if (MediaValidator.Table(blockset, BlockrefType.VolumeRoot) is { } fault)
        {
            Faults.Report(default, Hammer2Error.Corrupt, $"the volume header's references: {fault}");
            Array.Clear(block);
        }
        return new Chain(ChainKind.Root, default, block);
    }
}
