// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using System.Threading;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Chains;

/// <summary>
/// An opened filesystem as it is read: a set of volumes, the tree below the current volume header, and its cached
/// blocks. It is written by way of the <see cref="MediaDevice"/> that it is part of.
/// </summary>
/// <remarks>Thread-safe. Reading only acquires locks of the cache's shards, for moments.</remarks>
public abstract partial class MediaReader
{
    private ShownCommit _shown;

    /// <summary>Reads the filesystem on the given volumes.</summary>
    private protected MediaReader(VolumeSet volumes, MediaCaches caches, ILogger logger)
    {
        Volumes = volumes;
        Caches = caches;
        Ordinal = caches.NextDeviceOrdinal();
        Faults = new MediaFaultLog(volumes, logger);
        _shown = MakeShown(volumes.Header);
    }

    /// <summary>The volumes' names as the user gave them.</summary>
    public string Name => Volumes.Name;

    /// <summary>The device with the volume header.</summary>
    public IBlockDevice RootVolume => Volumes.Volumes[0].Device;

    /// <summary>The volumes, for code that evaluates headers and records.</summary>
    public VolumeSet Volumes { get; }

    /// <summary>The volume header that was chosen at opening or committed since.</summary>
    public VolumeHeader Header => Shown.Header;

    /// <summary>The log of faults.</summary>
    public MediaFaultLog Faults { get; }

    /// <summary>The references in the volume header; the super-root inode has key 0 below it.</summary>
    public Chain RootChain => Shown.Root;

    /// <summary>The header in use with its references, of one commit.</summary>
    internal ShownCommit Shown => Volatile.Read(ref _shown);

    /// <summary>True when blocks may have been freed and used again, so that one without a check code is not
    /// read.</summary>
    private protected bool NeedsCheckCodes { get; init; }

    /// <summary>The caches, which it shares with other filesystems.</summary>
    internal MediaCaches Caches { get; }

    /// <summary>Its number in the caches.</summary>
    internal int Ordinal { get; }

    /// <summary>Switches to the trees of a durable header.</summary>
    internal void Show(VolumeHeader header) => Volatile.Write(ref _shown, MakeShown(header));

    /// <summary>Forgets blocks of file data that were read in part.</summary>
    internal void ForgetDecodedBlocks() => Caches.Data.Clear();

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
