// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

/// <summary>
/// An object that was changed since the last commit, made since, or lost its last name while in use. It is
/// what all nodes will hold: changes are decided once, here, and laid into each node's tree by the commit.
/// </summary>
/// <remarks>
/// Upstream: the modified part of <c>hammer2_inode_t</c>. Two generations of changes: the open group, and the
/// group that a commit is writing. Readers look in the open one, then the closing one, then in the tree of
/// the
/// last commit. Guarded by the object's lock (rank 30).
/// </remarks>
public sealed class LiveInode
{
    private InodeMeta _meta;
    private LeafChanges? _open;
    private ClosedInode? _closing;

    private LiveInode(ulong inum, in InodeMeta meta, byte[]? embedded)
    {
        Inum = inum;
        _meta = meta;
        Embedded = embedded;
    }

    /// <summary>Its number.</summary>
    public ulong Inum { get; }

    /// <summary>As the next commit will have it.</summary>
    public ref InodeMeta Meta => ref _meta;

    /// <summary>The content when it is kept in the inode, 512 bytes; else null.</summary>
    internal byte[]? Embedded { get; set; }

    /// <summary>The synced node that is read for it.</summary>
    internal int FocusNode { get; set; }

    /// <summary>The chain of the focus as of the last commit; null when no commit has the object
    /// yet.</summary>
    internal Chain? Focus { get; set; }

    /// <summary>Methods of the reference to it, decided when it was made.</summary>
    internal BlockMethods Methods { get; init; }

    /// <summary>modify_tid of its newest change.</summary>
    internal ulong ModifyTid { get; set; }

    /// <summary>Changes of the open group; null when there are none.</summary>
    internal LeafChanges? Open
    {
        get => Volatile.Read(ref _open);
        set => Volatile.Write(ref _open, value);
    }

    /// <summary>What a commit is writing; null when none is.</summary>
    internal ClosedInode? Closing
    {
        get => Volatile.Read(ref _closing);
        set => Volatile.Write(ref _closing, value);
    }

    /// <summary>True when it is on the list of the open group.</summary>
    internal bool IsDirty { get; set; }

    /// <summary>Leads to the inode that stands for the set of those that depend on each other in the open group; null
    /// for that one. Belongs to <see cref="DependentInodes"/>.</summary>
    internal LiveInode? SetParent { get; set; }

    /// <summary>True once its last name and its last user are gone: the next commit drops it.</summary>
    internal bool IsDeleted { get; set; }

    /// <summary>Bytes of file data that wait to be written.</summary>
    internal long WaitingBytes { get; set; }

    /// <summary>Blocks in a row that did not compress: how seldom it is tried.</summary>
    internal int CompressionFailures { get; set; }

    /// <summary>The changes of the open group, made if there are none.</summary>
    internal LeafChanges Changes => Open ??= new LeafChanges();

    /// <summary>A new object.</summary>
    internal static LiveInode Create(in InodeMeta meta, BlockMethods methods) =>
        new(meta.Inum, meta, meta.HasDirectData ? new byte[Media.EmbeddedBytes] : null) { Methods = methods };

    /// <summary>An object that the last commit has, about to be changed.</summary>
    internal static LiveInode FromChain(ulong inum, int focusNode, Chain chain)
    {
        byte[]? embedded = chain.Meta.HasDirectData ? chain.EmbeddedData.ToArray() : null;
        return new LiveInode(inum, chain.Meta, embedded)
        {
            FocusNode = focusNode,
            Focus = chain,
            ModifyTid = chain.Reference.ModifyTid,
            Methods = chain.Reference.Methods,
        };
    }
}

/// <summary>An object as a closed group has it; nothing of it changes any more but where its data
/// went.</summary>
/// <param name="Live">The object.</param>
/// <param name="Meta">Its meta part.</param>
/// <param name="Embedded">Its content if it is kept in the inode.</param>
/// <param name="ModifyTid">Its newest change.</param>
/// <param name="Changes">Its changed leaves; null when only the inode itself changed.</param>
/// <param name="IsDeleted">True when it is to be dropped.</param>
/// <param name="Set">Stands for all inodes of the group that are committed with it or not at all.</param>
/// <param name="Below">The image that the last commit wrote, when it could not be read since; null once it
/// was.</param>
internal sealed record ClosedInode(
    LiveInode Live, InodeMeta Meta, byte[]? Embedded, ulong ModifyTid, LeafChanges? Changes, bool IsDeleted,
    LiveInode Set, ClosedInode? Below);
