// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

internal sealed partial class TopologyCheck
{
    /// <summary>The PFS of a block of references to inodes; null for other blocks, and while a walk is repeated.</summary>
    private PfsScope? PartOwner(in FsckPosition position, in Blockref reference)
    {
        bool isOfInodes = position.OwnerInum == Media.PfsRootInum && !position.IsUnderSuperRoot
            && (reference.Key & Media.EntryKeyBit) == 0;
        return isOfInodes && !_context.IsRepeating ? position.Pfs : null;
    }

    /// <summary>Visits a block of references to inodes; one that another PFS has too and that is sound is not read
    /// again.</summary>
    private void VisitPart(in FsckPosition position, in Blockref reference, PfsScope pfs)
    {
        FsckReport report = _context.Report;
        if (_parts.TryGetValue(reference, out IndexPart? known) && pfs.Seen.Add(reference.Data.Bytes))
        {
            report.Inodes += known.Inodes;
            report.Entries += known.Entries;
            pfs.Add(known);
            return;
        }
        IndexPart? outer = pfs.Part;
        (long inodes, long entries, ulong linkSum) = (report.Inodes, report.Entries, pfs.Links.Total);
        (long tids, ulong highest, long faults) = (pfs.ModifyTidsAbove, pfs.HighestInum, FaultsOf(pfs));
        var part = new IndexPart();
        (pfs.Part, pfs.HighestInum) = (part, 0);
        FollowIndirect(position, reference);
        part.HighestInum = pfs.HighestInum;
        (pfs.Part, pfs.HighestInum) = (outer, Math.Max(highest, part.HighestInum));
        if (FaultsOf(pfs) != faults) return;
        part.Inodes = report.Inodes - inodes;
        part.Entries = report.Entries - entries;
        part.LinkSum = pfs.Links.Total - linkSum;
        part.ModifyTidsAbove = pfs.ModifyTidsAbove - tids;
        _parts[reference] = part;
        outer?.Add(part);
    }

    // What must be found in each PFS anew.
    private long FaultsOf(PfsScope pfs) => _context.Report.Errors + _context.Report.Warnings + _context.Report.Notes
        + pfs.Links.UnlinkedTotal + pfs.Attributes.Owners.Count + pfs.Attributes.Entries.Count;
}
