// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Hammer2.Chains;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Resync;
using Hammer2.Cluster.Returns;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Linux.Text;

namespace Hammer2.Cluster.Members;

/// <summary>Carries out changes of the nodes of a mounted cluster.</summary>
/// <remarks>None is made while nodes that return are looked for.</remarks>
internal sealed class ClusterMembers : IClusterMembers
{
    private readonly ClusterMount _mount;
    private readonly IFilesystemOpener _opener;
    private readonly ReturnAccess _access;
    private readonly TimeProvider _time;
    private readonly Func<ulong> _random;

    /// <param name="mount">The PFS, open for writing.</param>
    /// <param name="opener">Opens filesystems.</param>
    /// <param name="access">How devices are opened.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Gives 64 random bits, for ids.</param>
    public ClusterMembers(ClusterMount mount, IFilesystemOpener opener, ReturnAccess access, TimeProvider time,
        Func<ulong> random)
    {
        _mount = mount;
        _opener = opener;
        _access = access;
        _time = time;
        _random = random;
    }

    private Pfs Pfs => _mount.Pfs;

    private ClusterView View => Pfs.View;

    /// <inheritdoc/>
    public MemberOutcome Attach(IReadOnlyList<string> paths)
    {
        using RankedLock.Scope alone = _mount.NodesLock.EnterScope();
        if (Refusal() is { } refusal) return MemberOutcome.Refused(refusal);
        if (Record(out MembershipRecord record) is { } unknown) return MemberOutcome.Refused(unknown);
        if (View.Members.Length >= Media.NodesMax || record.Members.Length >= Media.NodesMax || View.FreeSlot < 0)
            return MemberOutcome.Refused($"a cluster has at most {Media.NodesMax} nodes");
        OpenFilesystem filesystem;
        try
        {
            filesystem = _opener.OpenFor(_mount, paths, _access);
        }
        catch (MediaException missing)
        {
            return new MemberOutcome(Hammer2Error.Io, missing.Message);
        }
        MemberOutcome outcome = Attach(filesystem.Device, record);
        if (outcome.Error != Hammer2Error.None) _opener.EndUse(_mount, filesystem);
        return outcome;
    }

    /// <inheritdoc/>
    public MemberOutcome Detach(string name)
    {
        using RankedLock.Scope alone = _mount.NodesLock.EnterScope();
        if (Refusal() is { } refusal) return MemberOutcome.Refused(refusal);
        if (Record(out MembershipRecord record) is { } unknown) return MemberOutcome.Refused(unknown);
        if (Choose(name, out ChosenMember chosen) is { } notFound) return MemberOutcome.Refused(notFound);
        MembershipRecord after = chosen.Tag is { } tag ? record.Without(tag) : record;
        if (after.Masters == 0) return MemberOutcome.Refused("it is the only master");
        var node = chosen.Member as PresentNode;
        if (Missing(after, node) is { } tooFew) return MemberOutcome.Refused(tooFew);
        bool wasSynced = node is { IsSynced: true };
        Hammer2Error error = Change(after, view => chosen.Member is null ? view : view.Without(chosen.Member));
        if (error != Hammer2Error.None || node is null) return new MemberOutcome(error);
        return new MemberOutcome(Release(node, wasSynced));
    }

    /// <inheritdoc/>
    public MemberOutcome Offline(string name)
    {
        using RankedLock.Scope alone = _mount.NodesLock.EnterScope();
        if (Refusal() is { } refusal) return MemberOutcome.Refused(refusal);
        if (Choose(name, out ChosenMember chosen) is { } notFound) return MemberOutcome.Refused(notFound);
        if (chosen.Member is not PresentNode node) return MemberOutcome.Refused("its device is absent");
        if (node.IsSynced && View.Synced.Count <= View.Quorum)
            return MemberOutcome.Refused($"{View.Quorum} synced nodes make a quorum, and there are no more of them");
        return new MemberOutcome(Pfs.Writer!.ChangeMembers((out Func<ClusterView, ClusterView>? change) =>
        {
            change = null;
            // Its resynchronization may have ended meanwhile: then another object stands for it.
            if (!View.Has(node)) return Hammer2Error.Busy;
            node.IsKeptOffline = true;
            _ = node.TryChange(NodeEvent.TakenOffline, default);
            return Hammer2Error.None;
        }));
    }

    /// <inheritdoc/>
    public MemberOutcome Online(string name)
    {
        using RankedLock.Scope alone = _mount.NodesLock.EnterScope();
        if (Refusal() is { } refusal) return MemberOutcome.Refused(refusal);
        if (Choose(name, out ChosenMember chosen) is { } notFound) return MemberOutcome.Refused(notFound);
        if (chosen.Member is not PresentNode { IsKeptOffline: true } node)
            return MemberOutcome.Refused("it was not set aside");
        node.IsKeptOffline = false;
        return default;
    }

    /// <inheritdoc/>
    public MemberOutcome Resync(string name)
    {
        MemberOutcome outcome = Offline(name);
        return outcome.Error == Hammer2Error.None ? Online(name) : outcome;
    }

    /// <inheritdoc/>
    public MemberOutcome CopySnapshots(string name, Func<bool> isCancelled, out int copied)
    {
        copied = 0;
        if (FindPresent(name, out PresentNode node, out _) is { } refusal) return refusal;
        if (!node.IsSynced) return MemberOutcome.Refused("it is not a synced master");
        Hammer2Error error = Pfs.Writer!.CopySnapshots(node, _opener.TryClaim, isCancelled, out copied);
        return new MemberOutcome(error, error switch
        {
            Hammer2Error.Busy => "a snapshot that is damaged there is mounted, or files in it are open; it was left",
            Hammer2Error.NodeDown => "there is no other synced node that has snapshots",
            Hammer2Error.Exists => "it has another PFS with the label of one of the snapshots",
            Hammer2Error.NoSpace => "it has too little free space; what was copied stays",
            _ => null,
        });
    }

    /// <inheritdoc/>
    public MemberOutcome Promote(string name)
    {
        using RankedLock.Scope alone = _mount.NodesLock.EnterScope();
        if (FindPresent(name, out PresentNode node, out MembershipRecord record) is { } refusal) return refusal;
        if (node is not { State: NodeState.Passive, Facts.Role: NodeRole.Slave })
            return MemberOutcome.Refused("it is not a slave, or one that is being resynchronized: then try again");
        if (record.RoleOf(node.Facts.Tag) is null && record.Members.Length >= Media.NodesMax)
            return MemberOutcome.Refused($"a cluster has at most {Media.NodesMax} nodes");
        return new MemberOutcome(new RoleChange(_mount).Promote(node, record));
    }

    /// <inheritdoc/>
    public MemberOutcome Demote(string name)
    {
        using RankedLock.Scope alone = _mount.NodesLock.EnterScope();
        if (FindPresent(name, out PresentNode node, out MembershipRecord record) is { } refusal) return refusal;
        if (!node.IsSynced) return MemberOutcome.Refused("it is not a synced master");
        MembershipRecord after = record.With(node.Facts.Tag, MemberRole.Slave);
        if (after.Masters == 0) return MemberOutcome.Refused("it is the only master");
        return Missing(after, node) is { } tooFew
            ? MemberOutcome.Refused(tooFew) : new MemberOutcome(new RoleChange(_mount).Demote(node, record));
    }

    private MemberOutcome? FindPresent(string name, out PresentNode node, out MembershipRecord record)
    {
        node = null!;
        record = null!;
        if (Refusal() is { } refusal) return MemberOutcome.Refused(refusal);
        if (Record(out record) is { } unknown) return MemberOutcome.Refused(unknown);
        if (Choose(name, out ChosenMember chosen) is { } notFound) return MemberOutcome.Refused(notFound);
        if (chosen.Member is not PresentNode present) return MemberOutcome.Refused("its device is absent");
        node = present;
        return null;
    }

    private MemberOutcome Attach(MediaDevice device, MembershipRecord record)
    {
        var entries = new List<PfsEntry>();
        _ = PfsEntry.List(device, entries);
        MediaUuid clusterId = View.Nodes[0].Entry.ClusterId;
        PfsEntry? entry = entries.Find(found => found.ClusterId == clusterId);
        if (entry is null)
        {
            return MemberOutcome.Refused(
                "it holds no node of the cluster; newfs --join makes one on a device that holds nothing else");
        }
        NodeFacts facts = NodeFacts.Of(
            entry.Root.Reference, entry.Root.Meta, entry.Root.AfterInodeName, device.Volumes, record: null);
        if (record.RoleOf(facts.Tag) is MemberRole.Master) return MemberOutcome.Refused("it is a member already");
        foreach (PresentNode member in View.Nodes)
            if (member.Facts.Tag == facts.Tag) return MemberOutcome.Refused("it takes part already");
        var node = new PresentNode(View.FreeSlot, entry, NodeState.Stale, facts);
        device.Faults.Label = Pfs.ClusterNodes.LabelText;
        device.KeepsPreparedRecord = true;
        Hammer2Error error = Keep(node);
        if (error != Hammer2Error.None) return new MemberOutcome(error);
        error = Change(record.With(facts.Tag, MemberRole.Joining), view => view.With(node));
        if (error != Hammer2Error.None) return new MemberOutcome(error);
        _mount.Add(entry);
        Pfs.Writer!.StartResync(node);
        return default;
    }

    // No record proves that the others know what it holds. Once the record names it, it is a node that is to be made
    // equal, also for a mount that finds it so after an interruption: so it is kept before.
    private Hammer2Error Keep(PresentNode node)
    {
        if (node.Facts.Role != NodeRole.Master) return Hammer2Error.None;
        Hammer2Error error = node.Device.OpenForWriting(_time);
        if (error != Hammer2Error.None) return error;
        error = KeptContent.Save(node, _time.GetUtcNow(), _random, out byte[] label);
        if (error == Hammer2Error.None)
            MountLog.ContentKept(Pfs.ClusterNodes.Logger, node.Name, ByteText.Decode(label));
        return error;
    }

    // One that was level gets an identity of its own: it must never be taken for the cluster it left.
    private Hammer2Error Release(PresentNode node, bool wasSynced)
    {
        Hammer2Error error = Hammer2Error.None;
        if (wasSynced && node.Device.Committer is { IsFenced: false })
            error = PfsListCommit.Run(node.Device, NodeRootEdit.Alone(node.Root, PfsIds.Draw(_random).ClusterId));
        _mount.RemoveMember(node.Entry);
        Close(node);
        return error;
    }

    // Until the mount ends, where something is still being written there, or the kernel's mount claims the device.
    private void Close(PresentNode node)
    {
        if (_mount.FilesystemOf(node.Identity.FilesystemId) is not { } filesystem || _mount.Lent == filesystem) return;
        if (!_opener.IsShared(filesystem))
        {
            node.Device.Committer?.Fence(Hammer2Error.NodeDown);
            if (node.Device.Committer is not null && !node.Device.TryRetire()) return;
        }
        _opener.EndUse(_mount, filesystem);
    }

    private Hammer2Error Change(MembershipRecord record, Func<ClusterView, ClusterView> change)
    {
        foreach (MediaDevice device in _mount.Devices) device.KeepsPreparedRecord = true;
        if (!ViewMembers.HasRoom(View, record)) return Hammer2Error.TooLarge;
        return Pfs.Writer!.ChangeMembers((out Func<ClusterView, ClusterView>? exchange) =>
        {
            exchange = view => change(view).WithRecord(record);
            return Hammer2Error.None;
        });
    }

    private string? Refusal() => Pfs.Writer is { IsStopped: false } ? null : "the PFS is not written";

    // The record that a change starts from. A PFS that never was a cluster gets its first one.
    private string? Record(out MembershipRecord record)
    {
        MembershipRecord? known = View.Record ?? ViewMembers.FindAdoption(View, Pfs.ClusterNodes.MastersTotal);
        record = known!;
        return known is null
            ? "its nodes are only counted so far: mount all masters together once, which makes a list of them" : null;
    }

    private string? Choose(string name, out ChosenMember chosen)
    {
        if (ChosenMember.Find(View, name, out chosen) is { } reason) return reason;
        if (chosen.Tag is not null) return null;
        // The device of an absent node says nothing: it is known when no other one is absent.
        List<MemberTag> absent = ViewMembers.FindAbsentMasters(View);
        if (absent.Count > 1)
            return $"{name} is absent, and so are others: give the id of its filesystem, or the number of its slot";
        chosen = chosen with { Tag = absent.Count == 1 ? absent[0] : null };
        return null;
    }

    private string? Missing(MembershipRecord after, PresentNode? left)
    {
        int synced = 0;
        foreach (PresentNode node in View.Synced)
            if (node != left) synced++;
        return synced >= after.Quorum
            ? null : $"{after.Quorum} of the masters that are left make a quorum, and {synced} of them are synced";
    }
}
