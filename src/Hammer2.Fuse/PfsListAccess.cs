// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Collections.Generic;
using Concurrency;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Resync;
using Hammer2.Cluster.Views;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Fuse.Trees;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>Changes the lists of PFSs of the filesystems that a process serves: one change at a time, and none while a
/// PFS is being mounted.</summary>
/// <param name="turn">Held while a PFS is being mounted.</param>
/// <param name="filesystems">The open filesystems, which know what is in use.</param>
/// <param name="time">The clock.</param>
internal sealed class PfsListAccess(RankedLock turn, OpenFilesystems filesystems, TimeProvider time) : ISnapshotUse
{
    private readonly ConcurrentDictionary<ClusterMount, LiveRollback> _mounted = new();
    private readonly ConcurrentDictionary<(MediaUuid, string), object> _receiving = new();

    /// <summary>Carries out something of which there is one at a time, as of changes.</summary>
    public Hammer2Error Exclusively(Func<Hammer2Error> body)
    {
        using (turn.EnterScope()) return body();
    }

    /// <inheritdoc/>
    public Hammer2Error TryAlone(Func<Hammer2Error> body)
    {
        if (!turn.TryEnter()) return Hammer2Error.Busy;
        try
        {
            return body();
        }
        finally
        {
            turn.Exit();
        }
    }

    /// <inheritdoc/>
    public IDisposable? TryClaim(PfsEntry pfs)
    {
        bool isUsed = filesystems.FindUser([pfs]) is not null || IsReceiving(ByteText.Decode(pfs.Label));
        return isUsed ? null : filesystems.Views.TryClaim([pfs], isForced: false, openers: []);
    }

    /// <summary>Has a label of a filesystem for one receiver alone, until it is disposed of; null when it is
    /// taken.</summary>
    public IDisposable? TryReceive(MediaUuid filesystemId, byte[] label)
    {
        var claim = new ReceivingClaim(_receiving, (filesystemId, ByteText.Decode(label)));
        return _receiving.TryAdd(claim.Key, claim) ? claim : null;
    }

    /// <summary>True while a PFS is being received under a label, on any filesystem.</summary>
    public bool IsReceiving(string label)
    {
        foreach ((MediaUuid, string Label) key in _receiving.Keys)
            if (key.Label == label) return true;
        return false;
    }

    /// <summary>Carries out a change. Views of PFSs that it removes or renames end before it.</summary>
    /// <param name="pfs">The mounted PFS through which it is made.</param>
    /// <param name="change">The change.</param>
    /// <param name="isForced">True to end views although files in them are open.</param>
    /// <param name="openers">Receives the processes whose open files prevent it; the result is Busy then.</param>
    public Hammer2Error Change(Pfs pfs, Func<PfsAdministration, Hammer2Error> change, bool isForced = false,
        ICollection<uint>? openers = null)
    {
        var claims = new List<IDisposable>();
        try
        {
            using (turn.EnterScope())
            {
                return change(new PfsAdministration(pfs, filesystems.FindUser, time, SystemRandom.NextBits)
                {
                    MayChange = EndViews,
                });
            }
        }
        finally
        {
            foreach (IDisposable claim in claims) claim.Dispose();
        }

        bool EndViews(IReadOnlyList<PfsEntry> members)
        {
            if (filesystems.Views.TryClaim(members, isForced, openers ?? []) is not { } claim) return false;
            claims.Add(claim);
            return true;
        }
    }

    /// <summary>Opens a PFS of the same filesystems for reading, as <see cref="PfsView.Open"/>.</summary>
    public Hammer2Error OpenView(
        Pfs mounted, ReadOnlySpan<byte> label, IPfsViewer viewer, ILogger logger, out PfsView? view) =>
        PfsView.Open(filesystems, mounted, label, viewer, logger, out view);

    /// <summary>A mount of this process begins, and can be rolled back while it lasts.</summary>
    public void Add(ClusterMount mount, LiveRollback rollback) => _ = _mounted.TryAdd(mount, rollback);

    /// <summary>A mount of this process ends.</summary>
    public void Remove(ClusterMount mount) => _ = _mounted.TryRemove(mount, out _);

    /// <summary>Rolls a PFS, which may be mounted by this process, back to an earlier state.</summary>
    /// <param name="through">A mounted PFS of the same filesystems, which have all nodes that take part.</param>
    /// <param name="label">Label of the PFS to roll back.</param>
    /// <param name="wanted">The state.</param>
    /// <param name="loggers">Receive messages.</param>
    /// <param name="kept">Label of the snapshot of the state before.</param>
    /// <returns>As <see cref="PfsRollback.Run"/>, and as <see cref="HeaderSource.Open"/>; Busy, with a reason, when it
    /// is in use in a way that prevents it, and without one when the snapshot is in use for writing.</returns>
    /// <exception cref="PfsInUseException">It is in use and cannot be written.</exception>
    /// <exception cref="PfsException">The PFS cannot be opened.</exception>
    public LiveRollbackOutcome Rollback(ClusterMount through, string label, RollbackWish wanted,
        ILoggerFactory loggers, out byte[] kept)
    {
        kept = [];
        using (turn.EnterScope())
        {
            try
            {
                var media = new MediaSourceOptions(IsReadOnly: false);
                using ClusterMount opened = filesystems.MountBeside(
                    through, label, new ClusterMountOptions(media), loggers);
                Hammer2Error error = CheckSnapshot(opened.Pfs, wanted);
                if (error == Hammer2Error.None) error = opened.Pfs.OpenForWriting();
                return error == Hammer2Error.None
                    ? Rollback(opened.Pfs, wanted, static rollback => new(rollback(), Reason: null), out kept)
                    : new(error, Reason: null);
            }
            catch (PfsInUseException use) when (IsMountedForWriting(use, out LiveRollback? live))
            {
                Pfs pfs = use.User.Pfs;
                Hammer2Error error = CheckSnapshot(pfs, wanted);
                return error == Hammer2Error.None
                    ? Rollback(pfs, wanted, rollback => live!.Run(wanted.IsForced, rollback), out kept)
                    : new(error, Reason: null);
            }
        }
    }

    private LiveRollbackOutcome Rollback(Pfs pfs, RollbackWish wanted,
        Func<Func<Hammer2Error>, LiveRollbackOutcome> run, out byte[] kept)
    {
        byte[] label = [];
        LiveRollbackOutcome outcome;
        if (wanted.Header is { } header)
        {
            Hammer2Error error = HeaderSource.Open(
                pfs, header, wanted.IsCancelled, out HeaderSource? source, out string? reason);
            using (source)
            {
                outcome = error == Hammer2Error.None
                    ? run(() => PfsRollback.RunToHeader(pfs, source!, time, SystemRandom.NextBits, out label))
                    : new(error, reason);
            }
        }
        else
        {
            outcome = run(() => PfsRollback.Run(
                pfs, wanted.Snapshot, time, SystemRandom.NextBits, out label));
        }
        kept = label;
        return outcome;
    }

    private Hammer2Error CheckSnapshot(Pfs pfs, RollbackWish wanted) => wanted.Header is null
        ? new PfsAdministration(pfs, filesystems.FindUser, time, SystemRandom.NextBits).CheckUnwritten(wanted.Snapshot)
        : Hammer2Error.None;

    // Not another node of its cluster, under another label.
    private bool IsMountedForWriting(PfsInUseException use, out LiveRollback? live) =>
        _mounted.TryGetValue(use.User, out live) && live.IsWritable
        && use.Label == ByteText.Decode(use.User.Pfs.Label.Span);

    private sealed class ReceivingClaim(
        ConcurrentDictionary<(MediaUuid, string), object> claims, (MediaUuid, string) key) : IDisposable
    {
        public (MediaUuid, string) Key => key;

        public void Dispose() => _ = claims.TryRemove(key, out _);
    }
}
