// SPDX-License-Identifier: BSD-3-Clause
using System.Numerics;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

/// <summary>
/// Turns a written file block into what is stored: as long as the file needs it, a hole if it is zeros only,
/// compressed if that pays. Decided once for all nodes.
/// </summary>
/// <remarks>Upstream: hammer2_strategy.c. Belongs to one thread.</remarks>
internal sealed class BlockEncoder
{
    // Upstream's rule: after eight failures in a row only every eighth block is tried.
    private const int FailuresPatience = 8;
    private const int FailuresMax = 128;

    private readonly byte[] _encoded = new byte[Media.FileBlockBytes / 2];

    /// <summary>Encodes a block.</summary>
    /// <param name="inode">The file: its policies, its size, and how its blocks compressed so far.</param>
    /// <param name="key">Position of the block in the file.</param>
    /// <param name="content">All 64 KiB.</param>
    /// <param name="reference">Gets type, key and methods; neither place nor check code.</param>
    /// <param name="stored">The bytes to store; empty for a hole. Good until the next call.</param>
    public void Encode(
        ClosedInode inode, ulong key, ReadOnlySpan<byte> content, out Blockref reference,
        out ReadOnlySpan<byte> stored)
    {
        reference = default;
        stored = default;
        ulong size = inode.Meta.Size;
        if (key >= size) return;
        ReadOnlySpan<byte> logical = content[..LogicalBytes(size - key)];
        CheckMethod check = inode.Meta.Check;
        CompressionMethod policy = inode.Meta.Compression;
        bool makesHoles = policy != CompressionMethod.None && check != CheckMethod.None;
        if (makesHoles && BlockCodec.IsAllZero(logical)) return;

        bool isEncoded = TryEncode(inode, policy, logical, out int encodedBytes);
        stored = isEncoded ? _encoded.AsSpan(0, encodedBytes) : logical;
        reference = new Blockref
        {
            Type = BlockrefType.Data,
            Methods = new BlockMethods(check, isEncoded ? policy : CompressionMethod.None),
            Key = key,
            KeyBits = Media.BufferRadix,
        };
    }

    private bool TryEncode(
        ClosedInode inode, CompressionMethod policy, ReadOnlySpan<byte> logical, out int encodedBytes)
    {
        encodedBytes = 0;
        if (policy is not (CompressionMethod.Lz4 or CompressionMethod.Zlib)) return false;
        LiveInode live = inode.Live;
        int failures = live.CompressionFailures;
        bool isTried = failures < FailuresPatience || failures % FailuresPatience == 0;
        if (isTried && BlockCodec.TryEncode(
            policy, inode.Meta.CompressionPolicy >> 4, logical, _encoded, out encodedBytes))
        {
            live.CompressionFailures = 0;
            return true;
        }
        live.CompressionFailures = failures >= FailuresMax ? FailuresPatience : failures + 1;
        return false;
    }

    private static int LogicalBytes(ulong toEnd)
    {
        if (toEnd >= Media.FileBlockBytes) return Media.FileBlockBytes;
        return (int)Math.Max(BitOperations.RoundUpToPowerOf2((uint)toEnd), Media.AllocationBytesMin);
    }
}
