// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Rolls a PFS back to one of its snapshots, or to an older volume header.</summary>
/// <remarks>Upstream has none. The PFS may be in use: changes that are accepted before it are in the state that is
/// kept, later ones are made on the other content. A thread that reads meanwhile, or a caller that knows objects by
/// their numbers, may mistake one content for the other.</remarks>
public static class PfsRollback
{
    private const int LabelsTried = 60;

    /// <summary>Gives a PFS the content of a snapshot on every synced node, and keeps the content that it had as a
    /// further snapshot, in one commit. It keeps label, ids and role; its numbers of commits and inodes go on above all
    /// that it or the snapshot used.</summary>
    /// <param name="pfs">The PFS, open for writing.</param>
    /// <param name="snapshot">Label of the snapshot, which is not in use for writing.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Gives 64 random bits, for ids.</param>
    /// <param name="kept">Label of the snapshot of the state before: <see cref="PfsLabel.OfSnapshot"/> of this second,
    /// or of a later one when that is taken.</param>
    /// <returns>None; NoEntry when a node has no such snapshot; Invalid when it is not a snapshot, or one of another
    /// PFS, or differs between nodes; Exists when no label is free for the state before; NoSpace; ReadOnly; what kept
    /// the commit from a quorum of nodes; Io when an inode that was committed cannot be
    /// read back. An error may have come after the commit,
    /// from deleting orphans: whether the content is exchanged, the root of a node tells.</returns>
    public static Hammer2Error Run(
        Pfs pfs, ReadOnlySpan<byte> snapshot, TimeProvider time, Func<ulong> random, out byte[] kept)
    {
        kept = [];
        if (pfs.Writer is null) return Hammer2Error.ReadOnly;
        Hammer2Error error = Check(pfs, snapshot, out ulong newest);
        return error == Hammer2Error.None
            ? Exchange(pfs, new SnapshotSource(snapshot.ToArray()), newest, time, random, out kept)
            : error;
    }

    /// <summary>As <see cref="Run"/>, to the state below an older volume header.</summary>
    /// <param name="pfs">The PFS, open for writing.</param>
    /// <param name="header">The state.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Gives 64 random bits, for ids.</param>
    /// <param name="kept">Label of the snapshot of the state before.</param>
    public static Hammer2Error RunToHeader(
        Pfs pfs, HeaderSource header, TimeProvider time, Func<ulong> random, out byte[] kept) =>
        Exchange(pfs, header, newest: 0, time, random, out kept);

    private static Hammer2Error Exchange(
        Pfs pfs, IRollbackSource source, ulong newest, TimeProvider time, Func<ulong> random, out byte[] kept)
    {
        kept = [];
        if (pfs.Writer is not { } writer) return Hammer2Error.ReadOnly;
        Hammer2Error error = FindLabel(pfs, time, out kept);
        if (error != Hammer2Error.None) return error;
        ulong now = (ulong)((time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        var keeping = new SnapshotEdit(kept, PfsIds.Draw(random), now);
        return writer.ExchangeRoot(new RollbackEdit(source, keeping, now), newest);
    }

    private static Hammer2Error Check(Pfs pfs, ReadOnlySpan<byte> label, out ulong newest)
    {
        newest = 0;
        MediaUuid? clusterId = null;
        foreach (PresentNode node in pfs.View.Synced)
        {
            Hammer2Error error = PfsRootKeys.Find(node.Device, label, out Chain? root, out _);
            if (error != Hammer2Error.None) return error == Hammer2Error.NoSpace ? Hammer2Error.NoEntry : error;
            InodeMeta meta = root!.Meta;
            bool isSnapshot = meta.PfsSubtype is PfsSubtype.Snapshot or PfsSubtype.AutoSnapshot;
            // Upstream does not store of which PFS a snapshot is.
            bool isOwn = meta.PfsOriginId.IsZero || meta.PfsOriginId == node.Root.Meta.PfsClusterId;
            clusterId ??= meta.PfsClusterId;
            if (!isSnapshot || !isOwn || meta.PfsClusterId != clusterId) return Hammer2Error.Invalid;
            newest = Math.Max(newest, root.Reference.ModifyTid);
        }
        return Hammer2Error.None;
    }

    private static Hammer2Error FindLabel(Pfs pfs, TimeProvider time, out byte[] label)
    {
        DateTimeOffset now = TimeZoneInfo.ConvertTime(time.GetUtcNow(), time.LocalTimeZone);
        label = [];
        for (int later = 0; later < LabelsTried; later++)
        {
            label = PfsLabel.OfSnapshot(pfs.Label.Span, now.AddSeconds(later));
            Hammer2Error error = IsFree(pfs.View, label);
            if (error != Hammer2Error.Exists) return error;
        }
        return Hammer2Error.Exists;
    }

    private static Hammer2Error IsFree(ClusterView view, byte[] label)
    {
        foreach (PresentNode node in view.Synced)
        {
            Hammer2Error error = PfsRootKeys.Find(node.Device, label, out _, out _);
            if (error == Hammer2Error.None) return Hammer2Error.Exists;
            if (error != Hammer2Error.NoEntry) return error;
        }
        return Hammer2Error.None;
    }
}
