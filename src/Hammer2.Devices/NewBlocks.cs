// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>Stands for the content of blocks whose references keep no check code. It does not depend on the order in
/// which the blocks are met.</summary>
/// <param name="Sum">Sum of a hash of each block and its location.</param>
/// <param name="Blocks">How many blocks.</param>
public readonly record struct UnprotectedDigest(ulong Sum, ulong Blocks)
{
    private const ulong LocationFactor = 0x9E3779B97F4A7C15;

    internal UnprotectedDigest With(DataOffset location, ReadOnlySpan<byte> block)
    {
        ulong hash = CheckCode.Hash64(block) ^ (location.Raw * LocationFactor);
        return new UnprotectedDigest(unchecked(Sum + (hash * LocationFactor)), Blocks + 1);
    }
}

/// <summary>
/// Reads every block that a header leads to and that is newer than another header, and compares it with its check code:
/// proves that all of a commit is on media. What is older is passed over with everything below it.
/// </summary>
/// <remarks>Cost: in proportion to the commit. Used by one thread.</remarks>
public sealed class NewBlocks
{
    // The super-root, a PFS root and a file, each with as many levels as are followed.
    private const int DepthMax = 3 * (Media.TreeDepthMax + 1);

    private readonly VolumeSet _volumes;
    private readonly ulong _newerThan;
    private readonly byte[] _leaf = new byte[Media.AllocationBytesMax];
    private UnprotectedDigest _digest;

    private NewBlocks(VolumeSet volumes, ulong newerThan)
    {
        _volumes = volumes;
        _newerThan = newerThan;
    }

    /// <summary>Reads and verifies the new blocks.</summary>
    /// <param name="volumes">The filesystem.</param>
    /// <param name="superRoot">References to the super-root inode.</param>
    /// <param name="freemap">References to the freemap.</param>
    /// <param name="newerThan">References with a mirror_tid up to this one are not new.</param>
    /// <param name="digest">Of the new blocks without a check code. Means nothing after an error.</param>
    /// <returns>None; Io, Check or Corrupt of the first block that is not as its reference says.</returns>
    public static Hammer2Error Verify(
        VolumeSet volumes, ReadOnlySpan<Blockref> superRoot, ReadOnlySpan<Blockref> freemap, ulong newerThan,
        out UnprotectedDigest digest)
    {
        var blocks = new NewBlocks(volumes, newerThan);
        Hammer2Error error = blocks.Visit(superRoot, BlockrefType.VolumeRoot, 0);
        if (error == Hammer2Error.None) error = blocks.Visit(freemap, BlockrefType.FreemapRoot, 0);
        digest = blocks._digest;
        return error;
    }

    private Hammer2Error Visit(ReadOnlySpan<Blockref> table, BlockrefType owner, int depth)
    {
        if (depth > DepthMax || MediaValidator.Table(table, owner) is not null) return Hammer2Error.Corrupt;
        foreach (ref readonly Blockref reference in table)
        {
            // An entry with a short name has no block.
            if (reference.IsEmpty || reference.MirrorTid <= _newerThan || reference.Data.SizeBytes == 0) continue;
            bool isLeaf = reference.Type is BlockrefType.Data or BlockrefType.Dirent or BlockrefType.FreemapLeaf;
            byte[] buffer = isLeaf ? _leaf : new byte[reference.Data.SizeBytes];
            Span<byte> block = buffer.AsSpan(0, reference.Data.SizeBytes);
            Hammer2Error error = _volumes.Read(reference.Data.Bytes, block);
            // Once more: a commit may depend on it.
            if (error == Hammer2Error.Io) error = _volumes.Read(reference.Data.Bytes, block);
            if (error != Hammer2Error.None) return error;
            if (!CheckCode.Verify(reference, block)) return Hammer2Error.Check;
            if (!CheckCode.Protects(reference.Methods.Check)) _digest = _digest.With(reference.Data, block);
            error = isLeaf ? Hammer2Error.None : Descend(reference, block, depth);
            if (error != Hammer2Error.None) return error;
        }
        return Hammer2Error.None;
    }

    private Hammer2Error Descend(in Blockref reference, Span<byte> block, int depth)
    {
        if (reference.Type == BlockrefType.Inode)
        {
            if (MediaValidator.Inode(reference, block) is not null) return Hammer2Error.Corrupt;
            if (InodeBlock.ReadMeta(block).HasDirectData) return Hammer2Error.None;
            block = block[InodeBlock.UnionOffset..];
        }
        return Visit(MemoryMarshal.Cast<byte, Blockref>(block), reference.Type, depth + 1);
    }
}
