// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Members;

/// <summary>Makes slaves masters, and masters slaves, in a cluster that is written.</summary>
/// <remarks>Entry: the nodes of the mount are locked. First the record, which says who votes; then the node's own root,
/// which says the same. What the root says alone never gives a vote.</remarks>
internal sealed class RoleChange(ClusterMount mount)
{
    private Pfs Pfs => mount.Pfs;

    /// <summary>Has a slave become a master: it is made equal to the others, and then votes.</summary>
    /// <param name="node">The slave.</param>
    /// <param name="record">The record.</param>
    public Hammer2Error Promote(PresentNode node, MembershipRecord record)
    {
        Hammer2Error error = node.Device.OpenForWriting();
        if (error != Hammer2Error.None) return error;
        return Change(node, record.With(node.Facts.Tag, MemberRole.Joining), InodeMeta.ReturningMasterRole,
            NodeRole.Returning, NodeState.Stale);
    }

    /// <summary>Has a master be a slave from now on: it keeps what it holds, and has no vote.</summary>
    /// <param name="node">The master.</param>
    /// <param name="record">The record.</param>
    public Hammer2Error Demote(PresentNode node, MembershipRecord record) => Change(
        node, record.With(node.Facts.Tag, MemberRole.Slave), (byte)PfsType.Slave, NodeRole.Slave, NodeState.Passive);

    private Hammer2Error Change(
        PresentNode node, MembershipRecord record, byte storedRole, NodeRole role, NodeState state)
    {
        if (!ViewMembers.HasRoom(Pfs.View, record)) return Hammer2Error.TooLarge;
        PresentNode? changed = null;
        Hammer2Error error = Pfs.Writer!.ChangeMembers((out Func<ClusterView, ClusterView>? exchange) =>
        {
            // With the root of the last commit, which this is after.
            changed = new PresentNode(
                node.Slot, node.Entry with { Root = node.Root }, state, node.Facts with { Role = role });
            exchange = view => view.WithOtherRole(node, changed).WithRecord(record);
            return Hammer2Error.None;
        });
        if (error != Hammer2Error.None) return error;
        var edit = NodeRootEdit.Role(changed!.Root, storedRole);
        error = PfsListCommit.Run(node.Device, edit);
        if (error != Hammer2Error.None) return error;
        changed.Install(edit.Written!);
        Pfs.Writer!.StartResync(changed);
        return error;
    }
}
