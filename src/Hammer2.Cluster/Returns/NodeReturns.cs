// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Hammer2.Chains;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster.Returns;

/// <summary>
/// Looks now and then whether the device of a node answers that was fenced, or could not be opened when the PFS was
/// mounted; identifies the node, and makes it a member again, which is then resynchronized.
/// </summary>
/// <remarks>
/// A fenced device is read anew only when no call that may change it is under way: the fence lets none begin. So no
/// write of the past can land on what is written from then on. A node that was fenced alone, for want of space or for
/// blocks that it cannot read, goes on with the device as it is open.
/// </remarks>
internal sealed class NodeReturns : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(5);

    private readonly ClusterMount _mount;
    private readonly IFilesystemOpener _opener;
    private readonly ReturnAccess _access;
    private readonly ILogger _logger;
    private readonly RankedMonitor _closingLock = new(LockRank.ReturnsClosing);
    private readonly Dictionary<string, string> _refusals = [];
    private readonly IStartedThread? _thread;
    private readonly StalledNodes _stalled;
    private MediaDevice? _unreadable;
    private bool _isClosed;

    /// <param name="mount">The PFS, open for writing.</param>
    /// <param name="opener">Opens filesystems.</param>
    /// <param name="access">How devices are opened.</param>
    /// <param name="scheduler">Starts the thread that looks; null when <see cref="Check"/> is called instead.</param>
    public NodeReturns(ClusterMount mount, IFilesystemOpener opener, ReturnAccess access, IScheduler? scheduler)
    {
        _mount = mount;
        _opener = opener;
        _access = access;
        _logger = access.Loggers.CreateLogger<NodeReturns>();
        _stalled = new StalledNodes(mount, _logger);
        _thread = scheduler?.Start("nodes that return", Run);
    }

    private Pfs Pfs => _mount.Pfs;

    /// <summary>Looks once at each node that is fenced or absent.</summary>
    /// <returns>The nodes that are members now, and wait for their resynchronization.</returns>
    /// <remarks>Entry: no lock held. One caller at a time.</remarks>
    public IReadOnlyList<PresentNode> Check()
    {
        var returned = new List<PresentNode>();
        using RankedLock.Scope alone = _mount.NodesLock.EnterScope();
        if (Pfs.Writer is { IsStalled: true })
        {
            foreach (PresentNode node in Pfs.View.Nodes)
                if (node.IsSynced) FenceLost(node);
            _ = _stalled.Check(FindAnew);
            if (Pfs.Writer is { IsStalled: true }) return returned;
        }
        _stalled.Forget();
        foreach (NodeMember member in Pfs.View.Members)
        {
            if (Pfs.Writer is not { IsStopped: false }) break;
            // Without a quorum nothing makes a node level: what is left is read on, and one that returned is not.
            if (Pfs.View.Synced.Count < Pfs.View.Quorum) break;
            if (member is PresentNode present && Pfs.View.Nodes.Length > 1) FenceLost(present);
            PresentNode? node = member switch
            {
                PresentNode { State: NodeState.Failed or NodeState.Offline, IsKeptOffline: false } failed =>
                    Reopen(failed),
                AbsentNode absent => Open(absent),
                _ => null,
            };
            if (node is null) continue;
            returned.Add(node);
            MountLog.NodeReturned(_logger, Pfs.ClusterNodes.LabelText, node.Name, node.State);
        }
        return returned;
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        using (_closingLock.EnterScope())
        {
            _isClosed = true;
            _closingLock.Pulse();
        }
        _thread?.Join();
    }

    private void Run()
    {
        while (true)
        {
            using (_closingLock.EnterScope())
            {
                if (!_isClosed) _ = _closingLock.Wait(s_interval);
                if (_isClosed) return;
            }
            Hammer2Error error = Pfs.Writer!.RunInBackground("the return of a node", () =>
            {
                foreach (PresentNode node in Check()) Pfs.Writer!.StartResync(node);
                return Hammer2Error.None;
            });
            if (error == Hammer2Error.Internal) return;
        }
    }

    // The next write would find out; until then, users' reads would ask it in vain.
    private void FenceLost(PresentNode node)
    {
        foreach (Volume volume in node.Device.Volumes.Volumes)
        {
            if (volume.Device.Failure is null) continue;
            node.Device.Committer?.Fence(Hammer2Error.Io);
            if (node.TryFence()) MountLog.NodeFailed(_logger, node.Name, Hammer2Error.Io);
        }
    }

    private PresentNode? Reopen(PresentNode failed) =>
        FindAnew(failed) is { } entry ? Join(failed, failed.Slot, entry) : null;

    // The node as its device has it now; null when that does not answer.
    private PfsEntry? FindAnew(PresentNode failed)
    {
        OpenFilesystem? filesystem = _mount.FilesystemOf(failed.Identity.FilesystemId);
        if (filesystem is null) return null;
        MediaDevice device = filesystem.Device;
        if (device.Committer is { IsFenced: true } || _unreadable == device)
        {
            try
            {
                if (!_opener.TryReadAnew(filesystem, device, _access))
                {
                    _ = Refuse(failed.Name, "a write to its device has not returned yet");
                    return null;
                }
            }
            catch (MediaException absent)
            {
                _ = Refuse(failed.Name, absent.Message);
                return null;
            }
            device = filesystem.Device;
        }
        if (Find(device, failed.Entry.ClusterId, failed.Entry.NodeId, out PfsEntry? entry)) return entry;
        // Its devices may be gone again, and others may have their names.
        _unreadable = device;
        return null;
    }

    private PresentNode? Open(AbsentNode absent)
    {
        int slot = Pfs.View.FreeSlot;
        if (slot < 0) return null;
        OpenFilesystem filesystem;
        try
        {
            filesystem = _opener.OpenFor(_mount, absent.Paths, _access);
        }
        catch (MediaException missing)
        {
            return Refuse(absent.Name, missing.Message);
        }
        PresentNode? node = null;
        if (Find(filesystem.Device, Pfs.View.Nodes[0].Entry.ClusterId, nodeId: null, out PfsEntry? entry)
            && !IsMember(entry!)) node = Join(absent, slot, entry!);
        if (node is null) _opener.EndUse(_mount, filesystem);
        return node;
    }

    private bool IsMember(PfsEntry entry)
    {
        var identity = new NodeIdentity(entry.Device.Header.Fields.FilesystemId, entry.NodeId);
        foreach (PresentNode node in Pfs.View.Nodes)
            if (node.Identity == identity) return true;
        return false;
    }

    private bool Find(MediaDevice device, MediaUuid clusterId, MediaUuid? nodeId, out PfsEntry? found)
    {
        var entries = new List<PfsEntry>();
        Hammer2Error error = PfsEntry.List(device, entries);
        found = entries.Find(entry => entry.ClusterId == clusterId && (nodeId is null || entry.NodeId == nodeId));
        if (found is not null) return true;
        _ = Refuse(device.Name, error == Hammer2Error.None
            ? "it does not hold the node any more" : $"its PFSs cannot be read ({error})");
        return false;
    }

    private PresentNode? Join(NodeMember before, int slot, PfsEntry entry)
    {
        // Whatever it had prepared, the cluster went on without it.
        ClusterView view = Pfs.View;
        NodeFacts facts = NodeFacts.Of(
            entry.Root.Reference, entry.Root.Meta, entry.Root.AfterInodeName, entry.Device.Volumes, record: null)
            .AsIn(view.Record);
        Chain shown = view.FocusOf(Media.PfsRootInum).Root;
        var transition = new TransitionFacts(
            facts, new CommitPoint(shown.Reference.ModifyTid, shown.Meta.PfsCommitId), HasQuorum: true,
            IsContentKept: false);
        NodeState state = view.Record is { } record && record.RoleOf(facts.Tag) is null
            && facts.Role == NodeRole.Master
            ? NodeState.Passive : NodeTransitions.On(NodeState.Identifying, NodeEvent.Identified, transition).State;
        entry.Device.KeepsPreparedRecord = true;
        entry.Device.Faults.Label = Pfs.ClusterNodes.LabelText;
        var node = new PresentNode(slot, entry, state, facts);
        Hammer2Error error = Pfs.ChangeView(current => current.WithReturned(before, node));
        if (error != Hammer2Error.None) return null;
        _mount.Add(entry);
        _ = _refusals.Remove(before.Name);
        return node;
    }

    // Said once, until the reason changes.
    private PresentNode? Refuse(string name, string reason)
    {
        if (_refusals.GetValueOrDefault(name) == reason) return null;
        _refusals[name] = reason;
        MountLog.NodeAwaited(_logger, Pfs.ClusterNodes.LabelText, name, reason);
        return null;
    }
}
