// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Trees;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Resync;

/// <summary>
/// The node that is made equal to a pinned commit of another one, by units that are each committed on its device. From
/// the first one until the last its role says that it is returning.
/// </summary>
/// <remarks>Used by one thread. Each unit has the turn of the device, and reads the tree of the last unit there, so
/// that bulkfree may run between any two.</remarks>
internal sealed class ResyncTarget
{
    private readonly PresentNode _node;
    private readonly UnitClient _client;

    /// <param name="node">The node, open for writing.</param>
    /// <param name="client">Waits for running units, for bulkfree.</param>
    /// <param name="trustsTids">True when its tree and that of the source were written by this driver alone.</param>
    public ResyncTarget(PresentNode node, UnitClient client, bool trustsTids)
    {
        _node = node;
        _client = client;
        TrustsTids = trustsTids;
    }

    /// <summary>True when equal numbers in both trees mean equal content.</summary>
    public bool TrustsTids { get; }

    /// <summary>What reading the source met in the last unit; None when its error, if any, was the target's.</summary>
    public Hammer2Error SourceFault { get; private set; }

    /// <summary>True once a block of the node could not be read, in any unit of this pass.</summary>
    public bool HasTargetFault { get; private set; }

    /// <summary>Leaves changed by all units.</summary>
    public long ChangesTotal { get; private set; }

    /// <summary>What the last unit took from the source: file data, and references that were changed.</summary>
    public long LastUnitBytes { get; private set; }

    private MediaCommitter Committer => _node.Device.Committer!;

    /// <summary>A pass begins.</summary>
    public void BeginPass() => HasTargetFault = false;

    /// <summary>Copies the next unit.</summary>
    /// <param name="source">The commit that is copied.</param>
    /// <param name="data">Copies file data of that commit.</param>
    /// <param name="baseTid">mirror_tid of an earlier commit of the source that the node has; 0 for none.</param>
    /// <param name="position">Where to begin; becomes where to go on, and null at the end.</param>
    /// <returns>None; NoSpace, which committed nothing; what reading the source met; the error that fenced the
    /// device.</returns>
    /// <remarks>Enters a turn of the device.</remarks>
    public Hammer2Error CopyUnit(
        ResyncSource source, StoredDataCopier data, ulong baseTid, ref ResyncPosition? position)
    {
        SourceFault = Hammer2Error.None;
        LastUnitBytes = 0;
        if (!TryReserve(out UnitBudget? budget)) return Hammer2Error.NoSpace;
        using (_client.EnterUnit())
        using (CommitTurn.Enter(Committer))
        {
            try
            {
                var trees = new MergeTrees(source.Node.Device, source.Root, _node.Device, _node.Root)
                {
                    TrustsTids = TrustsTids,
                    BaseTid = baseTid,
                };
                Hammer2Error error = Copy(source, data, trees, budget!, ref position);
                if (error != Hammer2Error.None) data.Abandon();
                return error;
            }
            finally
            {
                Committer.Space.Release(budget!.ReservedBytes);
            }
        }
    }

    /// <summary>Gives the root the role, the number and the id of the source's: the node holds that commit.</summary>
    /// <param name="source">The commit, which the node was found equal to.</param>
    /// <returns>None; NoSpace; the error that fenced the device.</returns>
    /// <remarks>Enters a turn of the device.</remarks>
    public Hammer2Error Finish(ResyncSource source)
    {
        if (!TryReserve(out UnitBudget? budget)) return Hammer2Error.NoSpace;
        using (_client.EnterUnit())
        using (CommitTurn.Enter(Committer))
        {
            var trees = new MergeTrees(source.Node.Device, source.Root, _node.Device, _node.Root);
            Hammer2Error error = Commit(source, trees.EditTarget(), isFinished: true);
            Committer.Space.Release(budget!.ReservedBytes);
            return error;
        }
    }

    private bool TryReserve(out UnitBudget? budget)
    {
        for (int halvings = 0; halvings <= UnitBudget.HalvingsMax; halvings++)
        {
            budget = new UnitBudget(halvings);
            if (Committer.Space.TryReserve(budget.ReservedBytes, 0, SpaceUse.Add)) return true;
        }
        budget = null;
        return false;
    }

    private Hammer2Error Copy(ResyncSource source, StoredDataCopier data, MergeTrees trees, UnitBudget budget,
        ref ResyncPosition? position)
    {
        var leaves = new ObjectLeafCopier(trees.Source, trees.Target, data, budget);
        var merge = new TreeMerge(trees, budget, new IndexLeafCopier(trees, leaves, budget));
        Hammer2Error error = merge.Run(position!.Value);
        SourceFault = merge.SourceFault;
        if (merge.HasTargetFault)
        {
            HasTargetFault = true;
            data.ForgetPlaces();
        }
        if (error == Hammer2Error.None) error = data.Flush();
        if (error != Hammer2Error.None) return error;
        if (merge.Editor is { } changed)
        {
            error = Commit(source, changed, isFinished: false);
            if (error != Hammer2Error.None) return error;
            data.Keep();
        }
        position = merge.Rest;
        ChangesTotal += budget.Changes;
        LastUnitBytes = budget.DataBytes + ((long)budget.Changes * Unsafe.SizeOf<Blockref>());
        _node.Resync?.Advance(position?.Key, budget.Changes, budget.DataBytes);
        return error;
    }

    private Hammer2Error Commit(ResyncSource source, TreeEditor tree, bool isFinished)
    {
        Hammer2Error error = WriteRoot(source, tree, isFinished, out Chain? root);
        if (error == Hammer2Error.None) error = Committer.PutPfsRoot(root!.Reference);
        if (error != Hammer2Error.None) return error;
        ref readonly Blockref reference = ref root!.Reference;
        CommitIdentity identity = isFinished
            ? new CommitIdentity(
                reference.Key, root.Meta.PfsClusterId, reference.ModifyTid, root.Meta.PfsCommitId)
            : default;
        error = Committer.Prepare(identity, out PreparedCommit? prepared);
        if (error == Hammer2Error.None) error = Committer.Publish(prepared!);
        if (error == Hammer2Error.None) _node.Install(root);
        return error;
    }

    private Hammer2Error WriteRoot(ResyncSource source, TreeEditor tree, bool isFinished, out Chain? root)
    {
        Chain own = _node.Root;
        Blockref reference = own.Reference;
        InodeMeta meta = isFinished
            ? ResyncRoots.Finished(own.Meta, source.Root.Meta, _node.Facts.Role)
            : ResyncRoots.Returning(own.Meta, source.Root.Meta, _node.Facts.Role);
        if (isFinished) reference.Methods = source.Root.Reference.Methods;
        reference.Flags |= BlockrefFlags.PfsRoot;
        // The label is the node's own; holds are the same everywhere.
        InodeName name = own.NameArea;
        if (isFinished)
        {
            root = null;
            if (!RootNames.TryFollow(source.Root, own.InodeName.Length, out byte[] after)) return Hammer2Error.TooLarge;
            name = new InodeName(own.InodeName, after);
        }
        Hammer2Error error = InodeWriter.Write(
            Committer.Writer, Committer.MirrorTid, meta, name, tree, ref reference, out root);
        if (error != Hammer2Error.None) return error;
        if (isFinished)
        {
            reference.ModifyTid = source.Root.Reference.ModifyTid;
            reference.UpdateTid = CommitStamp.Compute(
                reference, CommitStamp.MayHaveOrphans(source.Root.Reference));
        }
        else reference.UpdateTid = ResyncRoots.StampOf(reference, TrustsTids);
        root = Committer.Writer.RememberAs(root!, reference);
        return error;
    }
}
