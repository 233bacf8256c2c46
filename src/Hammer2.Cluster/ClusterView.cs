// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Immutable;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster;

/// <summary>
/// The list of the nodes that store a mounted PFS, with the order in which they are read for an inode. Each node has a
/// slot of its own. Immutable: a node comes or goes by a new view, which is swapped in as a whole, and an operation
/// that began with the old one ends with it.
/// </summary>
/// <remarks>
/// Only the membership is frozen here. The state of a node belongs to the node, because a fence must act at once on
/// operations that are under way, and one that a device gets is the same for all PFSs on it.
/// Slots index what an operation or a transaction group keeps for each node. The slot of a node that left is retired:
/// it is empty, and given to another node only after <see cref="Reuse"/>, when nothing that was made under an
/// older view is left.
/// </remarks>
public sealed class ClusterView
{
    private readonly PresentNode?[] _bySlot = new PresentNode?[Media.NodesMax];
    private readonly SlotSet _retired;

    private ClusterView(ImmutableArray<NodeMember> members, int quorum, MembershipRecord? record, SlotSet retired)
    {
        Members = members;
        Quorum = quorum;
        Record = record;
        _retired = retired;
        var nodes = ImmutableArray.CreateBuilder<PresentNode>();
        foreach (NodeMember member in members)
        {
            if (member is not PresentNode node) continue;
            if (_bySlot[node.Slot] is { } holder)
                throw new InvalidOperationException($"{node.Name}: its slot {node.Slot} is held by {holder.Name}");
            _bySlot[node.Slot] = node;
            nodes.Add(node);
            SlotsTotal = Math.Max(SlotsTotal, node.Slot + 1);
            if (node.IsSynced) Readers = Readers.With(node.Slot);
        }
        Nodes = nodes.ToImmutable();
        foreach (int slot in retired) SlotsTotal = Math.Max(SlotsTotal, slot + 1);
    }

    /// <summary>All members in the order in which they were named; absent ones too.</summary>
    public ImmutableArray<NodeMember> Members { get; }

    /// <summary>The members that are there, in the same order.</summary>
    public ImmutableArray<PresentNode> Nodes { get; }

    /// <summary>Masters that must agree: more than half of those that the cluster has.</summary>
    public int Quorum { get; }

    /// <summary>Which nodes the cluster has, to be stored with the next commit; null where no record says it.</summary>
    public MembershipRecord? Record { get; }

    /// <summary>Elements of an array that is indexed by slot: one more than the greatest slot in use.</summary>
    internal int SlotsTotal { get; }

    /// <summary>The nodes that were synced when the view was made; objects are spread over them. One that was fenced
    /// since is among them.</summary>
    internal SlotSet Readers { get; }

    /// <summary>The slots of the nodes that are shown now: the synced ones; when none is left, those that hold the
    /// newest commit.</summary>
    internal SlotSet Shown
    {
        get
        {
            SlotSet synced = default;
            foreach (int slot in Readers)
                if (_bySlot[slot]!.IsSynced) synced = synced.With(slot);
            return synced.IsEmpty ? NewestReaders() : synced;
        }
    }

    /// <summary>The members that are synced now, in the order in which they were named.</summary>
    internal SyncedNodes Synced => new(Nodes);

    /// <summary>The lowest slot that a new member may get; -1 when there is none.</summary>
    internal int FreeSlot
    {
        get
        {
            for (int slot = 0; slot < Media.NodesMax; slot++)
                if (_bySlot[slot] is null && !_retired.Contains(slot)) return slot;
            return -1;
        }
    }

    /// <summary>The node in a slot that is in use.</summary>
    internal PresentNode this[int slot] => _bySlot[slot]!;

    /// <summary>A view of members.</summary>
    /// <exception cref="InvalidOperationException">Two of them have one slot.</exception>
    internal static ClusterView Of(
        ImmutableArray<NodeMember> members, int quorum, MembershipRecord? record = null) =>
        new(members, quorum, record, retired: default);

    /// <summary>The node in a slot; null when the slot is empty.</summary>
    internal PresentNode? NodeAt(int slot) => _bySlot[slot];

    /// <summary>True when each node that another view has, too, has the same root there.</summary>
    internal bool HasRootsOf(ClusterView other)
    {
        foreach (PresentNode node in Nodes)
        {
            foreach (PresentNode same in other.Nodes)
            {
                if (same.Identity == node.Identity && (same.Root.Reference.Data.Raw != node.Root.Reference.Data.Raw
                    || same.Root.Reference.ModifyTid != node.Root.Reference.ModifyTid)) return false;
            }
        }
        return true;
    }

    /// <summary>True when a node is a member.</summary>
    internal bool Has(PresentNode node) => _bySlot[node.Slot] == node;

    /// <summary>
    /// In which order the nodes are asked for an object: the synced ones. Once none is left the PFS is stopped for
    /// writing; what the nodes with the newest commit hold is still shown.
    /// </summary>
    internal ReadOrder ReadOrderOf(ulong inum) => new(inum, Readers, Shown);

    /// <summary>The node that is asked first for an object.</summary>
    internal PresentNode FocusOf(ulong inum) => this[ReadOrderOf(inum).First];

    /// <summary>The view with a further member.</summary>
    /// <exception cref="InvalidOperationException">Its slot is held or retired, or another member is the same PFS of
    /// the same filesystem.</exception>
    internal ClusterView With(PresentNode node)
    {
        if (_retired.Contains(node.Slot))
            throw new InvalidOperationException($"{node.Name}: slot {node.Slot} is retired and not free yet");
        foreach (PresentNode member in Nodes)
        {
            if (member.Identity == node.Identity)
                throw new InvalidOperationException($"{node.Name} and {member.Name} are the same node");
        }
        return new ClusterView(Members.Add(node), Quorum, Record, _retired);
    }

    /// <summary>The view of a cluster whose nodes are named by another record, the voters of which decide from now
    /// on.</summary>
    internal ClusterView WithRecord(MembershipRecord record) => new(Members, record.Quorum, record, _retired);

    /// <summary>The view with a node as it is after its resynchronization, in its slot: it is read and written from now
    /// on.</summary>
    /// <exception cref="InvalidOperationException">The slot does not hold this node, or it was synced.</exception>
    internal ClusterView WithResynced(PresentNode before, PresentNode after)
    {
        if (!IsSameNode(before, after) || Readers.Contains(before.Slot))
            throw new InvalidOperationException($"{before.Name}: not a node that was resynchronized");
        return WithReplaced(before, after);
    }

    /// <summary>The view with a node that has another part in the cluster, in its slot.</summary>
    /// <remarks>Entry: everything is committed and no operation that changes something runs.</remarks>
    /// <exception cref="InvalidOperationException">The slot does not hold this node, or the new one is
    /// synced.</exception>
    internal ClusterView WithOtherRole(PresentNode before, PresentNode after)
    {
        if (!IsSameNode(before, after) || after.IsSynced)
            throw new InvalidOperationException($"{before.Name}: not a node whose part is changed");
        return WithReplaced(before, after);
    }

    /// <summary>The view with a node whose device answers again, in place of the member that it was; it is not synced
    /// yet.</summary>
    /// <remarks>Operations that began before may still refer to a fenced node by its slot. What they keep for it is not
    /// used: only synced nodes are written, and a node becomes synced when nothing is dirty.</remarks>
    /// <exception cref="InvalidOperationException">The member is not in the view, or used; or the slot is not its own
    /// or free; or the new one is synced.</exception>
    internal ClusterView WithReturned(NodeMember before, PresentNode after)
    {
        bool isPossible = before is PresentNode present
            ? Has(present) && !present.IsSynced && present.Slot == after.Slot
            : Members.Contains(before) && _bySlot[after.Slot] is null && !_retired.Contains(after.Slot);
        if (!isPossible || after.IsSynced)
            throw new InvalidOperationException($"{after.Name}: not a node that returned");
        return WithReplaced(before, after);
    }

    /// <summary>The view with a fenced node whose device was read anew and which goes on where it was.</summary>
    /// <remarks>Each dirty block has a place on it.</remarks>
    /// <exception cref="InvalidOperationException">The slot does not hold the fenced node, or the new one is not the
    /// same node.</exception>
    internal ClusterView WithUnfenced(PresentNode before, PresentNode after)
    {
        if (!IsSameNode(before, after) || before.IsSynced || !after.IsSynced)
            throw new InvalidOperationException($"{before.Name}: not a node that was fenced");
        return WithReplaced(before, after);
    }

    private bool IsSameNode(PresentNode before, PresentNode after) =>
        Has(before) && before.Slot == after.Slot && before.Identity == after.Identity;

    private ClusterView WithReplaced(NodeMember before, PresentNode after) =>
        new(Members.Replace(before, after), Quorum, Record, _retired);

    /// <summary>The view without the node in a slot, which is retired.</summary>
    /// <remarks>The node itself stays as it is: operations that began before read on from it. Its device may be closed
    /// when they have ended.</remarks>
    /// <exception cref="InvalidOperationException">The slot is empty.</exception>
    internal ClusterView Without(int slot)
    {
        PresentNode node = _bySlot[slot] ?? throw new InvalidOperationException($"slot {slot} is empty");
        return new ClusterView(Members.Remove(node), Quorum, Record, _retired.With(slot));
    }

    /// <summary>The view without a member, whose slot is free at once.</summary>
    /// <remarks>Entry: everything is committed and no operation that changes something runs.</remarks>
    internal ClusterView Without(NodeMember member) => member is PresentNode node
        ? Without(node.Slot).Reuse(node.Slot) : new ClusterView(Members.Remove(member), Quorum, Record, _retired);

    /// <summary>True when a view has a synced node or a free slot that this one has not: then nothing that was made
    /// under this one may be left.</summary>
    internal bool IsExtendedBy(ClusterView later)
    {
        foreach (PresentNode node in later.Nodes)
            if (!Has(node) && node.IsSynced) return true;
        return (_retired.Bits & ~later._retired.Bits) != 0;
    }

    /// <summary>The view with a retired slot that may be given to another node.</summary>
    /// <remarks>Entry: no operation and no transaction group that began before the slot was retired is
    /// left.</remarks>
    /// <exception cref="InvalidOperationException">The slot is not retired.</exception>
    internal ClusterView Reuse(int slot) => _retired.Contains(slot)
        ? new ClusterView(Members, Quorum, Record, _retired.Without(slot))
        : throw new InvalidOperationException($"slot {slot} is not retired");

    // Nodes that were fenced at different times hold different commits.
    private SlotSet NewestReaders()
    {
        ulong newest = 0;
        SlotSet holders = default;
        foreach (int slot in Readers)
        {
            ulong commit = _bySlot[slot]!.Root.Reference.ModifyTid;
            if (commit < newest) continue;
            if (commit > newest) holders = default;
            newest = commit;
            holders = holders.With(slot);
        }
        return holders;
    }
}
