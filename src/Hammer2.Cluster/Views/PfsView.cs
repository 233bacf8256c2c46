// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster.Views;

/// <summary>What tells the content of a PFS at one time from all others.</summary>
/// <param name="ClusterId">Its cluster.</param>
/// <param name="NodeId">Its first node.</param>
/// <param name="CommitTid">Number of its last commit.</param>
public readonly record struct PfsViewIdentity(MediaUuid ClusterId, MediaUuid NodeId, ulong CommitTid);

/// <summary>
/// A PFS that is not mounted, opened for reading beside the mounted PFS on the same filesystems. It shares their
/// devices and caches. While it is open nothing changes it: this process neither mounts it nor deletes it, and no
/// other process can write to the devices.
/// </summary>
public sealed class PfsView : IDisposable
{
    // Each round needs a commit of another PFS in between.
    private const int RoundsMax = 100;

    private readonly PfsViews _views;
    private readonly IReadOnlyList<PfsEntry> _members;
    private readonly bool _isFormer;

    private PfsView(PfsViews views, IReadOnlyList<PfsEntry> members, Pfs pfs, bool isFormer = false)
    {
        _isFormer = isFormer;
        _views = views;
        _members = members;
        Pfs = pfs;
    }

    /// <summary>The PFS.</summary>
    public Pfs Pfs { get; }

    /// <summary>True when it is a snapshot, or the state of a PFS below an older header.</summary>
    public bool IsSnapshot =>
        _isFormer || _members[0].Root.Meta.PfsSubtype is PfsSubtype.Snapshot or PfsSubtype.AutoSnapshot;

    /// <summary>What it contains, compared with other times.</summary>
    public PfsViewIdentity Identity => new(
        _members[0].ClusterId, _members[0].NodeId, PfsReports.LastCommitOf(Pfs));

    /// <summary>Opens a PFS. Of a cluster the nodes are used that the filesystems below the mounted PFS have.</summary>
    /// <param name="filesystems">The open filesystems, which know what is in use.</param>
    /// <param name="mounted">The mounted PFS.</param>
    /// <param name="label">Its label.</param>
    /// <param name="viewer">Reads the view.</param>
    /// <param name="logger">Receives messages.</param>
    /// <param name="view">The view, to be disposed of.</param>
    /// <returns>None; NoEntry; Busy while it is mounted, or is being deleted; NoQuorum; errors of reading.</returns>
    public static Hammer2Error Open(OpenFilesystems filesystems, Pfs mounted, ReadOnlySpan<byte> label,
        IPfsViewer viewer, ILogger logger, out PfsView? view)
    {
        view = null;
        for (int round = 0; round < RoundsMax; round++)
        {
            Hammer2Error error = FindMembers(mounted, label, out List<PfsEntry> members);
            if (error != Hammer2Error.None) return error;
            if (!filesystems.Views.TryAdd(members, viewer)) return Hammer2Error.Busy;
            error = TryOpen(filesystems, mounted, label, members, logger, out view);
            if (view is not null) return error;
            filesystems.Views.Remove(members);
            // Deleted or changed before it was added to the views: it is looked for once more.
            if (error != Hammer2Error.Exists) return error;
        }
        return Hammer2Error.Busy;
    }

    /// <summary>Opens a mounted PFS as it is below an older volume header of its first synced node, as long as that
    /// header is not overwritten. Blocks that were used again since cannot be read.</summary>
    /// <param name="mounted">The mounted PFS.</param>
    /// <param name="mirrorTid">mirror_tid of the header.</param>
    /// <param name="logger">Receives messages.</param>
    /// <param name="view">The view, to be disposed of.</param>
    /// <returns>None; NoEntry when there is no such header any more, or it has no such PFS; errors of
    /// reading.</returns>
    public static Hammer2Error OpenFormer(Pfs mounted, ulong mirrorTid, ILogger logger, out PfsView? view)
    {
        view = null;
        foreach (PresentNode node in mounted.View.Synced)
        {
            Hammer2Error error = FormerPfs.FindHeader(node, mirrorTid, out FormerPfs? found);
            if (error != Hammer2Error.None) return error;
            PfsEntry[] members = [new PfsEntry(found!.Device, found.Root)];
            error = PfsAssembly.OpenAlone(mounted.Label.ToArray(), members[0], logger, out Pfs? pfs);
            if (error == Hammer2Error.None) view = new PfsView(new PfsViews(), members, pfs!, isFormer: true);
            return error;
        }
        return Hammer2Error.NoEntry;
    }

    /// <summary>The older headers of the first synced node of a mounted PFS: number of the copy and
    /// mirror_tid.</summary>
    public static IReadOnlyList<(int CopyIndex, ulong MirrorTid)> FormerHeaders(Pfs mounted)
    {
        foreach (PresentNode node in mounted.View.Synced)
        {
            return FormerPfs.HeadersOf(node.Device)
                .ConvertAll(static header => (header.CopyIndex, header.Fields.MirrorTid));
        }
        return [];
    }

    /// <summary>Closes it.</summary>
    public void Dispose() => _views.Remove(_members);

    private static Hammer2Error TryOpen(OpenFilesystems filesystems, Pfs mounted, ReadOnlySpan<byte> label,
        List<PfsEntry> members, ILogger logger, out PfsView? view)
    {
        view = null;
        if (filesystems.FindUser(members) is not null) return Hammer2Error.Busy;
        if (members.Exists(member => HasKey(mounted, member))) return Hammer2Error.Busy;
        Hammer2Error error = FindMembers(mounted, label, out List<PfsEntry> again);
        if (error != Hammer2Error.None || !IsSame(members, again)) return Hammer2Error.Exists;
        int? masters = members.Count > 1 && mounted.Membership.IsCluster ? mounted.Membership.MastersTotal : null;
        bool isOfMounted = members[0].Root.Meta.PfsOriginId == mounted.Nodes[0].Entry.ClusterId;
        int mastersOfOrigin = isOfMounted && mounted.View.Record is { } record ? record.Masters : 0;
        error = PfsAssembly.Open(label.ToArray(), members, masters, mastersOfOrigin, logger, out Pfs? pfs);
        if (error == Hammer2Error.None) view = new PfsView(filesystems.Views, members, pfs!);
        return error;
    }

    private static bool HasKey(Pfs mounted, PfsEntry entry)
    {
        foreach (PresentNode node in mounted.Nodes)
            if (node.Device == entry.Device && node.Root.Reference.Key == entry.Root.Reference.Key) return true;
        return false;
    }

    private static bool IsSame(List<PfsEntry> members, List<PfsEntry> again)
    {
        if (members.Count != again.Count) return false;
        for (int i = 0; i < members.Count; i++)
        {
            if (members[i].Device != again[i].Device
                || members[i].Root.Reference.ModifyTid != again[i].Root.Reference.ModifyTid
                || members[i].NodeId != again[i].NodeId) return false;
        }
        return true;
    }

    // The nodes of the first PFS that has the label; a device that cannot be read is like one without it.
    private static Hammer2Error FindMembers(Pfs mounted, ReadOnlySpan<byte> label, out List<PfsEntry> members)
    {
        members = [];
        Hammer2Error faults = Hammer2Error.None;
        foreach (PresentNode node in mounted.Nodes)
        {
            Hammer2Error error = FindOn(node.Device, label, out Chain? root);
            if (error is Hammer2Error.NoEntry or Hammer2Error.NoSpace) continue;
            if (error != Hammer2Error.None) faults |= error;
            else members.Add(new PfsEntry(node.Device, root!));
        }
        if (members.Count == 0) return faults == Hammer2Error.None ? Hammer2Error.NoEntry : faults;
        MediaUuid cluster = members[0].ClusterId;
        if (cluster.IsZero) members.RemoveRange(1, members.Count - 1);
        else _ = members.RemoveAll(member => member.ClusterId != cluster);
        return Hammer2Error.None;
    }

    // The blocks above the root of a PFS move with each commit of any PFS.
    private static Hammer2Error FindOn(MediaDevice device, ReadOnlySpan<byte> label, out Chain? root)
    {
        while (true)
        {
            Chain above = device.RootChain;
            Hammer2Error error = PfsRootKeys.Find(device, label, out root, out _);
            if (!error.IsNodeFault() || device.RootChain == above) return error;
        }
    }
}
