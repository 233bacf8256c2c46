// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Cluster.Scrubbing;

/// <summary>
/// Looks on the same filesystem for other blocks whose check codes say that they have the bytes of damaged ones: copies
/// that deduplication did not find, or an older state of the block in a snapshot that was written again.
/// </summary>
/// <remarks>Reads blocks of references only, and the data of those that match. Blocks of references that cannot be read
/// are passed over. Used by one thread, for one pinned commit.</remarks>
internal sealed class DuplicateSearch(PresentNode node, PinnedRoot pin, ScrubWork work)
{
    private const int DepthMax = 3 * (Media.TreeDepthMax + 1);

    private readonly Dictionary<ulong, List<ScrubFinding>> _wanted = [];
    private readonly ScrubSeen _seen = new();

    /// <summary>Searches.</summary>
    /// <param name="findings">What is damaged; those that are right now are removed.</param>
    public void Run(List<ScrubFinding> findings)
    {
        foreach (ScrubFinding finding in findings)
        {
            if (!CheckCode.Protects(finding.Reference.Methods.Check)) continue;
            ulong mark = MarkOf(finding.Reference);
            if (!_wanted.TryGetValue(mark, out List<ScrubFinding>? same)) _wanted.Add(mark, same = []);
            same.Add(finding);
        }
        if (_wanted.Count == 0) return;
        var mended = new HashSet<DamagedPlace>();
        Visit(pin.Root.Table, 0, mended);
        _ = findings.RemoveAll(finding => mended.Contains(finding.Place));
        work.Counts.Healed += (ulong)mended.Count;
    }

    private void Visit(ReadOnlySpan<Blockref> table, int depth, HashSet<DamagedPlace> mended)
    {
        foreach (ref readonly Blockref reference in table)
        {
            if (work.IsCancelled) return;
            if (reference.IsEmpty || reference.Data.SizeBytes == 0) continue;
            Compare(reference, mended);
            bool leadsOn = reference.Type is BlockrefType.Inode or BlockrefType.Indirect && depth < DepthMax;
            if (!leadsOn || _seen.Contains(reference)) continue;
            if (node.Device.Load(reference, out Chain? chain) != Hammer2Error.None) continue;
            Visit(chain!.Table, depth + 1, mended);
            _seen.Add(reference);
        }
    }

    private void Compare(in Blockref found, HashSet<DamagedPlace> mended)
    {
        if (!_wanted.TryGetValue(MarkOf(found), out List<ScrubFinding>? same)) return;
        byte[]? stored = null;
        foreach (ScrubFinding finding in same)
        {
            Blockref wanted = finding.Reference;
            bool isCopy = found.Data.Raw != wanted.Data.Raw && found.Data.SizeBytes == wanted.Data.SizeBytes
                && found.Methods.Check == wanted.Methods.Check && found.CheckRead.SequenceEqual(wanted.CheckRead);
            if (!isCopy || mended.Contains(finding.Place)) continue;
            stored ??= new byte[found.Data.SizeBytes];
            if (node.Device.ReadStored(found, stored) != Hammer2Error.None) return;
            if (work.Mender.TryRewriteWith(node, pin, wanted, stored)) _ = mended.Add(finding.Place);
        }
    }

    private static ulong MarkOf(in Blockref reference) =>
        MemoryMarshal.Read<ulong>(reference.CheckRead)
        ^ (ulong)reference.Data.SizeBytes;
}
