// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// An inode that was changed since the last commit, created since, or opened to be changed. All nodes will hold it as
/// it is here: operations decide its content once, and the commit merges that into each node's trees.
/// </summary>
/// <remarks>
/// Upstream: the modified part of <c>hammer2_inode_t</c>. Readers look at the delta of the open group first, then at
/// the frozen image of the syncing group, then at the tree of the last commit. Guarded by the lock of the inode (rank
/// 30).
/// </remarks>
public sealed class DirtyInode
{
    private InodeMeta _meta;
    private LeafDelta? _open;
    private FrozenInode? _frozen;

    private DirtyInode(ulong inum, in InodeMeta meta, byte[]? embedded, PresentNode focusNode, Chain? focus)
    {
        Inum = inum;
        _meta = meta;
        Embedded = embedded;
        FocusNode = focusNode;
        Focus = focus;
    }

    /// <summary>Its number.</summary>
    public ulong Inum { get; }

    /// <summary>The meta part with all operations so far.</summary>
    public ref InodeMeta Meta => ref _meta;

    /// <summary>The content when it is embedded in the inode, 512 bytes; else null.</summary>
    internal byte[]? Embedded { get; set; }

    /// <summary>What follows the name in its name area, from the first byte on: its extended attributes; null for
    /// nothing. The bytes are never changed.</summary>
    public byte[]? AfterName { get; set; }

    /// <summary>The node that is read for it.</summary>
    internal PresentNode FocusNode { get; private set; }

    /// <summary>The chain of that node as of the last commit; null when no commit has the inode yet.</summary>
    internal Chain? Focus { get; private set; }

    /// <summary>Methods of the reference to it, decided when it was created.</summary>
    internal BlockMethods Methods { get; init; }

    /// <summary>Number of the newest operation that changed it.</summary>
    internal ulong ModifyTid { get; set; }

    /// <summary>Changed leaves that are not frozen yet; null when there are none.</summary>
    internal LeafDelta? Open
    {
        get => Volatile.Read(ref _open);
        set => Volatile.Write(ref _open, value);
    }

    /// <summary>The image that a commit is writing; null when there is none.</summary>
    internal FrozenInode? Frozen
    {
        get => Volatile.Read(ref _frozen);
        set => Volatile.Write(ref _frozen, value);
    }

    /// <summary>Its membership in a transaction group for which it is not frozen yet; null while it is not
    /// dirty.</summary>
    internal GroupMember? Member { get; set; }

    /// <summary>True when it is in a transaction group and not frozen.</summary>
    internal bool IsDirty => Member is not null;

    /// <summary>True once its last link and its last user are gone: the next commit deletes it.</summary>
    internal bool IsDeleted { get; set; }

    /// <summary>Bytes of file data that no commit has yet.</summary>
    internal long UnwrittenBytes { get; set; }

    /// <summary>Consecutive blocks that did not compress; compression is tried more seldom then.</summary>
    internal int CompressionFailures { get; set; }

    /// <summary>The changed leaves that are not frozen, made if there are none.</summary>
    internal LeafDelta Changes => Open ??= new LeafDelta();

    /// <summary>A new inode.</summary>
    internal static DirtyInode Create(in InodeMeta meta, BlockMethods methods, PresentNode focusNode)
    {
        byte[]? embedded = meta.HasDirectData ? new byte[Media.EmbeddedBytes] : null;
        return new DirtyInode(meta.Inum, meta, embedded, focusNode, focus: null) { Methods = methods };
    }

    /// <summary>An inode that the last commit has, opened to be changed.</summary>
    internal static DirtyInode FromChain(ulong inum, PresentNode focusNode, Chain chain)
    {
        byte[]? embedded = chain.Meta.HasDirectData ? chain.EmbeddedData.ToArray() : null;
        return new DirtyInode(inum, chain.Meta, embedded, focusNode, chain)
        {
            AfterName = AfterNameOf(inum, chain),
            ModifyTid = chain.Reference.ModifyTid,
            Methods = chain.Reference.Methods,
        };
    }

    // A root directory has other things there, which commits keep.
    private static byte[]? AfterNameOf(ulong inum, Chain chain) =>
        inum != Media.PfsRootInum && chain.AfterInodeName.ContainsAnyExcept((byte)0)
            ? chain.AfterInodeName.ToArray() : null;

    /// <summary>Has it read from a node from now on.</summary>
    /// <param name="node">The node.</param>
    /// <param name="chain">Its chain there as of the last commit; null when no commit has it.</param>
    /// <remarks>Entry: its lock is held exclusively.</remarks>
    internal void SeeOn(PresentNode node, Chain? chain) => (FocusNode, Focus) = (node, chain);

    /// <summary>Makes the image that a syncing group writes, and begins anew: later operations belong to a later
    /// group.</summary>
    /// <remarks>Entry: its lock is held exclusively; it is dirty.</remarks>
    internal FrozenInode Freeze()
    {
        GroupMember member = Member!;
        var image = new FrozenInode(
            this, Meta, AfterName, (byte[]?)Embedded?.Clone(), ModifyTid, Open, IsDeleted, member, Frozen);
        Frozen = image;
        Open = null;
        Member = null;
        member.Image = image;
        return image;
    }

    /// <summary>Takes an operation's changes back to what the syncing group has, or else the last commit.</summary>
    /// <returns>False when neither has it, or only the last commit: nothing is left to be written.</returns>
    /// <remarks>Entry: its lock is held exclusively; its blocks were dropped.</remarks>
    internal bool Revert()
    {
        Open = null;
        Member = null;
        if (Frozen is { } image)
        {
            Meta = image.Meta;
            AfterName = image.AfterName;
            Embedded = (byte[]?)image.Embedded?.Clone();
            ModifyTid = image.ModifyTid;
            IsDeleted = image.IsDeleted;
            return true;
        }
        if (Focus is { } chain)
        {
            Meta = chain.Meta;
            AfterName = AfterNameOf(Inum, chain);
            Embedded = chain.Meta.HasDirectData ? chain.EmbeddedData.ToArray() : null;
            ModifyTid = chain.Reference.ModifyTid;
        }
        IsDeleted = Focus is null;
        return false;
    }
}

/// <summary>An inode as a syncing group has it; only where its data is stored may still change.</summary>
/// <param name="Inode">The inode.</param>
/// <param name="Meta">Its meta part.</param>
/// <param name="AfterName">What follows its name; null for nothing.</param>
/// <param name="Embedded">Its content if that is embedded in the inode.</param>
/// <param name="ModifyTid">Number of its newest operation.</param>
/// <param name="Changes">Its changed leaves; null when only the inode itself changed.</param>
/// <param name="IsDeleted">True when it is to be deleted.</param>
/// <param name="Member">Its membership in the group.</param>
/// <param name="Below">The image that an earlier commit wrote, when it could not be read back since; else null.</param>
internal sealed record FrozenInode(
    DirtyInode Inode, InodeMeta Meta, byte[]? AfterName, byte[]? Embedded, ulong ModifyTid, LeafDelta? Changes,
    bool IsDeleted, GroupMember Member, FrozenInode? Below);
