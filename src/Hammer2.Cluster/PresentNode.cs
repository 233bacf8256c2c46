// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Threading;
using Hammer2.Chains;
using Hammer2.Cluster.Resync;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster;

/// <summary>A copy of a mounted PFS on one opened filesystem (node): the root of its trees as of the last commit, which
/// inodes are looked up below, and its state, which says whether it may be read and written.</summary>
/// <remarks>Upstream: an element of <c>hammer2_cluster_t</c>. Thread-safe. Its state and its newest root change while
/// it is a member; a fence is seen at once by operations that took their view before it.</remarks>
public sealed class PresentNode : NodeMember
{
    private Chain _root;
    private StrongBox<Blockref>? _attempted;
    private int _state;

    /// <summary>A node in a slot.</summary>
    /// <param name="slot">0 to 7; fixed while the node is a member.</param>
    /// <param name="entry">Its PFS root as it was found.</param>
    /// <param name="state">Its state.</param>
    /// <param name="facts">Its stored state.</param>
    internal PresentNode(int slot, PfsEntry entry, NodeState state, in NodeFacts facts)
        : base(entry.Device.Name, facts)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Media.NodesMax);
        Slot = slot;
        Entry = entry;
        _root = entry.Root;
        _state = (int)state;
    }

    /// <summary>Its index, 0 to 7, in every array with one element for each node.</summary>
    public int Slot { get; }

    /// <summary>Its identity.</summary>
    public NodeIdentity Identity => new(Device.Header.Fields.FilesystemId, Entry.NodeId);

    /// <summary>The PFS root as it was found.</summary>
    public PfsEntry Entry { get; }

    /// <summary>The PFS root as of the last commit.</summary>
    public Chain Root => Volatile.Read(ref _root);

    /// <summary>The filesystem that contains it.</summary>
    public MediaDevice Device => Entry.Device;

    /// <inheritdoc/>
    /// <remarks>A device that was fenced by any PFS on it is fenced for all.</remarks>
    public override NodeState State
    {
        get
        {
            var state = (NodeState)Volatile.Read(ref _state);
            bool isFenced = NodeTransitions.MayBeUsed(state) && Device.Committer is { IsFenced: true };
            return isFenced ? NodeState.Failed : state;
        }
    }

    /// <summary>True when it may be read, and written by commits.</summary>
    internal bool IsSynced => NodeTransitions.MayBeUsed(State);

    /// <inheritdoc/>
    internal override string Reason => Resync is { } progress && !IsSynced
        ? $"{MembershipText.Describe(State, Facts)}; {progress}" : MembershipText.Describe(State, Facts);

    /// <summary>True while a user keeps it offline: it is not looked for.</summary>
    internal bool IsKeptOffline { get; set; }

    /// <summary>How far its resynchronization is; null before the first one.</summary>
    internal ResyncProgress? Resync { get; set; }

    /// <summary>Notes the root of a commit whose header is going to be written: from then on it is not known whether
    /// media have it, until it is installed.</summary>
    internal void Attempt(in Blockref root) => Volatile.Write(ref _attempted, new StrongBox<Blockref>(root));

    /// <summary>Switches to the root of a new commit.</summary>
    internal void Install(Chain root) => Volatile.Write(ref _root, root);

    /// <summary>True when a root that was found on its media is the last one that this mount wrote there, or the one
    /// that it was about to: nothing else changed the node since.</summary>
    internal bool HasWritten(in Blockref root) => BlockrefComparer.IsSame(root, Root.Reference)
        || Volatile.Read(ref _attempted) is { } attempted && BlockrefComparer.IsSame(root, attempted.Value);

    /// <summary>Fences the node after a failed write: nothing more is read from it or written to it.</summary>
    /// <returns>True for the call that did it; false when it was fenced before, or is not used.</returns>
    internal bool TryFence() => TryChange(
        NodeEvent.WriteFailed, new TransitionFacts(Facts, Facts.Commit, HasQuorum: false, IsContentKept: false));

    /// <summary>Goes to the state that an event leads to.</summary>
    /// <returns>False when the event does not belong to its state, or a condition for it is not met.</returns>
    internal bool TryChange(NodeEvent e, in TransitionFacts facts)
    {
        while (true)
        {
            var before = (NodeState)Volatile.Read(ref _state);
            NodeTransition next = NodeTransitions.On(before, e, facts);
            if (!next.IsAccepted) return false;
            if (Interlocked.CompareExchange(ref _state, (int)next.State, (int)before) == (int)before) return true;
        }
    }

    /// <summary>Finds an inode on this node.</summary>
    /// <returns>None; NoEntry; or the error of reading it.</returns>
    internal Hammer2Error LoadInode(ulong inum, out Chain? inode)
    {
        while (true)
        {
            Chain root = Root;
            Hammer2Error error = LoadInode(root, inum, out inode);
            // Blocks of an older commit may have been freed and allocated again while they were read.
            if (!error.IsNodeFault() || root == Root) return error;
        }
    }

    private Hammer2Error LoadInode(Chain root, ulong inum, out Chain? inode)
    {
        inode = root;
        if (inum == Media.PfsRootInum) return Hammer2Error.None;

        inode = null;
        if (inum is Media.SuperRootInum or >= Media.EntryKeyBit) return Hammer2Error.NoEntry;
        var cursor = new ChainCursor(Device, root, inum, inum);
        Hammer2Error error = cursor.MoveNext();
        if (error != Hammer2Error.None) return error;
        return cursor.Current.Type == BlockrefType.Inode
            ? Device.Load(cursor.Current, out inode)
            : Device.ReportMisplaced(cursor.Current, "the PFS has something else under this inode's number");
    }
}
