// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Cluster.Xops;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>
/// Shows a PFS to the kernel. A node id is the inode number, which is never used again, and a generation is
/// always 0, so that an NFS handle is good as long as its object exists.
/// </summary>
/// <remarks>
/// Nobody else may write to the devices of a mount: everything the kernel has seen, missing names too, stays
/// valid until it changes it itself, and it then knows what is out of date. Only what waits for a commit is
/// shown for a moment at a time, since the storage that it takes is not known yet.
/// </remarks>
public sealed partial class Hammer2FileSystem : IFuseFileSystem
{
    /// <summary>Times are kept in microseconds.</summary>
    public const int TimeGranularityNanoseconds = 1000;

    private const FuseInitFlags ReadFeatures =
        FuseSessionOptions.DefaultFeatures | FuseInitFlags.ReadDirPlusAuto | FuseInitFlags.CacheSymlinks
        | FuseInitFlags.ExportSupport
        | FuseInitFlags.NoOpenDirSupport | FuseInitFlags.ExplicitInvalData | FuseInitFlags.HandleKillPrivV2
        | FuseInitFlags.HasIoctlDir;

    private const ulong ValidSeconds = 24 * 3600;
    private const ulong UnsettledValidSeconds = 1;
    private const uint SeekData = 3;
    private const uint SeekHole = 4;
    private const int PageBytes = 4096;
    private const int ObjectBytes = 1024;           // an inode; what else an object takes is its own affair

    private readonly VnodeOps _vnodes;
    private readonly AttributeTranslation _attributes;
    private readonly ListingHabits _habits = new();
    private readonly NodeTable _nodes = new();
    private readonly ILogger _logger;
    private readonly bool _commitsAll;
    private readonly bool _commitsNames;
    private readonly bool _discards;
    private readonly uint _owner;
    private bool _canSkipOpen;
    private bool _canSkipOpenDir;
    private bool _isDelayed;

    /// <summary>Shows what <paramref name="vnodes"/> hold.</summary>
    public Hammer2FileSystem(VnodeOps vnodes, MountOptions options, ILogger<Hammer2FileSystem> logger)
    {
        _vnodes = vnodes;
        _vnodes.LeftOut = LoseChanges;
        _attributes = new AttributeTranslation(options);
        _logger = logger;
        _owner = FuseMount.UserId;
        _discards = options.Discards;
        _commitsAll = options.Flags.HasFlag(FuseMountFlags.Synchronous);
        _commitsNames = _commitsAll || options.Flags.HasFlag(FuseMountFlags.DirectorySync);
    }

    /// <summary>What a mount makes use of where the kernel has it.</summary>
    public static FuseInitFlags Features(bool isReadOnly, bool usesWritebackCache)
    {
        // Nothing has to be known of a file that is only read. One that is written has to be opened, to be
        // refused when it is immutable, and closed, to tell of errors.
        if (isReadOnly) return ReadFeatures | FuseInitFlags.NoOpenSupport;
        // Without waiting for direct writes the kernel leaves pages in its cache that were read meanwhile.
        FuseInitFlags features = (ReadFeatures & ~FuseInitFlags.AsyncDio) | FuseInitFlags.AtomicOTrunc;
        return usesWritebackCache ? features | FuseInitFlags.WritebackCache : features;
    }

    /// <inheritdoc/>
    public void Initialized(FuseConnection connection)
    {
        _canSkipOpen = connection.Has(FuseInitFlags.NoOpenSupport);
        _canSkipOpenDir = connection.Has(FuseInitFlags.NoOpenDirSupport);
        _isDelayed = connection.Has(FuseInitFlags.WritebackCache);
        _vnodes.LeavesFileTimes = _isDelayed;
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
        if (error == Errno.EIO) _vnodes.ReportDamage(context.NodeId, name);
        if (error != Errno.None) return (int)error;
        if (!found.IsDirectory) _habits.NoteLookup(context.ProcessId, context.NodeId, found.Inum);
        GiveEntry(in found, ref entry);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int GetAttr(in FuseContext context, in FuseGetAttrIn request, ref FuseAttrOut answer)
    {
        if (_refused.IsAny && IsForWriting(request) && StillRefused(context.NodeId) is var refused and not Errno.None)
            return (int)refused;
        Errno error = _vnodes.GetAttributes(context.NodeId, out VnodeAttributes found);
        if (error != Errno.None) return Told(context.NodeId, error);
        answer.AttrValidSeconds = ValidityOf(in found);
        _attributes.Fill(in found, ref answer.Attr);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int StatX(in FuseContext context, in FuseStatXIn request, ref FuseStatXOut answer)
    {
        Errno error = _vnodes.GetAttributes(context.NodeId, out VnodeAttributes found);
        if (error != Errno.None) return Told(context.NodeId, error);
        answer.AttrValidSeconds = ValidityOf(in found);
        _attributes.Fill(in found, ref answer.Stat);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int ReadLink(in FuseContext context, Span<byte> target, out int targetBytes) =>
        Told(context.NodeId, _vnodes.ReadLink(context.NodeId, target, out targetBytes));

    /// <inheritdoc/>
    public int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes) =>
        Told(context.NodeId, _vnodes.Read(context.NodeId, request.Position, data, out readBytes));

    // The kernel asks without passing on what it has gathered: a file that is being written would seem to have
    // a hole where its newest data is. Told no, it takes all of a file for data, which is allowed and safe.

    /// <inheritdoc/>
    public int LSeek(in FuseContext context, in FuseLSeekIn request, out ulong position)
    {
        position = 0;
        if (_isDelayed) return FuseErrno.ENOSYS;
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
        answer.BlocksAvailable = space.AvailableBytes / PageBytes;
        answer.FilesFree = _vnodes.IsReadOnly ? 0 : space.AvailableBytes / ObjectBytes;
        answer.Files = space.InodesTotal + answer.FilesFree;
        answer.NameBytesMax = VnodeOps.NameBytesMax;
        return FuseErrno.None;
    }

    // HAMMER2 has no extended attributes. GETXATTR and LISTXATTR are not implemented here, after which the
    // kernel answers EOPNOTSUPP by itself: "ls -l" asks for them once per file.

    /// <inheritdoc/>
    public int SetXAttr(in FuseContext context, in FuseSetXAttrIn request, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value) => FuseErrno.EOPNOTSUPP;

    /// <inheritdoc/>
    public int RemoveXAttr(in FuseContext context, ReadOnlySpan<byte> name) => FuseErrno.EOPNOTSUPP;

    // The attributes of an answer that the kernel counts as a reference.
    private void GiveEntry(in VnodeAttributes found, ref FuseEntryOut entry)
    {
        _nodes.Add(found.Inum);
        FillEntry(in found, ref entry);
    }

    private void FillEntry(in VnodeAttributes found, ref FuseEntryOut entry)
    {
        entry.NodeId = found.Inum;
        entry.EntryValidSeconds = ValidSeconds;
        entry.AttrValidSeconds = ValidityOf(in found);
        _attributes.Fill(in found, ref entry.Attr);
    }

    private static ulong ValidityOf(in VnodeAttributes attributes) =>
        attributes.IsCommitted ? ValidSeconds : UnsettledValidSeconds;
}
