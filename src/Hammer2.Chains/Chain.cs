// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Chains.Trees;
using Hammer2.Format;

namespace Hammer2.Chains;

/// <summary>The content of a <see cref="Chain"/>.</summary>
public enum ChainKind : byte
{
    /// <summary>The four references to the super-root inode in a volume header.</summary>
    Root,

    /// <summary>An inode, with references or with embedded data.</summary>
    Inode,

    /// <summary>A block of references.</summary>
    Indirect,

    /// <summary>The name of a directory entry that is too long for its reference.</summary>
    Name,
}

/// <summary>
/// One metadata block of a filesystem's tree together with the reference that led to it. A
/// chain holds bytes that matched their check code and whose every field was found legal; they never change.
/// </summary>
/// <remarks>
/// Upstream: <c>hammer2_chain_t</c>. A copy-on-write tree never alters a committed block, so a chain needs neither a
/// lock nor a reference count: the cache may evict it while readers still use it.
/// </remarks>
public sealed class Chain
{
    private readonly Blockref _reference;
    private readonly byte[] _block;

    internal Chain(ChainKind kind, in Blockref reference, byte[] block)
    {
        Kind = kind;
        _reference = reference;
        _block = block;
        foreach (ref readonly Blockref child in Table)
        {
            if (child.Type != BlockrefType.Indirect) continue;
            LeadsToIndirect = true;
            break;
        }
    }

    /// <summary>The kind of content.</summary>
    public ChainKind Kind { get; }

    /// <summary>The blockref of this block; all zero for <see cref="ChainKind.Root"/>.</summary>
    public ref readonly Blockref Reference => ref _reference;

    /// <summary>The decoded bytes; of a block of references those up to the last one in use.</summary>
    public ReadOnlySpan<byte> Block => _block;

    /// <summary>The size that the cache charges for this chain, in bytes.</summary>
    internal int CostBytes => _block.Length + 256;

    /// <summary>The references in this block: ascending, disjoint, with empty slots anywhere, without those after
    /// the last one in use; none for names and for inodes that embed their data.</summary>
    public ReadOnlySpan<Blockref> Table => Kind switch
    {
        ChainKind.Inode => Meta.HasDirectData ? default : References(Block[InodeBlock.UnionOffset..]),
        ChainKind.Name => default,
        _ => References(Block),
    };

    /// <summary>True when one of the references leads to a block of references.</summary>
    public bool LeadsToIndirect { get; }

    /// <summary>The meta part. Only of an inode.</summary>
    public ref readonly InodeMeta Meta => ref InodeBlock.ReadMeta(_block);

    /// <summary>The name in the inode: the label of a PFS root, without meaning for others. Only of an inode.</summary>
    public ReadOnlySpan<byte> InodeName =>
        Block.Slice(InodeBlock.NameOffset, Math.Min((int)Meta.NameBytes, InodeBlock.NameAreaBytes));

    /// <summary>The bytes after the name, up to the end of its area. Only of an inode.</summary>
    public ReadOnlySpan<byte> AfterInodeName =>
        Block[(InodeBlock.NameOffset + InodeName.Length)..(InodeBlock.NameOffset + InodeBlock.NameAreaBytes)];

    /// <summary>The name and what follows it. Only of an inode.</summary>
    public InodeName NameArea => new(InodeName, AfterInodeName);

    /// <summary>The 512 bytes where other inodes have references. Only of an inode with direct data.</summary>
    public ReadOnlySpan<byte> EmbeddedData => Block.Slice(InodeBlock.UnionOffset, Media.EmbeddedBytes);

    /// <summary>The same block with another reference to it.</summary>
    internal Chain Under(in Blockref reference) => new(Kind, reference, _block);

    private static ReadOnlySpan<Blockref> References(ReadOnlySpan<byte> bytes) =>
        MemoryMarshal.Cast<byte, Blockref>(bytes);
}
