// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Fuse.Protocol;
using Hammer2.Cluster.Operations;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>
/// Serves a PFS to the kernel. A node id is the inode number, which is never reused, and the generation is always 0, so
/// that an NFS handle is valid as long as its object exists.
/// </summary>
/// <remarks>
/// No other process may write to the devices of a mount, so all entries and attributes in the kernel's caches, also
/// negative entries, are valid until the kernel itself changes them. Only attributes of uncommitted objects get a short
/// validity, since the number of their blocks is not known yet.
/// </remarks>
public sealed partial class Hammer2FileSystem : IFuseFileSystem
{
    /// <summary>Times are stored in microseconds.</summary>
    public const int TimeGranularityNanoseconds = 1000;

    private const FuseInitFlags ReadFeatures =
        FuseSessionOptions.DefaultFeatures | FuseInitFlags.ReadDirPlusAuto | FuseInitFlags.CacheSymlinks
        | FuseInitFlags.ExportSupport
        | FuseInitFlags.ExplicitInvalData | FuseInitFlags.HandleKillPrivV2 | FuseInitFlags.HasIoctlDir;

    // With ACLs the umask is applied here: a directory with a default ACL takes its place.
    private const FuseInitFlags AttributeFeatures =
        FuseInitFlags.PosixAcl | FuseInitFlags.DontMask | FuseInitFlags.SetXAttrExt;

    private static readonly TimeSpan s_stalledPause = TimeSpan.FromMilliseconds(100);

    // Linux 5.16: since then close(2) writes back the dirty pages of a file, and returns the error of that, also where
    // FLUSH is not implemented. FLUSH, a request for each close(2), could add only errors of commits, which come later.
    private const uint MinorThatWritesAtClose = 35;

    private const ulong ValidSeconds = 24 * 3600;
    private const ulong UnsettledValidSeconds = 1;
    private const uint SeekData = 3;
    private const uint SeekHole = 4;
    private const int PageBytes = 4096;
    private const int ObjectBytes = 1024;           // an inode; other blocks of an object are not counted here

    private readonly VnodeOps _vnodes;
    private readonly AttributeTranslation _attributes;
    private readonly ListingHabits _habits = new();
    private readonly NodeTable _nodes = new();
    private readonly PendingDeletions _deletions;
    private readonly IScheduler _scheduler;
    private readonly ILogger _logger;
    private readonly bool _commitsAll;
    private readonly bool _commitsNames;
    private readonly bool _hasAttributes;
    private volatile bool _givesUp;
    private bool _canSkipOpen;
    private bool _canSkipFlush;
    private bool _isDelayed;
    private bool _appliesUmask;

    /// <summary>Serves the PFS of <paramref name="vnodes"/>.</summary>
    /// <param name="vnodes">The PFS.</param>
    /// <param name="options">How it is mounted.</param>
    /// <param name="logger">Where defects and damage are logged.</param>
    /// <param name="time">Clock and timers; the system's unless told otherwise.</param>
    /// <param name="scheduler">Runs what must not run on the thread of a request; the system's unless told
    /// otherwise.</param>
    public Hammer2FileSystem(
        VnodeOps vnodes, MountOptions options, ILogger<Hammer2FileSystem> logger, TimeProvider? time = null,
        IScheduler? scheduler = null)
    {
        _scheduler = scheduler ?? SystemScheduler.Instance;
        _vnodes = vnodes;
        _deletions = new PendingDeletions(time ?? TimeProvider.System);
        Attach();
        _attributes = new AttributeTranslation(options);
        _logger = logger;
        _hasAttributes = options.HasExtendedAttributes;
        _commitsAll = options.Flags.HasFlag(FuseMountFlags.Synchronous);
        _commitsNames = _commitsAll || options.Flags.HasFlag(FuseMountFlags.DirectorySync);
    }

    /// <summary>The PFS was opened for writing since it is served, by a mount whose kernel was told that it may
    /// be.</summary>
    /// <remarks>Entry: no request about an object is served.</remarks>
    internal void BeginWriting()
    {
        Attach();
        _vnodes.LeavesFileTimes = _isDelayed;
    }

    /// <summary>Calls a function with the number of each object that the kernel references.</summary>
    internal void ForEachNode(Action<ulong> visit) => _nodes.ForEach(visit);

    /// <summary>The kernel features that a mount uses where available.</summary>
    /// <param name="isReadOnly">True for a read-only mount.</param>
    /// <param name="usesWritebackCache">True to use the writeback cache where the mount is writable.</param>
    /// <param name="countsOpenFiles">True when files are opened for more than reading what never changes: snapshots of
    /// the filesystem may be deleted, unless files in them are open, or a remount may make the mount writable.</param>
    /// <param name="hasExtendedAttributes">True to serve extended attributes and ACLs.</param>
    public static FuseInitFlags Features(
        bool isReadOnly, bool usesWritebackCache, bool countsOpenFiles = false, bool hasExtendedAttributes = true)
    {
        FuseInitFlags attributes = hasExtendedAttributes ? AttributeFeatures : default;
        return attributes | FileFeatures(isReadOnly, usesWritebackCache, countsOpenFiles);
    }

    private static FuseInitFlags FileFeatures(bool isReadOnly, bool usesWritebackCache, bool countsOpenFiles)
    {
        // A file that is only read needs no OPEN. A file that is written needs OPEN, to refuse immutable files.
        if (isReadOnly && !countsOpenFiles) return ReadFeatures | FuseInitFlags.NoOpenSupport;
        // With parallel direct writes, the kernel could keep stale pages in its cache that were read meanwhile.
        FuseInitFlags features = (ReadFeatures & ~FuseInitFlags.AsyncDio)
            | FuseInitFlags.AtomicOTrunc | FuseInitFlags.HasSyncFs;
        return usesWritebackCache && !isReadOnly ? features | FuseInitFlags.WritebackCache : features;
    }

    /// <inheritdoc/>
    public void Initialized(FuseConnection connection)
    {
        _canSkipOpen = connection.Has(FuseInitFlags.NoOpenSupport);
        _canSkipFlush = _canSkipOpen || connection.Minor >= MinorThatWritesAtClose;
        _isDelayed = connection.Has(FuseInitFlags.WritebackCache);
        _vnodes.LeavesFileTimes = _isDelayed;
        _appliesUmask = connection.Has(FuseInitFlags.DontMask);
        _vnodes.InheritsAcls = connection.Has(FuseInitFlags.PosixAcl);
    }

    /// <inheritdoc/>
    public int Lookup(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        // NFS resolves a handle by looking up "." in the node, whatever its type.
        Errno error = name.SequenceEqual("."u8)
            ? _vnodes.GetAttributes(context.NodeId, out VnodeAttributes found)
            : _vnodes.Lookup(context.NodeId, name, out found);
        entry.EntryValidSeconds = ValidSeconds;
        if (error == Errno.ENOENT) return FuseErrno.None;           // node id 0: the kernel caches a negative entry
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
        if (error != Errno.None) return ReadResult(context.NodeId, error);
        answer.AttrValidSeconds = ValidityOf(in found);
        _attributes.Fill(in found, ref answer.Attr);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int StatX(in FuseContext context, in FuseStatXIn request, ref FuseStatXOut answer)
    {
        Errno error = _vnodes.GetAttributes(context.NodeId, out VnodeAttributes found);
        if (error != Errno.None) return ReadResult(context.NodeId, error);
        answer.AttrValidSeconds = ValidityOf(in found);
        _attributes.Fill(in found, ref answer.Stat);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int ReadLink(in FuseContext context, Span<byte> target, out int targetBytes) =>
        ReadResult(context.NodeId, _vnodes.ReadLink(context.NodeId, target, out targetBytes));

    /// <inheritdoc/>
    public int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes) =>
        ReadResult(context.NodeId, _vnodes.Read(context.NodeId, request.Position, data, out readBytes));

    // The kernel sends LSEEK without first writing back dirty pages: a file being written would show holes where its
    // newest data is. After ENOSYS it treats a whole file as data, which is allowed and safe.

    /// <inheritdoc/>
    public int LSeek(in FuseContext context, in FuseLSeekIn request, out ulong position)
    {
        position = 0;
        if (_isDelayed) return FuseErrno.ENOSYS;
        return request.Whence switch
        {
            SeekData => (int)_vnodes.Seek(context.NodeId, request.Position, SeekTarget.Data, out position),
            SeekHole => (int)_vnodes.Seek(context.NodeId, request.Position, SeekTarget.Hole, out position),
            _ => FuseErrno.EINVAL,                                  // the kernel handles the others itself
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

    private void Attach()
    {
        _vnodes.WaitFor(_deletions);
        _vnodes.LeftOut = LoseChanges;
    }

    // Fills a reply that counts as a lookup reference of the kernel.
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
