// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>
/// Walks versions of directories: the names in them are remembered, and of PFS roots also which inodes belong to the PFS.
/// A block of references is visited once: give the newest versions first. Those that the newest tree has as well are left
/// out: all in them exists.
/// </summary>
internal sealed class EntryWalk : IMediaVisitor
{
    private const int DirectoryDepth = 2;
    private const int RootDepth = 1;

    private readonly MediaWalker _walker;
    private readonly SlotReader _slots;
    private readonly LiveState _live;
    private readonly UndeleteOptions _options;
    private readonly BlockSet _visited = new();
    private ulong _directory;
    private ulong _tid;
    private short _pfs;

    public EntryWalk(MediaWalker walker, SlotReader slots, LiveState live, UndeleteOptions options)
    {
        (_walker, _slots, _live, _options) = (walker, slots, live, options);
    }

    /// <summary>Receives the names.</summary>
    public required FoundNames Names { get; init; }

    /// <summary>The inodes whose PFS is to be entered.</summary>
    public required InodeList Inodes { get; init; }

    /// <summary>Chooses the entries.</summary>
    public required Func<DirentHead, bool> Wants { get; init; }

    /// <summary>Walks the version of a PFS root whose reference is at an address.</summary>
    /// <param name="slot">The address.</param>
    /// <param name="pfs">Index of the PFS.</param>
    /// <param name="tid">The commit of the next version.</param>
    public void WalkRoot(ulong slot, short pfs, ulong tid) => Walk(slot, Media.PfsRootInum, pfs, tid, new WalkPosition
    {
        Depth = RootDepth,
        ParentType = BlockrefType.Inode,
        IsUnderSuperRoot = true,
    });

    /// <summary>Walks the version of a directory whose reference is at an address.</summary>
    /// <param name="slot">The address.</param>
    /// <param name="inum">Number of the directory.</param>
    /// <param name="pfs">Index of the PFS, or unknown.</param>
    /// <param name="tid">The commit of the next version.</param>
    public void WalkDirectory(ulong slot, ulong inum, short pfs, ulong tid) => Walk(slot, inum, pfs, tid, new WalkPosition
    {
        Depth = DirectoryDepth,
        ParentType = BlockrefType.Indirect,
        OwnerInum = Media.PfsRootInum,
        OwnerType = ObjectType.Directory,
    });

    bool IMediaVisitor.Wants(in WalkPosition position, in Blockref reference)
    {
        if (IsTop(position)) return true;
        return reference.Type == BlockrefType.Indirect
            && (_options.IsRelaxed || CheckCode.Protects(reference.Methods.Check))
            && !_visited.Contains(reference.Data.Bytes)
            && (_options.IncludesAll || !_live.HasBlock(reference.Data.Bytes));
    }

    bool IMediaVisitor.Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
    {
        ulong address = reference.Data.Bytes;
        if (reference.Type == BlockrefType.Indirect) _ = _visited.Add(address);
        if (reference.Type == BlockrefType.Inode)
        {
            block = block[InodeBlock.UnionOffset..];
            address += InodeBlock.UnionOffset;
        }
        ReadOnlySpan<Blockref> table = MemoryMarshal.Cast<byte, Blockref>(block);
        Names.AddTable(table, address, _directory, _tid, _pfs, Wants);
        if (_directory != Media.PfsRootInum) return true;
        foreach (ref readonly Blockref slot in table)
            if (slot.Type == BlockrefType.Inode) Inodes.SetPfs(slot.Data.Bytes, _pfs);
        return true;
    }

    void IMediaVisitor.Leave(in WalkPosition position, in Blockref reference)
    {
    }

    // What was used for something else since has no names any more.
    void IMediaVisitor.Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault)
    {
    }

    private bool IsTop(in WalkPosition position) =>
        position.Depth == (_directory == Media.PfsRootInum ? RootDepth : DirectoryDepth);

    private void Walk(ulong slot, ulong directory, short pfs, ulong tid, in WalkPosition position)
    {
        if (!_slots.TryRead(slot, out Blockref reference) || reference.Type != BlockrefType.Inode) return;
        (_directory, _pfs, _tid) = (directory, pfs, tid);
        _walker.WalkFrom(this, reference, position);
    }
}
