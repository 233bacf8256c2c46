// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Hammer2.Fuse.Administration.Doors;
using Hammer2.Membership;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Snapshots;

/// <summary>
/// Shows the snapshots of the filesystem below a mount in the directory <c>snapshots</c> of the virtual directory, and
/// what older volume headers have of the mounted PFS in <c>headers</c>, for reading; passes everything else on.
/// </summary>
/// <remarks>
/// HAMMER2 does not store what a snapshot was made of, so that those of all PFSs are shown. The directory has the
/// owner's permissions, the objects in a snapshot have their own. The kernel asks for a label at each use of it, and
/// may keep everything below.
/// </remarks>
internal sealed partial class SnapshotFileSystem : FuseFileSystemDecorator
{
    private const uint DirectoryType = 0x4000;
    private const uint OpenAccessMask = 3;
    private const uint OpenTruncate = 0x200;
    private const ulong UnknownInode = VirtualNodes.Snapshots + 1;
    private const int ListedMax = 65536;

    private readonly VirtualDirectoryFileSystem _virtual;
    private readonly AdministeredMount _mount;
    private readonly SnapshotTrees _trees;
    private readonly ConcurrentDictionary<ulong, List<byte[]>> _listings = new();
    private ulong _lastListing;

    /// <summary>The snapshots above the virtual directory of a mount.</summary>
    public SnapshotFileSystem(VirtualDirectoryFileSystem inner, AdministeredMount mount, SnapshotServing serve)
        : base(inner)
    {
        _virtual = inner;
        _mount = mount;
        _trees = new SnapshotTrees(Open, serve);
    }

    /// <inheritdoc/>
    public override void Destroyed()
    {
        _trees.CloseAll();
        Inner.Destroyed();
    }

    /// <inheritdoc/>
    public override int Lookup(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        if (IsList(context.NodeId)) return LookupShown(in context, name, ref entry);
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.Lookup(in context, name, ref entry);
        bool isAbove = SnapshotNodes.InumOf(context.NodeId) == VnodeOps.RootInum && name.SequenceEqual(".."u8);
        if (isAbove && IsOfHeader(context.NodeId)) return _virtual.FillHeaders(ref entry);
        return isAbove ? _virtual.FillSnapshots(ref entry) : LookupIn(context.NodeId, in context, name, ref entry);
    }

    /// <summary>True for a directory that is shown by itself, not below the root of its snapshot.</summary>
    public bool IsDirectoryAlone(ulong node) => SnapshotNodes.IsOf(node) && _trees.Of(node) is { } tree
        && tree.RootInum != VnodeOps.RootInum && tree.RootInum == SnapshotNodes.InumOf(node);

    /// <summary>Says whether a snapshot has a directory of the mounted PFS.</summary>
    /// <returns>0; ENOENT when there is no such snapshot, or it does not have the directory; EBUSY; EIO.</returns>
    public int CheckDirectory(in FuseContext context, byte[] label, DirectoryIdentity wanted)
    {
        int error = _trees.Find(label, out SnapshotTree? tree);
        if (error != FuseErrno.None) return error;
        using var use = new Use(_trees, SnapshotNodes.Of(tree!.Number, wanted.Inum));
        if (use.Error != FuseErrno.None) return use.Error;
        FuseInHeader header = default;
        FuseStatXOut found = default;
        error = use.FileSystem.StatX(context.WithNode(wanted.Inum, ref header), default(FuseStatXIn), ref found);
        if (error != FuseErrno.None) return error;
        return DirectoryIdentity.Of(in found.Stat) == wanted ? FuseErrno.None : FuseErrno.ENOENT;
    }

    /// <summary>Fills the entry of a directory of the mounted PFS as a snapshot has it.</summary>
    /// <returns>As <see cref="CheckDirectory"/>; EOVERFLOW when too many are shown.</returns>
    public int LookupDirectory(
        in FuseContext context, byte[] label, DirectoryIdentity wanted, ref FuseEntryOut entry)
    {
        int error = CheckDirectory(in context, label, wanted);
        if (error != FuseErrno.None) return error == FuseErrno.ESTALE ? FuseErrno.ENOENT : error;
        error = _trees.Find(label, out SnapshotTree? tree, wanted.Inum);
        if (error != FuseErrno.None) return error;
        error = LookupIn(SnapshotNodes.Of(tree!.Number, wanted.Inum), in context, "."u8, ref entry);
        if (error != FuseErrno.None) _trees.Retire(tree);
        entry.EntryValidSeconds = 0;
        return error;
    }

    /// <summary>Lists the names under which snapshots are shown.</summary>
    /// <returns>None; what some could not be read for.</returns>
    public Hammer2Error ListLabels(out List<byte[]> names) => ListNames(VirtualNodes.Snapshots, out names);

    /// <inheritdoc/>
    public override void Forget(ulong nodeId, ulong lookupCount)
    {
        if (!SnapshotNodes.IsOf(nodeId))
        {
            Inner.Forget(nodeId, lookupCount);
            return;
        }
        if (_trees.Of(nodeId) is not { } tree) return;
        if (tree.Forget(SnapshotNodes.InumOf(nodeId), lookupCount)) _trees.Retire(tree);
    }

    /// <inheritdoc/>
    public override int GetAttr(in FuseContext context, in FuseGetAttrIn request, ref FuseAttrOut answer)
    {
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.GetAttr(in context, in request, ref answer);
        using var use = new Use(_trees, context.NodeId);
        FuseInHeader header = default;
        if (use.Error != FuseErrno.None) return use.Error;
        // A handle of a snapshot means nothing to the filesystem that shows it.
        FuseGetAttrIn plain = default;
        int error = use.FileSystem.GetAttr(
            context.WithNode(SnapshotNodes.InumOf(context.NodeId), ref header), in plain, ref answer);
        answer.Attr.Inode = context.NodeId;
        return error;
    }

    /// <inheritdoc/>
    public override int StatX(in FuseContext context, in FuseStatXIn request, ref FuseStatXOut answer)
    {
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.StatX(in context, in request, ref answer);
        using var use = new Use(_trees, context.NodeId);
        FuseInHeader header = default;
        if (use.Error != FuseErrno.None) return use.Error;
        int error = use.FileSystem.StatX(
            context.WithNode(SnapshotNodes.InumOf(context.NodeId), ref header), in request, ref answer);
        answer.Stat.Inode = context.NodeId;
        return error;
    }

    /// <inheritdoc/>
    public override int SetAttr(in FuseContext context, in FuseSetAttrIn request, ref FuseAttrOut answer) =>
        SnapshotNodes.IsOf(context.NodeId) ? FuseErrno.EROFS : Inner.SetAttr(in context, in request, ref answer);

    /// <inheritdoc/>
    public override int ReadLink(in FuseContext context, Span<byte> target, out int targetBytes)
    {
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.ReadLink(in context, target, out targetBytes);
        targetBytes = 0;
        using var use = new Use(_trees, context.NodeId);
        FuseInHeader header = default;
        return use.Error != FuseErrno.None ? use.Error : use.FileSystem.ReadLink(
            context.WithNode(SnapshotNodes.InumOf(context.NodeId), ref header), target, out targetBytes);
    }

    /// <inheritdoc/>
    public override int Open(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.Open(in context, in request, ref answer);
        if ((request.Flags & (OpenAccessMask | OpenTruncate)) != 0) return FuseErrno.EROFS;
        return OpenNode(in context, FuseOpenFlags.KeepCache | FuseOpenFlags.NoFlush, ref answer);
    }

    /// <inheritdoc/>
    public override int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes)
    {
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.Read(in context, in request, data, out readBytes);
        readBytes = 0;
        using var use = new Use(_trees, context.NodeId);
        FuseInHeader header = default;
        return use.Error != FuseErrno.None ? use.Error : use.FileSystem.Read(
            context.WithNode(SnapshotNodes.InumOf(context.NodeId), ref header), in request, data, out readBytes);
    }

    /// <inheritdoc/>
    public override int Write(in FuseContext context, in FuseWriteIn request, ReadOnlySpan<byte> data,
        out int writtenBytes)
    {
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.Write(in context, in request, data, out writtenBytes);
        writtenBytes = 0;
        return FuseErrno.EROFS;
    }

    /// <inheritdoc/>
    public override int Release(in FuseContext context, in FuseReleaseIn request)
    {
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.Release(in context, in request);
        _trees.Of(context.NodeId)?.RemoveHandle(request.Handle);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public override int OpenDir(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        if (SnapshotNodes.IsOf(context.NodeId))
            return OpenNode(in context, FuseOpenFlags.KeepCache | FuseOpenFlags.CacheDir, ref answer);
        int error = Inner.OpenDir(in context, in request, ref answer);
        if (error == FuseErrno.None && IsList(context.NodeId))
            answer.Handle = Interlocked.Increment(ref _lastListing);
        return error;
    }

    /// <inheritdoc/>
    public override int ReadDir(in FuseContext context, in FuseReadIn request, ref FuseDirectoryPacker packer)
    {
        if (IsList(context.NodeId)) return ReadShown(context.NodeId, in request, ref packer);
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.ReadDir(in context, in request, ref packer);
        using var use = new Use(_trees, context.NodeId);
        FuseInHeader header = default;
        if (use.Error != FuseErrno.None) return use.Error;
        scoped FuseDirectoryPacker copy = packer;
        int error = use.FileSystem.ReadDir(
            context.WithNode(SnapshotNodes.InumOf(context.NodeId), ref header), in request, ref copy);
        packer.TakeOver(copy.UsedBytes);
        int number = use.Tree!.Number;
        use.Tree.AddReferences(packer.Renumber(inum => SnapshotNodes.Of(number, inum)));
        return error;
    }

    /// <inheritdoc/>
    public override int ReleaseDir(in FuseContext context, in FuseReleaseIn request)
    {
        if (IsList(context.NodeId)) _ = _listings.TryRemove(request.Handle, out _);
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.ReleaseDir(in context, in request);
        _trees.Of(context.NodeId)?.RemoveHandle(request.Handle);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public override int LSeek(in FuseContext context, in FuseLSeekIn request, out ulong position)
    {
        if (!SnapshotNodes.IsOf(context.NodeId)) return Inner.LSeek(in context, in request, out position);
        position = 0;
        using var use = new Use(_trees, context.NodeId);
        FuseInHeader header = default;
        return use.Error != FuseErrno.None ? use.Error : use.FileSystem.LSeek(
            context.WithNode(SnapshotNodes.InumOf(context.NodeId), ref header), in request, out position);
    }

    /// <inheritdoc/>
    public override int IoCtl(in FuseContext context, in FuseIoCtlIn request, ReadOnlySpan<byte> input,
        Span<byte> output, out int outputBytes, out int result)
    {
        if (!SnapshotNodes.IsOf(context.NodeId))
            return Inner.IoCtl(in context, in request, input, output, out outputBytes, out result);
        (outputBytes, result) = (0, 0);
        using var use = new Use(_trees, context.NodeId);
        FuseInHeader header = default;
        return use.Error != FuseErrno.None ? use.Error : use.FileSystem.IoCtl(
            context.WithNode(SnapshotNodes.InumOf(context.NodeId), ref header), in request, input, output,
            out outputBytes, out result);
    }

    private static bool IsList(ulong node) => node is VirtualNodes.Snapshots or VirtualNodes.Headers;

    private bool IsOfHeader(ulong node) => _trees.Of(node) is { } tree && HeaderName.TidOf(tree.Label) is not null;

    private Hammer2Error Open(byte[] label, Cluster.Views.IPfsViewer viewer, out Cluster.Views.PfsView? view) =>
        HeaderName.TidOf(label) is { } tid
            ? Cluster.Views.PfsView.OpenFormer(_mount.Pfs, tid, _mount.Logger, out view)
            : _mount.PfsList.OpenView(_mount.Pfs, label, viewer, _mount.Logger, out view);

    private byte[]? LabelOf(ulong list, ReadOnlySpan<byte> name) => list == VirtualNodes.Snapshots
        ? SnapshotName.LabelOf(name)
        : HeaderName.LabelOf(name, Cluster.Views.PfsView.FormerHeaders(_mount.Pfs));

    private int LookupShown(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        bool isSnapshot = context.NodeId == VirtualNodes.Snapshots;
        if (name.SequenceEqual("."u8))
            return isSnapshot ? _virtual.FillSnapshots(ref entry) : _virtual.FillHeaders(ref entry);
        bool isForAll = isSnapshot && _mount.Options.HasSnapshotDirectories;
        if (!isForAll && !_mount.CallerOf(context.Uid).IsOwner) return FuseErrno.EACCES;
        if (LabelOf(context.NodeId, name) is not { } label) return FuseErrno.ENOENT;
        int error = _trees.Find(label, out SnapshotTree? tree);
        if (error != FuseErrno.None) return error;
        error = LookupIn(SnapshotNodes.Of(tree!.Number, VnodeOps.RootInum), in context, "."u8, ref entry);
        // Asked again for each use: a snapshot can be deleted, and another one made with its label.
        entry.EntryValidSeconds = 0;
        return error;
    }

    private int LookupIn(ulong node, in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        using var use = new Use(_trees, node);
        FuseInHeader header = default;
        if (use.Error != FuseErrno.None) return use.Error;
        int error = use.FileSystem.Lookup(
            context.WithNode(SnapshotNodes.InumOf(node), ref header), name, ref entry);
        if (error != FuseErrno.None || entry.NodeId == 0) return error;
        ulong found = SnapshotNodes.Of(use.Tree!.Number, entry.NodeId);
        if (found == 0)
        {
            use.FileSystem.Forget(entry.NodeId, 1);
            return FuseErrno.EOVERFLOW;
        }
        (entry.NodeId, entry.Attr.Inode) = (found, found);
        use.Tree.AddReferences(1);
        return FuseErrno.None;
    }

    private int OpenNode(in FuseContext context, FuseOpenFlags flags, ref FuseOpenOut answer)
    {
        using var use = new Use(_trees, context.NodeId);
        if (use.Error != FuseErrno.None) return use.Error;
        answer.Handle = use.Tree!.AddHandle(context.ProcessId);
        answer.OpenFlags = flags;
        return FuseErrno.None;
    }

    private int ReadShown(ulong list, in FuseReadIn request, ref FuseDirectoryPacker packer)
    {
        Hammer2Error error = Hammer2Error.None;
        if (request.Position == 0 || !_listings.TryGetValue(request.Handle, out List<byte[]>? names))
        {
            error = ListNames(list, out names);
            // Handle 0 is that of kernels which open directories without asking.
            if (request.Handle != 0) _listings[request.Handle] = names;
        }
        ulong position = request.Position;
        while (position < (ulong)names.Count + 2)
        {
            ReadOnlySpan<byte> name = position switch { 0 => "."u8, 1 => ".."u8, _ => names[(int)position - 2] };
            ulong inode = position switch
            {
                0 => list,
                1 => VirtualNodes.Directory,
                _ => UnknownInode,
            };
            if (!packer.TryAdd(name, inode, DirectoryType, ++position)) break;
        }
        // What could be read is shown; the log names what could not.
        return packer.UsedBytes == 0 ? (int)error.ToErrno() : FuseErrno.None;
    }

    private Hammer2Error ListNames(ulong list, out List<byte[]> names)
    {
        names = list == VirtualNodes.Headers
            ? [.. Cluster.Views.PfsView.FormerHeaders(_mount.Pfs).Select(static one => HeaderName.Of(one.CopyIndex))]
            : [];
        if (list == VirtualNodes.Headers) return Hammer2Error.None;
        var found = new List<PfsDescription>();
        Hammer2Error error = PfsReports.ListPfss(ListedNode(), 0, ListedMax, found);
        string mounted = ByteText.Decode(_mount.Pfs.Label.Span);
        foreach (PfsDescription pfs in found)
        {
            if (pfs.Subtype is PfsSubtype.Snapshot or PfsSubtype.AutoSnapshot && pfs.Label != mounted)
                names.Add(SnapshotName.Of(ByteText.Encode(pfs.Label)));
        }
        return error;
    }

    private PresentNode ListedNode()
    {
        foreach (PresentNode node in _mount.Pfs.Nodes)
            if (node.State == NodeState.Synced) return node;
        return _mount.FirstNode;
    }

    /// <summary>An operation on a node of a snapshot.</summary>
    private readonly ref struct Use : IDisposable
    {
        public Use(SnapshotTrees trees, ulong node)
        {
            Tree = trees.Of(node);
            IFuseFileSystem? fileSystem = null;
            Error = Tree is null ? FuseErrno.ESTALE : Tree.Enter(out fileSystem);
            // The node was known once, so that its snapshot was.
            if (Error == FuseErrno.ENOENT) Error = FuseErrno.ESTALE;
            FileSystem = fileSystem!;
            if (Error == FuseErrno.None) trees.NoteUse(Tree!);
        }

        public SnapshotTree? Tree { get; }

        public IFuseFileSystem FileSystem { get; }

        public int Error { get; }

        public void Dispose()
        {
            if (Error == FuseErrno.None) Tree!.Leave();
        }
    }
}
