// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains;

/// <summary>
/// Walks all blocks reachable from a volume header, of all PFSs and snapshots, and passes each reference to a callback.
/// It ends at the first unreadable block: the blocks below that one are unknown, so that no block can be proven
/// unreachable.
/// </summary>
/// <remarks>Upstream: <c>hammer2_bulkfree_scan</c>, <c>hammer2_recovery_scan</c>; the former goes on past damage
/// and then frees what is below it. File data is shown and not read. A subtree that several snapshots share is
/// followed once, as far as memory for remembering it is given.</remarks>
internal sealed class ReachableWalk
{
    private readonly MediaReader _device;
    private readonly Action<Blockref> _show;
    private readonly ulong _newerThan;
    private readonly Func<bool>? _isCancelled;
    private readonly VisitedBlocks _visited = new();

    /// <summary>A walk over one filesystem.</summary>
    /// <param name="device">The filesystem.</param>
    /// <param name="show">Receives references with storage.</param>
    /// <param name="newerThan">References with a mirror_tid up to this one are skipped, with all below.</param>
    /// <param name="isCancelled">Called before each block of metadata; true ends the walk.</param>
    public ReachableWalk(
        MediaReader device, Action<Blockref> show, ulong newerThan = 0, Func<bool>? isCancelled = null)
    {
        _device = device;
        _show = show;
        _newerThan = newerThan;
        _isCancelled = isCancelled;
    }

    /// <summary>Walks below a root.</summary>
    /// <returns>None; Interrupted; the fault of the first block that could not be read.</returns>
    public Hammer2Error Run(Chain root) => Visit(root.Table, depth: 0);

    private Hammer2Error Visit(ReadOnlySpan<Blockref> table, int depth)
    {
        foreach (ref readonly Blockref reference in table)
        {
            if (reference.IsEmpty || (_newerThan != 0 && reference.MirrorTid <= _newerThan)) continue;
            // An entry with a short name has no block.
            if (reference.Data.SizeBytes == 0) continue;
            _show(reference);
            if (reference.Type is not (BlockrefType.Inode or BlockrefType.Indirect)) continue;
            if (_isCancelled is not null && _isCancelled()) return Hammer2Error.Interrupted;
            Hammer2Error error = Descend(reference, depth);
            if (error != Hammer2Error.None) return error;
        }
        return Hammer2Error.None;
    }

    private Hammer2Error Descend(in Blockref reference, int depth)
    {
        // The super-root, a PFS root and a file, each with the maximum number of levels.
        if (depth >= 3 * (Media.TreeDepthMax + 1))
            return _device.ReportMisplaced(reference, "blocks are nested too deep");
        if (_visited.Contains(reference.Data)) return Hammer2Error.None;
        Hammer2Error error = _device.LoadOnce(reference, out Chain? chain);
        if (error != Hammer2Error.None) return error;
        error = Visit(chain!.Table, depth + 1);
        if (error == Hammer2Error.None) _visited.Add(reference.Data);
        return error;
    }
}
