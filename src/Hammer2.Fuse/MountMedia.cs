// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Cluster.Resync;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>How long opening a mount's devices waits for other processes.</summary>
/// <param name="LockWaitMilliseconds">Time to wait for each locked device.</param>
/// <param name="IsBusyMissing">True to treat a cluster node that is still locked then as absent; false to refuse the
/// mount.</param>
internal readonly record struct MountPatience(int LockWaitMilliseconds, bool IsBusyMissing)
{
    /// <summary>How long a mount waits for the last commit of an earlier mount of the same devices.</summary>
    public const int TotalMilliseconds = 5000;
}

/// <summary>A PFS that was opened for a mount.</summary>
/// <param name="Cluster">The PFS.</param>
/// <param name="Options">The options, read-only if the PFS cannot be written.</param>
internal readonly record struct MountMedia(ClusterMount Cluster, MountOptions Options)
{
    private const int WriteWorkersMax = 4;          // threads that encode and write back file data

    /// <summary>Opens the PFS for writing if requested and possible, otherwise for reading.</summary>
    /// <param name="filesystems">The open filesystems.</param>
    /// <param name="request">The mount.</param>
    /// <param name="patience">How long locked devices are waited for.</param>
    /// <param name="loggers">Receive messages.</param>
    /// <param name="shared">What all mounts of the process are written with.</param>
    /// <exception cref="MediaException">A device cannot be opened.</exception>
    /// <exception cref="PfsException">The PFS cannot be opened.</exception>
    public static MountMedia Open(OpenFilesystems filesystems, MountRequest request, MountPatience patience,
        ILoggerFactory loggers, PfsWriteOptions shared)
    {
        MountOptions options = request.Options;
        if (options.IsReadOnly) return new(OpenPfs(filesystems, request, patience, loggers, isReadOnly: true), options);
        try
        {
            ClusterMount cluster = OpenPfs(filesystems, request, patience, loggers, isReadOnly: false);
            OpenForWriting(cluster, request, shared);
            AwaitNodes(filesystems, cluster, options, loggers);
            return new(cluster, options);
        }
        catch (Exception refusal) when (MayStillBeRead(refusal) && !options.AsksForWriting)
        {
            FuseDaemonLog.MountedReadOnly(loggers.CreateLogger<MountMedia>(), refusal.Message);
            ClusterMount cluster = OpenPfs(filesystems, request, patience, loggers, isReadOnly: true);
            return new(cluster, options with { Flags = options.Flags | FuseMountFlags.ReadOnly });
        }
    }

    /// <summary>Has a PFS that was opened for reading written from now on.</summary>
    /// <param name="filesystems">The open filesystems.</param>
    /// <param name="cluster">The PFS.</param>
    /// <param name="request">The mount, with the options that it is to have.</param>
    /// <param name="loggers">Receive messages.</param>
    /// <param name="shared">What all mounts of the process are written with.</param>
    /// <param name="alone">Calls a function while no request about an object is served.</param>
    /// <exception cref="MediaException">A device cannot be written.</exception>
    /// <exception cref="PfsException">The PFS cannot be written; it is read as before.</exception>
    public static void BeginWriting(OpenFilesystems filesystems, ClusterMount cluster, MountRequest request,
        ILoggerFactory loggers, PfsWriteOptions shared, Action<Action> alone)
    {
        MountOptions options = request.Options;
        filesystems.BeginWriting(
            cluster, ClusterOptions(options, isReadOnly: false, MountPatience.TotalMilliseconds), loggers);
        // Nothing that was read before the first commit is held on to after it.
        Hammer2Error error = Hammer2Error.None;
        alone(() => error = cluster.Pfs.OpenForWriting(WriteOptions(options, shared)));
        if (error != Hammer2Error.None) throw NotWritable(request, error, cluster);
        AwaitNodes(filesystems, cluster, options, loggers);
    }

    /// <summary>How the devices of a request are opened.</summary>
    public static MediaSourceOptions SourceOptions(MountOptions options, bool isReadOnly, int lockWaitMilliseconds) =>
        new(isReadOnly, PartitionOffset: options.Offset, Partition: options.Partition,
            LockWaitMilliseconds: lockWaitMilliseconds);

    private static void OpenForWriting(ClusterMount cluster, MountRequest request, PfsWriteOptions shared)
    {
        Hammer2Error error = Hammer2Error.Internal;
        try
        {
            error = cluster.Pfs.OpenForWriting(WriteOptions(request.Options, shared));
            if (error != Hammer2Error.None) throw NotWritable(request, error, cluster);
        }
        finally
        {
            if (error != Hammer2Error.None) cluster.Dispose();
        }
    }

    private static PfsWriteOptions WriteOptions(MountOptions options, PfsWriteOptions shared) => shared with
    {
        Workers = Math.Min(Environment.ProcessorCount, WriteWorkersMax),
        Discards = options.Discards,
        Deduplicates = options.Deduplicates,
        Resynchronizes = options.Resynchronizes,
        ResyncRate = new RateLimit(options.ResyncRateBytes),
        ResyncSnapshots = new ResyncSnapshots(options.ResyncDeletesSnapshots, shared.ResyncSnapshots.Use),
        Quorum = new QuorumPolicySetting(options.Quorum),
    };

    private static void AwaitNodes(
        OpenFilesystems filesystems, ClusterMount cluster, MountOptions options, ILoggerFactory loggers)
    {
        if (!options.Resynchronizes) return;
        filesystems.AwaitNodes(cluster, SourceOptions(options, isReadOnly: false, lockWaitMilliseconds: 0),
            loggers, SystemScheduler.Instance);
    }

    private static bool MayStillBeRead(Exception refusal) =>
        refusal is WriteProtectedException or PfsNotWritableException;

    private static ClusterMount OpenPfs(OpenFilesystems filesystems, MountRequest request, MountPatience patience,
        ILoggerFactory loggers, bool isReadOnly)
    {
        ClusterMountOptions options = ClusterOptions(request.Options, isReadOnly, patience.LockWaitMilliseconds) with
        {
            IsBusyMissing = patience.IsBusyMissing,
        };
        return filesystems.Mount(MountNodes.Of(request, options.Media), options, loggers);
    }

    private static ClusterMountOptions ClusterOptions(
        MountOptions options, bool isReadOnly, int lockWaitMilliseconds) =>
        new(SourceOptions(options, isReadOnly, lockWaitMilliseconds), AllowDegraded: options.IsDegraded,
            Masters: options.Masters)
        {
            Siblings = isReadOnly ? null : new SiblingSearch(AttachedDevices.List),
        };

    private static PfsNotWritableException NotWritable(
        MountRequest request, Hammer2Error error, ClusterMount cluster) =>
        new($"{request.SourceText}: cannot be written: {Describe(error, cluster)}");

    private static string Describe(Hammer2Error error, ClusterMount cluster) => error switch
    {
        Hammer2Error.NoQuorum =>
            MembershipText.Describe(cluster.Pfs.Membership) ?? "too few of its masters can be written",
        Hammer2Error.TooLarge => "the numbers of its commits are used up",
        Hammer2Error.ReadOnly => "Read-only file system",
        _ => cluster.LastFault ?? $"what must be known before the first change cannot be read ({error})",
    };
}
