// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Encodes a file block for storing: truncated to the length that the file needs, a hole if it has only zeros,
/// compressed if that saves space. Done once for all nodes.
/// </summary>
/// <remarks>Upstream: hammer2_strategy.c. Used by one thread.</remarks>
internal sealed class BlockEncoder
{
    // Upstream's rule: after eight failures in a row only every eighth block is tried.
    private const int FailuresPatience = 8;
    private const int FailuresMax = 128;

    private readonly byte[] _padded = new byte[Media.FileBlockBytes];
    private readonly byte[] _encoded = new byte[Media.FileBlockBytes / 2];

    /// <summary>A scratch buffer of 64 KiB for the caller.</summary>
    public byte[] Scratch { get; } = new byte[Media.FileBlockBytes];

    /// <summary>Encodes a block.</summary>
    /// <param name="block">Properties of the block and its file.</param>
    /// <param name="content">Its first bytes; zeros follow.</param>
    /// <param name="reference">Receives type, key and methods; neither location nor check code.</param>
    /// <param name="stored">The bytes to store; empty for a hole. Valid until the next call.</param>
    public void Encode(
        in SealedBlock block, ReadOnlySpan<byte> content, out Blockref reference,
        out ReadOnlySpan<byte> stored)
    {
        reference = default;
        stored = default;
        ReadOnlySpan<byte> logical = Pad(content, block.LogicalBytes);
        var policy = (CompressionMethod)(block.CompressionPolicy & 0x0F);
        bool makesHoles = policy != CompressionMethod.None && block.Check != CheckMethod.None;
        if (makesHoles && BlockCodec.IsAllZero(logical)) return;

        bool isEncoded = TryEncode(block, policy, logical, out int encodedBytes);
        stored = isEncoded ? _encoded.AsSpan(0, encodedBytes) : logical;
        reference = new Blockref
        {
            Type = BlockrefType.Data,
            Methods = new BlockMethods(block.Check, isEncoded ? policy : CompressionMethod.None),
            Key = block.Key,
            KeyBits = Media.BufferRadix,
        };
    }

    private ReadOnlySpan<byte> Pad(ReadOnlySpan<byte> content, int bytes)
    {
        if (content.Length >= bytes) return content[..bytes];
        content.CopyTo(_padded);
        _padded.AsSpan(content.Length).Clear();
        return _padded.AsSpan(0, bytes);
    }

    private bool TryEncode(
        in SealedBlock block, CompressionMethod policy, ReadOnlySpan<byte> logical, out int encodedBytes)
    {
        encodedBytes = 0;
        if (policy is not (CompressionMethod.Lz4 or CompressionMethod.Zlib)) return false;
        // Blocks of one file may be encoded concurrently; a lost update of the count is harmless.
        DirtyInode live = block.File;
        int failures = live.CompressionFailures;
        bool isTried = failures < FailuresPatience || failures % FailuresPatience == 0;
        if (isTried && BlockCodec.TryEncode(
            policy, block.CompressionPolicy >> 4, logical, _encoded, out encodedBytes))
        {
            live.CompressionFailures = 0;
            return true;
        }
        live.CompressionFailures = failures >= FailuresMax ? FailuresPatience : failures + 1;
        return false;
    }
}
