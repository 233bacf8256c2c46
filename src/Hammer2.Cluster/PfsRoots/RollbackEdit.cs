// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>
/// Gives the PFS that a commit is of the content of one of its earlier states, and keeps the content before as a
/// further snapshot. Label, key, ids and role stay those of the PFS; its numbers of commits and inodes go on above all
/// that it or the earlier state used. For a commit between which and the one before nothing is accepted.
/// </summary>
internal sealed class RollbackEdit : PfsRootEdit
{
    private readonly IRollbackSource _source;
    private readonly SnapshotEdit _kept;
    private readonly ulong _time;

    /// <param name="source">The state, which every synced node has, last committed before this commit.</param>
    /// <param name="kept">Keeps the state before.</param>
    /// <param name="time">Microseconds since 1970 UTC.</param>
    public RollbackEdit(IRollbackSource source, SnapshotEdit kept, ulong time) =>
        (_source, _kept, _time) = (source, kept, time);

    /// <inheritdoc/>
    public override bool IsSnapshot => true;

    /// <inheritdoc/>
    public override int RootsWritten => 2;

    /// <inheritdoc/>
    public override Hammer2Error Apply(in PfsRootTurn turn)
    {
        Hammer2Error error = _kept.Apply(turn);
        if (error != Hammer2Error.None) return error;
        error = _source.Find(turn.Device, out Chain? from);
        if (error != Hammer2Error.None) return error;
        Chain live = turn.Source!;
        Invariant.Holds(from!.Reference.ModifyTid < turn.Tid);
        InodeMeta meta = RootMeta.Join(from.Meta, live.Meta);
        meta.PfsInum = Math.Max(from.Meta.PfsInum, live.Meta.PfsInum);
        meta.PfsCommitId = live.Meta.PfsCommitId;
        meta.PfsOriginId = live.Meta.PfsOriginId;
        meta.BirthTime = live.Meta.BirthTime;
        meta.ChangeTime = _time;
        Blockref reference = live.Reference;
        PfsRootTurn stamping = turn with { HasOrphans = CommitStamp.MayHaveOrphans(from.Reference) };
        error = stamping.Put(
            meta, live.NameArea, from.Table, ref reference, isStamped: true, out Chain? root);
        if (error == Hammer2Error.None) turn.Exchange!.Root = root;
        return error;
    }
}
