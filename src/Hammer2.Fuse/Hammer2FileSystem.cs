// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Cluster.Xops;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>
/// Shows a PFS to the kernel. A node id is the inode number and a generation is always 0, so that there is no
/// table of nodes, nothing to count or forget, and an NFS handle is good as long as its object exists.
/// </summary>
/// <remarks>
/// The mount only reads, and nobody else may write to its devices meanwhile: everything the kernel has seen,
/// missing names too, stays valid. What would change something answers EROFS.
/// </remarks>
public sealed partial class Hammer2FileSystem : IFuseFileSystem
{
    /// <summary>What this filesystem makes use of where the kernel has it.</summary>
    public const FuseInitFlags Features =
        FuseSessionOptions.DefaultFeatures | FuseInitFlags.CacheSymlinks | FuseInitFlags.ExportSupport
        | FuseInitFlags.NoOpenSupport | FuseInitFlags.NoOpenDirSupport | FuseInitFlags.ExplicitInvalData
        | FuseInitFlags.HandleKillPrivV2;

    private const ulong ValidSeconds = 24 * 3600;
    private const uint SeekData = 3;
    private const uint SeekHole = 4;
    private const int PageBytes = 4096;

    private readonly VnodeOps _vnodes;
    private readonly AttributeTranslation _attributes;
    private readonly ListingHabits _habits = new();
    private readonly ILogger _logger;
    private bool _canSkipOpen;
    private bool _canSkipOpenDir;

    /// <summary>Shows what <paramref name="vnodes"/> hold.</summary>
    public Hammer2FileSystem(VnodeOps vnodes, MountOptions options, ILogger<Hammer2FileSystem> logger)
    {
        _vnodes = vnodes;
        _attributes = new AttributeTranslation(options);
        _logger = logger;
    }

    /// <inheritdoc/>
    public void Initialized(FuseConnection connection)
    {
        _canSkipOpen = connection.Has(FuseInitFlags.NoOpenSupport);
        _canSkipOpenDir = connection.Has(FuseInitFlags.NoOpenDirSupport);
    }

    /// <inheritdoc/>
    public int Lookup(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        // NFS resolves a handle by looking up "." in the node, whatever its type.
        Errno error = name.SequenceEqual("."u8)
            ? _vnodes.GetAttributes(context.NodeId, out VnodeAttributes found)
            : _vnodes.Lookup(context.NodeId, name, out found);
        entry.EntryValidSeconds = ValidSeconds;
        if (error == Errno.ENOENT) return FuseErrno.None;           // node id 0: remember that it is missing
        if (error != Errno.None) return (int)error;
        if (!found.IsDirectory) _habits.NoteLookup(context.ProcessId, context.NodeId, found.Inum);
        FillEntry(in found, ref entry);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int GetAttr(in FuseContext context, in FuseGetAttrIn request, ref FuseAttrOut answer)
    {
        Errno error = _vnodes.GetAttributes(context.NodeId, out VnodeAttributes found);
        if (error != Errno.None) return (int)error;
        answer.AttrValidSeconds = ValidSeconds;
        _attributes.Fill(in found, ref answer.Attr);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int StatX(in FuseContext context, in FuseStatXIn request, ref FuseStatXOut answer)
    {
        Errno error = _vnodes.GetAttributes(context.NodeId, out VnodeAttributes found);
        if (error != Errno.None) return (int)error;
        answer.AttrValidSeconds = ValidSeconds;
        _attributes.Fill(in found, ref answer.Stat);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int ReadLink(in FuseContext context, Span<byte> target, out int targetBytes) =>
        (int)_vnodes.ReadLink(context.NodeId, target, out targetBytes);

    /// <inheritdoc/>
    public int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes) =>
        (int)_vnodes.Read(context.NodeId, request.Position, data, out readBytes);

    /// <inheritdoc/>
    public int ReadDir(in FuseContext context, in FuseReadIn request, ref FuseDirectoryPacker packer)
    {
        bool isStart = request.Position == 0;
        ListingHabits.Listing listing = packer.WantsAttributes
            ? _habits.Begin(context.ProcessId, context.NodeId, isStart)
            : default;
        var sink = new DirectorySink(this, listing, packer);
        Errno error = _vnodes.ReadDirectory(context.NodeId, request.Position, ref sink);
        packer = sink.Packer;
        return (int)error;
    }

    /// <inheritdoc/>
    public int LSeek(in FuseContext context, in FuseLSeekIn request, out ulong position)
    {
        position = 0;
        return request.Whence switch
        {
            SeekData => (int)_vnodes.Seek(context.NodeId, request.Position, SeekTarget.Data, out position),
            SeekHole => (int)_vnodes.Seek(context.NodeId, request.Position, SeekTarget.Hole, out position),
            _ => FuseErrno.EINVAL,                                  // the kernel does the others itself
        };
    }

    /// <inheritdoc/>
    public int StatFs(in FuseContext context, ref FuseStatFsOut answer)
    {
        Cluster.PfsSpace space = _vnodes.GetSpace();
        answer.FragmentBytes = PageBytes;
        answer.BlockSizeBytes = PageBytes;
        answer.Blocks = space.TotalBytes / PageBytes;
        answer.BlocksFree = space.FreeBytes / PageBytes;
        answer.BlocksAvailable = answer.BlocksFree;
        answer.Files = space.InodesTotal;
        answer.NameBytesMax = VnodeOps.NameBytesMax;
        return FuseErrno.None;
    }

    // Nothing has to be kept for an open file. ENOSYS says so once for all, where the kernel understands it.

    /// <inheritdoc/>
    public int Open(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        if (_canSkipOpen) return FuseErrno.ENOSYS;
        answer.OpenFlags = FuseOpenFlags.KeepCache | FuseOpenFlags.NoFlush;
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int OpenDir(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        if (_canSkipOpenDir) return FuseErrno.ENOSYS;
        answer.OpenFlags = FuseOpenFlags.KeepCache | FuseOpenFlags.CacheDir;
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int Release(in FuseContext context, in FuseReleaseIn request) => FuseErrno.None;

    /// <inheritdoc/>
    public int ReleaseDir(in FuseContext context, in FuseReleaseIn request) => FuseErrno.None;

    private void FillEntry(in VnodeAttributes found, ref FuseEntryOut entry)
    {
        entry.NodeId = found.Inum;
        entry.EntryValidSeconds = ValidSeconds;
        entry.AttrValidSeconds = ValidSeconds;
        _attributes.Fill(in found, ref entry.Attr);
    }
}
