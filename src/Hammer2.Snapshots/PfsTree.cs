// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Snapshots;

/// <summary>A PFS or snapshot of a <see cref="SnapshotFilesystem"/>, as of the commit with which that was
/// opened.</summary>
public sealed class PfsTree
{
    internal PfsTree(MediaDevice device, Chain root) => (Device, Root) = (device, root);

    /// <summary>Its label, 1 to 255 bytes.</summary>
    public ReadOnlySpan<byte> Label => Root.InodeName;

    /// <summary>The id that its nodes share: of one filesystem, no two PFSs should have the same.</summary>
    public MediaUuid ClusterId => Root.Meta.PfsClusterId;

    /// <summary>Number of its last change.</summary>
    public ulong ModifyTid => Root.Reference.ModifyTid;

    internal MediaDevice Device { get; }

    internal Chain Root { get; }

    /// <summary>Finds an inode by its number.</summary>
    /// <returns>None; NoEntry; the fault of a block on the way.</returns>
    internal Hammer2Error FindInode(ulong inum, out Chain? inode)
    {
        inode = inum == Media.PfsRootInum ? Root : null;
        if (inode is not null) return Hammer2Error.None;
        var cursor = new ChainCursor(Device, Root, inum, inum);
        Hammer2Error error = cursor.MoveNext();
        if (error != Hammer2Error.None) return error;
        return cursor.Current.Type == BlockrefType.Inode
            ? Device.Load(cursor.Current, out inode)
            : Device.ReportMisplaced(cursor.Current, "not an inode, among inodes");
    }
}
