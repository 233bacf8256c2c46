// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Chains;

/// <summary>
/// Caches shared by all devices of one mount: metadata blocks, partly read file blocks, spare buffers.
/// </summary>
public sealed class MediaCaches
{
    /// <summary>Default size of the caches of a mount, 256 MiB.</summary>
    public const long DefaultBytes = 256L << 20;

    private const long DataShare = 8;
    private const long DataBytesMax = 32L << 20;
    private int _devices;

    /// <summary>Divides <paramref name="bytesMax"/>: an eighth, at most 32 MiB, for file blocks, the rest for
    /// metadata.</summary>
    public MediaCaches(long bytesMax = DefaultBytes)
    {
        long data = Math.Min(bytesMax / DataShare, DataBytesMax);
        Data = new DataBlockCache(data);
        Chains = new ChainCache(bytesMax - data);
    }

    /// <summary>Verified metadata.</summary>
    public ChainCache Chains { get; }

    /// <summary>What the cache of partly read file blocks holds.</summary>
    public CacheUse DataUse => Data.Use;

    internal DataBlockCache Data { get; }

    internal BlockBuffers Buffers { get; } = new();

    internal int NextDeviceOrdinal() => Interlocked.Increment(ref _devices);
}
