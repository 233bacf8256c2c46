// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// Reads every block that is reachable from a header and newer than a given transaction id, and verifies its check
/// code: this proves that a commit is completely on media. An older block is skipped with everything below it.
/// </summary>
/// <remarks>The cost is proportional to the size of the commit. Not thread-safe.</remarks>
public sealed class NewBlockVerifier
{
    // The super-root, a PFS root and a file, each with the maximum number of levels.
    private const int DepthMax = 3 * (Media.TreeDepthMax + 1);

    private readonly VolumeSet _volumes;
    private readonly ulong _newerThan;
    private readonly byte[] _leaf = new byte[Media.AllocationBytesMax];
    private UnprotectedDigest _digest;

    private NewBlockVerifier(VolumeSet volumes, ulong newerThan)
    {
        _volumes = volumes;
        _newerThan = newerThan;
    }

    /// <summary>Reads and verifies the new blocks.</summary>
    /// <param name="volumes">The filesystem.</param>
    /// <param name="superRoot">References to the super-root inode.</param>
    /// <param name="freemap">References to the freemap.</param>
    /// <param name="newerThan">References with a mirror_tid up to this value are not new.</param>
    /// <param name="digest">Digest of the new blocks without a check code. Undefined after an error.</param>
    /// <returns>None; or Io, Check or Corrupt for the first block that cannot be read or does not match its
    /// reference.</returns>
    public static Hammer2Error Verify(
        VolumeSet volumes, ReadOnlySpan<Blockref> superRoot, ReadOnlySpan<Blockref> freemap, ulong newerThan,
        out UnprotectedDigest digest)
    {
        var blocks = new NewBlockVerifier(volumes, newerThan);
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
            // A directory entry with a short name has no block.
            if (reference.IsEmpty || reference.MirrorTid <= _newerThan || reference.Data.SizeBytes == 0) continue;
            bool isLeaf = reference.Type is BlockrefType.Data or BlockrefType.Dirent or BlockrefType.FreemapLeaf;
            byte[] buffer = isLeaf ? _leaf : new byte[reference.Data.SizeBytes];
            Span<byte> block = buffer.AsSpan(0, reference.Data.SizeBytes);
            Hammer2Error error = _volumes.Read(reference.Data.Bytes, block);
            // Read once more before giving up: a commit may depend on this block.
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
