// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Admin.Fsck;

internal sealed partial class TopologyCheck
{
    // What a node gets while it is resynchronized comes inode by inode: names and inodes agree at the end.
    private void JudgeNames(PfsScope pfs)
    {
        if (pfs.Meta.PfsRole == InodeMeta.ReceivingRole)
        {
            _context.Add(FsckSeverity.Note, FsckCode.NotJudged, pfs, 0,
                "the PFS is being received and is not whole: its names are not judged");
        }
        else if (NodeFacts.RoleOf(pfs.Meta) != NodeRole.Returning) new NamespaceCheck(_context, pfs).Run();
        else _context.Add(FsckSeverity.Note, FsckCode.NotJudged, pfs, 0,
            "the node is being resynchronized: its names and inodes are not compared");
    }

    /// <summary>Walks the names and inodes of a PFS that was checked, for those of a selection or all. Finds the same ones as
    /// before, since it takes the same decisions.</summary>
    private LinkSums WalkAgain(in FsckPosition position, ReadOnlySpan<byte> blockset, FactSelection? selection)
    {
        PfsScope first = position.Pfs!;
        var again = new PfsScope(first.Root) { Label = first.Label, Meta = first.Meta, Selection = selection };
        _ = again.Seen.Add(first.Root.Data.Bytes);
        first.Directories.Sort();
        if (selection is not null) again.Directories = first.Directories;
        _context.IsRepeating = true;
        try
        {
            VisitTable(position with { Pfs = again }, MemoryMarshal.Cast<byte, Blockref>(blockset));
        }
        finally
        {
            _context.IsRepeating = false;
        }
        selection?.Sort();
        return again.Links;
    }
}
