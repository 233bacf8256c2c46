// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains.Freemap;
using Hammer2.Format;

namespace Hammer2.Cluster.Healing;

/// <summary>
/// Makes places right that a node of a PFS could not show, from its siblings: in place where check codes prove the
/// bytes, else by a commit that stores them anew. The node stays a member.
/// </summary>
/// <remarks>One caller at a time. A write that fails fences the node.</remarks>
internal sealed class NodeHealer
{
    // More below one block of references is left to a resynchronization.
    private const ulong RebuildBytesMax = 1UL << 30;
    private const ulong RebuildInodesMax = 65_536;
    private const long ReservedLeastBytes = 1 << 20;
    private const long BytesOfInode = 4096;

    // A damaged block may be below another one.
    private const int RoundsMax = 4;

    private static readonly TimeSpan s_pinBound = TimeSpan.FromMinutes(10);

    private readonly ClusterNodes _nodes;
    private readonly IObjectRebuild _rebuild;
    private readonly SiblingBlocks _siblings;
    private readonly BlockMender _mender;

    /// <param name="nodes">The nodes of the PFS.</param>
    /// <param name="rebuild">Commits.</param>
    public NodeHealer(ClusterNodes nodes, IObjectRebuild rebuild)
    {
        _nodes = nodes;
        _rebuild = rebuild;
        _siblings = new SiblingBlocks(nodes);
        _mender = new BlockMender(_siblings);
    }

    /// <summary>Writes single blocks again; a scrub uses it, too.</summary>
    public BlockMender Mender => _mender;

    /// <summary>Heals places.</summary>
    /// <param name="requests">The places, of any nodes.</param>
    /// <param name="failed">Gets those that are still damaged.</param>
    /// <returns>What was done.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public HealCounts Heal(IReadOnlyList<HealRequest> requests, List<HealRequest> failed)
    {
        HealCounts counts = default;
        _siblings.Forget();
        foreach (IGrouping<int, HealRequest> group in requests.GroupBy(static request => request.Slot))
        {
            if (_nodes.View.NodeAt(group.Key) is not { IsSynced: true, Device.Committer: not null } node)
            {
                // What it lacks when it is back, a resynchronization copies.
                failed.AddRange(group);
                continue;
            }
            HealCounts done = HealOn(node, [.. group], failed);
            counts += done;
            if (done != default)
            {
                MountLog.Healed(
                    _nodes.Logger, _nodes.LabelText, node.Name, done.Rewritten, done.Rebuilt, done.Failed);
            }
        }
        return counts;
    }

    private HealCounts HealOn(PresentNode node, List<HealRequest> requests, List<HealRequest> failed)
    {
        int failedBefore = failed.Count;
        long rewritten = 0, rebuilt = 0;
        // Without a sibling nothing can be stored anew.
        int roundsMax = _nodes.View.Synced.Count > 1 ? RoundsMax : 0;
        List<Damage> before = [];
        for (int round = 0; ; round++)
        {
            Hammer2Error error = Examine(node, requests, ref rewritten, out List<Damage> damages);
            if (error != Hammer2Error.None)
            {
                failed.AddRange(requests);
                break;
            }
            // What the last round stored anew and is not among the damaged any more.
            if (round > 0) rebuilt += requests.Count - damages.Count;
            ForgetGone(node, before, damages);
            before = damages;
            bool isLast = round >= roundsMax || (round > 0 && damages.Count == requests.Count);
            foreach (Damage damage in damages)
                if (damage.Bytes < 0 || isLast) failed.Add(damage.Request);
            damages = [.. damages.Where(damage => damage.Bytes >= 0 && !isLast)];
            requests = damages.ConvertAll(static damage => damage.Request);
            if (requests.Count == 0) break;
            if (!TryRebuild(node, damages))
            {
                failed.AddRange(requests);
                break;
            }
        }
        return new HealCounts(rewritten, rebuilt, failed.Count - failedBefore);
    }

    private Hammer2Error Examine(
        PresentNode node, List<HealRequest> requests, ref long rewritten, out List<Damage> damages)
    {
        damages = [];
        Hammer2Error error = PinnedNode.Take(
            node, "healing of a node", s_pinBound, out PinnedNode? pinned);
        if (error != Hammer2Error.None) return error;
        using (pinned)
        {
            var examiner = new PlaceExaminer(pinned!, _mender);
            long before = _mender.RewrittenTotal;
            foreach (HealRequest request in requests)
            {
                if (examiner.Examine(request) != PlaceState.NeedsRebuild) continue;
                damages.Add(new Damage(
                    request, examiner.Part, examiner.Damaged, BytesOf(examiner.Damaged)));
            }
            rewritten += _mender.RewrittenTotal - before;
        }
        return error;
    }

    // Nothing that is mounted leads to them any more.
    private static void ForgetGone(PresentNode node, List<Damage> before, List<Damage> now)
    {
        foreach (Damage damage in before)
            if (!now.Exists(left => left.Block == damage.Block)) node.Device.Faults.Forget(damage.Reference);
    }

    // Bytes that storing anew needs at most; -1 for too much.
    private static long BytesOf(in Blockref damaged)
    {
        if (damaged.Type is not (BlockrefType.Inode or BlockrefType.Indirect)) return ReservedLeastBytes;
        SubtreeStatistics below = damaged.Subtree;
        if (below.DataCount > RebuildBytesMax || below.InodeCount > RebuildInodesMax) return -1;
        return (long)below.DataCount + ((long)below.InodeCount * BytesOfInode) + ReservedLeastBytes;
    }

    private bool TryRebuild(PresentNode node, List<Damage> damages)
    {
        // Several places may be below one damaged block: it is stored anew once.
        ObjectPart[] parts = [.. damages.DistinctBy(static damage => damage.Block).Select(static one => one.Part)];
        long bytes = damages.DistinctBy(static damage => damage.Block).Sum(static damage => damage.Bytes);
        SpaceReservations space = node.Device.Committer!.Space;
        if (!space.TryReserve(bytes, 0, SpaceUse.Add)) return false;
        Hammer2Error error = _rebuild.Run(parts);
        space.Release(bytes);
        return error == Hammer2Error.None && node.IsSynced;
    }

    private readonly record struct Damage(HealRequest Request, ObjectPart Part, Blockref Reference, long Bytes)
    {
        public ulong Block => Reference.Data.Raw;
    }
}
