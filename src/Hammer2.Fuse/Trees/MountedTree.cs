// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Fuse.Protocol;
using Hammer2.Fuse.Administration.Doors;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Trees;

/// <summary>
/// The tree of the mounted PFS that the kernel sees. A rollback exchanges it between two requests: what is asked about
/// an object of the tree before is ESTALE from then on.
/// </summary>
/// <remarks>
/// Each tree has a filesystem of its own, so that nothing that is known of open files, references of the kernel and
/// orphans of one tree is used for another. A request about an object holds the lock of the tree shared.
/// </remarks>
internal sealed partial class MountedTree : IFuseFileSystem, INodeObjects, IDisposable
{
    private readonly RankedReaderWriterLock _treeLock = new(LockRank.MountedTree);  // guards the fields below
    private readonly Func<int, Hammer2FileSystem> _serve;
    private FuseConnection? _connection;
    private FuseNotifier? _notifier;
    private int _number;
    private bool _hasEnded;

    /// <summary>Shows the first tree.</summary>
    /// <param name="serve">Serves the PFS as it is now as the tree with a number, counted from 0.</param>
    public MountedTree(Func<int, Hammer2FileSystem> serve)
    {
        _serve = serve;
        Current = serve(0);
    }

    /// <summary>The filesystem of the tree that is shown.</summary>
    public Hammer2FileSystem Current { get; private set; }

    /// <summary>Sends invalidations to the kernel; null before the mount is live.</summary>
    public FuseNotifier? Notifier
    {
        get => _notifier;
        set => Current.Notifier = _notifier = value;
    }

    /// <inheritdoc/>
    public void Dispose() => _treeLock.Dispose();

    /// <inheritdoc/>
    public void Initialized(FuseConnection connection)
    {
        _connection = connection;
        Current.Initialized(connection);
    }

    /// <inheritdoc/>
    public void Destroyed() => Current.Destroyed();

    /// <summary>The node id of an inode number of the tree that is shown.</summary>
    public ulong NodeOf(ulong inum) => TreeNodes.Of(_number, inum);

    /// <summary>The path of a node; null when it is of a tree before, or cannot be found.</summary>
    public byte[]? PathOf(ulong node, VnodeOps vnodes)
    {
        if (Enter(node, out ulong inum) != FuseErrno.None) return null;
        try
        {
            return vnodes.PathOf(inum);
        }
        finally
        {
            Leave();
        }
    }

    /// <inheritdoc/>
    public int Enter(ulong node, out ulong inum)
    {
        _treeLock.EnterShared();
        inum = TreeNodes.InumOf(_number, node);
        if (TreeNodes.IsOf(_number, node)) return FuseErrno.None;
        _treeLock.ExitShared();
        return FuseErrno.ESTALE;
    }

    /// <inheritdoc/>
    public void Leave() => _treeLock.ExitShared();

    /// <summary>Has the tree that is shown written from now on, without exchanging it.</summary>
    /// <param name="begin">Makes the PFS writable, if it can, while no request about an object is served.</param>
    public void BeginWriting(Action begin)
    {
        _treeLock.EnterExclusive();
        try
        {
            begin();
            Current.BeginWriting();
        }
        finally
        {
            _treeLock.ExitExclusive();
        }
    }

    /// <summary>The mount has ended and its PFS is closed next: the tree is not exchanged any more.</summary>
    /// <remarks>Waits for an exchange under way, which uses the PFS.</remarks>
    public void End()
    {
        _treeLock.EnterExclusive();
        _hasEnded = true;
        _treeLock.ExitExclusive();
    }

    /// <summary>Exchanges the tree.</summary>
    /// <param name="isForced">True to do so although files are open for writing.</param>
    /// <param name="exchange">Gives the PFS another content, while no request about an object is served. Its result is
    /// true when the content is another one.</param>
    /// <returns>The tree before, whose objects the kernel still knows.</returns>
    public ExchangedTree Exchange(bool isForced, Func<bool> exchange)
    {
        _treeLock.EnterExclusive();
        try
        {
            Hammer2FileSystem former = Current;
            int openForWriting = former.OpenForWritingTotal;
            if (_hasEnded)
                return new ExchangedTree(former, _number, openForWriting, IsExchanged: false) { HasEnded = true };
            bool isRefused = (openForWriting > 0 && !isForced) || _number + 1 >= TreeNodes.TreesMax;
            if (isRefused || !exchange()) return new ExchangedTree(former, _number, openForWriting, IsExchanged: false);
            int before = _number++;
            Current = _serve(_number);
            Current.Notifier = _notifier;
            if (_connection is not null) Current.Initialized(_connection);
            return new ExchangedTree(former, before, openForWriting, IsExchanged: true);
        }
        finally
        {
            _treeLock.ExitExclusive();
        }
    }

    // What the kernel gets a reference to.
    private int Give(int error, ref FuseEntryOut entry)
    {
        if (error != FuseErrno.None || entry.NodeId == 0 || _number == 0) return error;
        ulong node = NodeOf(entry.NodeId);
        if (node == 0) Current.Forget(entry.NodeId, 1);
        entry.NodeId = node;
        return node == 0 ? FuseErrno.EOVERFLOW : error;
    }

    /// <summary>A request about one object or two, during which the tree is not exchanged.</summary>
    private readonly ref struct Use : IDisposable
    {
        private readonly MountedTree _tree;

        public Use(MountedTree tree, ulong node, ulong second = 1)
        {
            tree._treeLock.EnterShared();
            _tree = tree;
            IsStale = !TreeNodes.IsOf(tree._number, node) || !TreeNodes.IsOf(tree._number, second);
        }

        /// <summary>True when one of them is of a tree before.</summary>
        public bool IsStale { get; }

        public Hammer2FileSystem Served => _tree.Current;

        public ulong InumOf(ulong node) => TreeNodes.InumOf(_tree._number, node);

        /// <summary>The request with the inode number of its object.</summary>
        public FuseContext Plain(in FuseContext context, ref FuseInHeader header) =>
            context.WithNode(InumOf(context.NodeId), ref header);

        public void Dispose() => _tree._treeLock.ExitShared();
    }
}

/// <summary>What exchanging a tree did.</summary>
/// <param name="Former">The filesystem of the tree before.</param>
/// <param name="Number">Its number.</param>
/// <param name="OpenForWriting">Number of its opens for writing that were not closed.</param>
/// <param name="IsExchanged">True when another tree is shown now.</param>
internal readonly record struct ExchangedTree(
    Hammer2FileSystem Former, int Number, int OpenForWriting, bool IsExchanged)
{
    /// <summary>True when nothing was exchanged since the mount has ended.</summary>
    public bool HasEnded { get; init; }
}
