// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>The root of one PFS.</summary>
public sealed class PfsRecord
{
    internal PfsRecord(in Blockref reference, ReadOnlySpan<byte> block)
    {
        Reference = reference;
        Meta = InodeBlock.ReadMeta(block);
        int length = Math.Min((int)Meta.NameBytes, InodeBlock.NameAreaBytes);
        Label = block.Slice(InodeBlock.NameOffset, length).ToArray();
        AfterLabel = block[(InodeBlock.NameOffset + length)..InodeBlock.UnionOffset].ToArray();
    }

    /// <summary>The reference to the root: its key is the hash of the label.</summary>
    public Blockref Reference { get; }

    /// <summary>The fields of the root inode.</summary>
    public InodeMeta Meta { get; }

    /// <summary>The label, as stored bytes.</summary>
    public byte[] Label { get; }

    /// <summary>The rest of the area of the label, where <see cref="PfsHolds"/> are.</summary>
    public byte[] AfterLabel { get; }

    /// <summary>Key below the super-root; unique on the filesystem.</summary>
    public ulong Key => Reference.Key;

    /// <summary>Bytes allocated below the root, as the root's reference counts them.</summary>
    public ulong DataBytes => Reference.Subtree.DataCount;

    /// <summary>Inodes below the root, as the root's reference counts them.</summary>
    public ulong InodesTotal => Reference.Subtree.InodeCount;
}
