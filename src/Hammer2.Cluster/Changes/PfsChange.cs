// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

/// <summary>
/// One modifying operation: it belongs to the group that is open, has a number, and holds the locks of the
/// objects it changes. Disposing of it lets go of them.
/// </summary>
/// <remarks>Upstream: a transaction with a sub-tid. Rank 20, then 30.</remarks>
public ref struct PfsChange : IDisposable
{
    private readonly PfsWriter _writer;
    private readonly ChangedObjects _objects;
    private InodeLocks.Guard _locks;

    internal PfsChange(PfsWriter writer, ChangedObjects objects, InodeLocks.Guard locks, ulong tid)
    {
        _writer = writer;
        _objects = objects;
        _locks = locks;
        Tid = tid;
    }

    /// <summary>The operation's number: what it changes carries it as modify_tid on every node.</summary>
    public ulong Tid { get; }

    /// <summary>The object with a number, ready to be changed. Its lock must be among those held.</summary>
    /// <returns>None; NoEntry; what kept it from being read.</returns>
    public readonly Hammer2Error Open(ulong inum, out LiveInode? inode) => _writer.OpenLive(inum, out inode);

    /// <summary>The same object for reading.</summary>
    public readonly Inode AsInode(LiveInode inode) => new(_writer.Pfs, inode);

    /// <summary>A new object, without a name yet. It needs no lock, since nobody can know it.</summary>
    /// <param name="meta">Everything but the number, which is given here.</param>
    /// <param name="directory">Whose policies of compression and check it takes over.</param>
    public readonly LiveInode Create(in InodeMeta meta, LiveInode directory) =>
        _writer.Create(meta, directory, Tid);

    /// <summary>Says that an object was changed: the group's commit writes it.</summary>
    public readonly void Touch(LiveInode inode) => _writer.Touch(inode, Tid);

    /// <summary>Drops an object that has no name and no user left.</summary>
    public readonly void Delete(LiveInode inode)
    {
        inode.IsDeleted = true;
        Touch(inode);
    }

    /// <summary>Puts a written block, or a hole, into the open group.</summary>
    internal readonly void PutBlock(LiveInode file, ulong key, BlockChange block)
    {
        if (file.Changes.Blocks.TryGet(key, out BlockChange? old)) Release(file, old.PromisedBytes);
        file.Changes.Blocks.Set(key, block);
        _writer.AddWaiting(file, block.PromisedBytes);
    }

    /// <summary>Blocks that waited to be written need not be any more.</summary>
    internal readonly void Release(LiveInode file, long bytes) => _writer.AddWaiting(file, -bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        _writer.DropUntouched(_objects);
        _locks.Dispose();
        _writer.EndChange();
    }
}

/// <summary>The objects that an operation names; 0 stands for none.</summary>
internal readonly record struct ChangedObjects(ulong First, ulong Second, ulong Third, ulong Fourth);
