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
    private readonly ref PfsOperation _operation;
    private InodeLocks.Guard _locks;

    internal PfsChange(
        PfsWriter writer, ChangedObjects objects, InodeLocks.Guard locks, ulong tid, ref PfsOperation operation)
    {
        _operation = ref operation;
        _writer = writer;
        _objects = objects;
        _locks = locks;
        Tid = tid;
    }

    /// <summary>The operation's number: what it changes carries it as modify_tid on every node.</summary>
    public ulong Tid { get; }

    /// <summary>Says that the operation is done as a whole, or undone. One that changed something and ends without
    /// this, by an exception, stops the PFS: a part of it must never be committed.</summary>
    public readonly void Complete() => _operation.IsComplete = true;

    /// <summary>The object with a number, ready to be changed. Its lock must be among those held.</summary>
    /// <returns>None; NoEntry; what kept it from being read.</returns>
    public readonly Hammer2Error Open(ulong inum, out LiveInode? inode) => _writer.OpenLive(inum, out inode);

    /// <summary>The same object for reading.</summary>
    public readonly Inode AsInode(LiveInode inode) => new(_writer.Pfs, inode);

    /// <summary>A new object, without a name yet. It needs no lock, since nobody can know it.</summary>
    /// <param name="meta">Everything but the number, which is given here.</param>
    /// <param name="directory">Whose policies of compression and check it takes over.</param>
    public readonly LiveInode Create(in InodeMeta meta, LiveInode directory)
    {
        _writer.KeepForGroup(ref _operation, SpaceReserve.ChangeBytes);
        LiveInode made = _writer.Create(meta, directory, Tid);
        JoinOperation(made);
        return made;
    }

    /// <summary>Says that an object was changed: the group's commit writes it.</summary>
    public readonly void Touch(LiveInode inode)
    {
        if (_writer.Touch(inode, Tid)) _writer.KeepForGroup(ref _operation, SpaceReserve.ChangeBytes);
        JoinOperation(inode);
    }

    /// <summary>Drops an object that has no name and no user left.</summary>
    public readonly void Delete(LiveInode inode)
    {
        inode.IsDeleted = true;
        Touch(inode);
    }

    /// <summary>Puts a block of bytes into the open group; it takes over the space set aside for it.</summary>
    /// <param name="file">Whose lock is held.</param>
    /// <param name="key">Its first byte.</param>
    /// <param name="content">From <see cref="RentContent"/>; the block's from now on.</param>
    internal readonly BlockChange PutContent(LiveInode file, ulong key, byte[] content)
    {
        _operation.HasChanged = true;
        _operation.PromisedBytes -= Media.FileBlockBytes;
        var block = BlockChange.Of(content, Tid, Media.FileBlockBytes);
        PutBlock(file, key, block);
        return block;
    }

    /// <summary>Puts a block that is written already, or a hole, into the open group.</summary>
    internal readonly void PutBlock(LiveInode file, ulong key, BlockChange block)
    {
        _operation.HasChanged = true;
        if (file.Changes.Blocks.TryGet(key, out BlockChange? old)) _writer.Drop(file, old);
        else _writer.KeepForGroup(ref _operation, SpaceReserve.BlockBytes);
        file.Changes.Blocks.Set(key, block);
        _writer.AddOpen(file, key, block);
    }

    /// <summary>Puts a name into the open group, or takes one out.</summary>
    internal readonly void PutEntry(LiveInode directory, ulong key, EntryChange entry)
    {
        _operation.HasChanged = true;
        directory.Changes.Entries.Set(key, entry);
        _writer.KeepForGroup(ref _operation, SpaceReserve.ChangeBytes);
    }

    /// <summary>Cuts a file off at a block boundary.</summary>
    internal readonly void Cut(LiveInode file, ulong firstKey)
    {
        _operation.HasChanged = true;
        LeafChanges changes = file.Changes;
        while (changes.Blocks.TryFirst(firstKey, out ulong key, out BlockChange? block))
        {
            _writer.Drop(file, block);
            _ = changes.Blocks.Remove(key);
        }
        changes.Cut(firstKey);
    }

    /// <summary>Says that a block need not be kept in memory for further changes.</summary>
    internal readonly void Settle(LiveInode file, ulong key, BlockChange block) =>
        _writer.Settle(file, key, block);

    /// <summary>A buffer for <see cref="PutContent"/>, with any content.</summary>
    internal readonly byte[] RentContent(int leastBytes) => _writer.Buffers.Rent(leastBytes);

    /// <summary>Gives an open block room for so many bytes.</summary>
    internal readonly void Lengthen(BlockChange block, int leastBytes)
    {
        if (block.Content!.Length < leastBytes) _writer.Lengthen(block, leastBytes);
    }

    /// <summary>Gives a buffer back that no block took.</summary>
    internal readonly void ReturnContent(byte[] content) => _writer.Buffers.Return(content);

    private readonly void JoinOperation(LiveInode inode)
    {
        _operation.HasChanged = true;
        if (_operation.FirstChanged is not { } first) _operation.FirstChanged = inode;
        else if (first != inode) _writer.Join(first, inode);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_operation is { HasChanged: true, IsComplete: false }) _writer.StopTornOperation();
        _writer.DropUntouched(_objects);
        _locks.Dispose();
        // What was set aside and not needed.
        _writer.Space.Release(_operation.PromisedBytes);
        _operation.PromisedBytes = 0;
        _writer.EndChange();
    }
}

/// <summary>What lasts from before an operation to its end: the space set aside for it, and how far it got.</summary>
public struct PfsOperation
{
    /// <summary>Set aside for it, and not taken yet.</summary>
    internal long PromisedBytes;

    /// <summary>The first object that it changed: the others depend on it.</summary>
    internal LiveInode? FirstChanged;

    /// <summary>True once it changed an object.</summary>
    internal bool HasChanged;

    /// <summary>True once it is done as a whole.</summary>
    internal bool IsComplete;
}

/// <summary>The objects that an operation names; 0 stands for none.</summary>
internal readonly record struct ChangedObjects(ulong First, ulong Second, ulong Third, ulong Fourth);
