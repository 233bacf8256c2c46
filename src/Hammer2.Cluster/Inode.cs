// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster;

/// <summary>
/// An object of a PFS: its chains on the synced nodes, of which one is read (the focus), merged with the changes since
/// the last commit. The siblings are loaded only when reading the focus fails.
/// </summary>
/// <remarks>Upstream: <c>hammer2_inode_t</c> with its <c>hammer2_cluster_t</c>. On a writable PFS it is valid while the
/// object's lock is held.</remarks>
public readonly struct Inode
{
    private readonly Chain? _focus;

    /// <param name="nodes">The nodes of its PFS.</param>
    /// <param name="view">The nodes that the operation sees.</param>
    /// <param name="focusNode">The node that is read.</param>
    /// <param name="inum">Its number.</param>
    /// <param name="focus">The chain on that node.</param>
    internal Inode(ClusterNodes nodes, ClusterView view, PresentNode focusNode, ulong inum, Chain focus)
        : this(nodes, view, focusNode, inum, focus, live: null)
    {
    }

    /// <param name="nodes">The nodes of its PFS.</param>
    /// <param name="view">The nodes that the operation sees.</param>
    /// <param name="live">The dirty inode.</param>
    internal Inode(ClusterNodes nodes, ClusterView view, DirtyInode live)
        : this(nodes, view, live.FocusNode, live.Inum, live.Focus, live)
    {
    }

    private Inode(
        ClusterNodes nodes, ClusterView view, PresentNode focusNode, ulong inum, Chain? focus, DirtyInode? live)
    {
        Nodes = nodes;
        View = view;
        FocusNode = focusNode;
        Inum = inum;
        Live = live;
        _focus = focus;
    }

    /// <summary>Its inode number; 1 for the root.</summary>
    public ulong Inum { get; }

    /// <summary>Its attributes.</summary>
    public ref readonly InodeMeta Meta
    {
        get
        {
            if (Live is not null) return ref Live.Meta;
            return ref _focus!.Meta;
        }
    }

    /// <summary>What follows the name in its name area: its extended attributes. Not of the root directory.</summary>
    public ReadOnlySpan<byte> AfterName => Live is null ? _focus!.AfterInodeName : Live.AfterName;

    /// <summary>Bytes allocated on media for this object's data, including dirty data.</summary>
    public ulong AllocatedBytes
    {
        get
        {
            ulong written = _focus?.Reference.Subtree.DataCount ?? 0;
            return Live is null ? written : written + (ulong)Live.UnwrittenBytes;
        }
    }

    /// <summary>Inodes below it as of the last commit; of a PFS root, all but the root.</summary>
    public ulong InodesBelow => _focus?.Reference.Subtree.InodeCount ?? 0;

    /// <summary>True when it was not changed since the last commit.</summary>
    public bool IsCommitted => Live is null;

    /// <summary>The nodes of its PFS.</summary>
    internal ClusterNodes Nodes { get; }

    /// <summary>The nodes that the operation sees, from its beginning to its end.</summary>
    internal ClusterView View { get; }

    /// <summary>The node that is read.</summary>
    internal PresentNode FocusNode { get; }

    /// <summary>The nodes in read order: the focus, then its siblings.</summary>
    internal ReadOrder ReadOrder => View.ReadOrderOf(Inum).StartingWith(FocusNode.Slot);

    /// <summary>The nodes to read when reading the focus fails, in their order.</summary>
    internal ReadOrder Siblings => View.ReadOrderOf(Inum).Except(FocusNode.Slot);

    /// <summary>The chain on that node as of the last commit; null for an object that was not committed yet.</summary>
    internal Chain? Focus => _focus;

    /// <summary>The changes since the last commit; null for none.</summary>
    internal DirtyInode? Live { get; }

    /// <summary>The embedded data of the inode.</summary>
    internal ReadOnlySpan<byte> Embedded => Live is null ? _focus!.EmbeddedData : Live.Embedded;

    /// <summary>The same inode with another node as its focus.</summary>
    internal Inode SeenOn(PresentNode node, Chain? chain) => new(Nodes, View, node, Inum, chain, Live);

    /// <summary>The node in a slot of the read order.</summary>
    internal PresentNode NodeAt(int slot) => slot == FocusNode.Slot ? FocusNode : View[slot];

    /// <summary>The chain of this object on a synced node; NodeDown when that node holds another version
    /// of it than the focus and the group that is being committed, or was fenced.</summary>
    internal Hammer2Error TryOnNode(int slot, out Chain? chain)
    {
        chain = _focus;
        if (slot == FocusNode.Slot) return Hammer2Error.None;
        PresentNode sibling = View[slot];
        if (!sibling.IsSynced && !View.Shown.Contains(slot)) return Hammer2Error.NodeDown;
        Hammer2Error error = sibling.LoadInode(Inum, out chain);
        if (error == Hammer2Error.NoEntry) return Hammer2Error.NodeDown;
        Nodes.WantHealed(slot, Media.PfsRootInum, Inum, error);
        if (error != Hammer2Error.None) return error;
        return IsSameVersion(chain!) || IsFrozenVersion(chain!) ? Hammer2Error.None : Hammer2Error.NodeDown;
    }

    private bool IsSameVersion(Chain other) =>
        other.Reference.ModifyTid == _focus!.Reference.ModifyTid && HasShape(other, _focus.Meta);

    // A node that took the commit of the frozen image before the others, or without them: what is read of its tree is
    // merged with the changes of that image, which change nothing there.
    private bool IsFrozenVersion(Chain other) => Live?.Frozen is { } image
        && other.Reference.ModifyTid > _focus!.Reference.ModifyTid
        && other.Reference.ModifyTid >= image.ModifyTid && HasShape(other, image.Meta);

    private static bool HasShape(Chain other, in InodeMeta meta) => other.Meta.Size == meta.Size
        && other.Meta.Type == meta.Type && other.Meta.HasDirectData == meta.HasDirectData;
}
