// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster;

/// <summary>One member of a mounted PFS: a PFS root on one device, or the place of one that is
/// absent.</summary>
public sealed class PfsNode
{
    private Chain? _root;
    private int _state;

    internal PfsNode(PfsEntry entry, NodeState state, in NodeFacts facts)
    {
        Facts = facts;
        Name = entry.Device.Name;
        Entry = entry;
        _root = entry.Root;
        _state = (int)state;
    }

    internal PfsNode(string name, string absence)
    {
        Facts = NodeFacts.Missing;
        Name = name;
        Absence = absence;
        _state = (int)NodeState.Offline;
    }

    /// <summary>The devices as the user gave them.</summary>
    public string Name { get; }

    /// <summary>The PFS root as it was found; null when absent.</summary>
    public PfsEntry? Entry { get; }

    /// <summary>The PFS root as of the last commit. Only of a node that is there.</summary>
    public Chain Root => Volatile.Read(ref _root)!;

    /// <summary>The filesystem it lies on. Only of a node that is there.</summary>
    public MediaDevice Device => Entry!.Device;

    /// <summary>Why the node is absent; null when it is there.</summary>
    public string? Absence { get; }

    /// <summary>What it said of itself when the PFS was put together.</summary>
    public NodeFacts Facts { get; }

    /// <summary>What it may be used for.</summary>
    public NodeState State => (NodeState)Volatile.Read(ref _state);

    /// <summary>True when it may be read.</summary>
    internal bool IsSynced => State == NodeState.Synced;

    /// <summary>Shows the root of a new commit.</summary>
    internal void Install(Chain root) => Volatile.Write(ref _root, root);

    /// <summary>Takes the node out: nothing more is read from it or written to it.</summary>
    internal void Fence() => Volatile.Write(ref _state, (int)NodeState.Failed);

    /// <summary>Finds an inode on this node.</summary>
    /// <returns>None; NoEntry; or what kept it from being read.</returns>
    internal Hammer2Error LoadInode(ulong inum, out Chain? inode)
    {
        while (true)
        {
            Chain root = Root;
            Hammer2Error error = LoadInode(root, inum, out inode);
            // Blocks of an older commit may have been freed and given out while they were read.
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
