// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Cluster.Views;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>
/// The opened filesystems and the PFSs on them. PFSs with the same cluster id are the nodes of one cluster, on any
/// devices.
/// </summary>
/// <remarks>Upstream: <c>hammer2_mntlist</c>, <c>hammer2_pfslist</c>. Used by one thread while
/// mounting.</remarks>
public sealed class MountTable
{
    private const int LabelsListedMax = 32;

    private readonly ILogger _logger;
    private readonly List<MediaDevice> _devices = [];
    private readonly List<PfsEntry> _entries = [];
    private readonly List<AbsentNode> _missing = [];
    private readonly List<string> _partlyListed = [];

    /// <summary>An empty table.</summary>
    public MountTable(ILogger<MountTable> logger) => _logger = logger;

    /// <summary>The PFSs of all devices.</summary>
    public IReadOnlyList<PfsEntry> Entries => _entries;

    /// <summary>The devices, in the order in which they were added.</summary>
    public IReadOnlyList<MediaDevice> Devices => _devices;

    /// <summary>Adds a device and lists its PFSs. Errors of listing are logged.</summary>
    /// <exception cref="PfsException">The same filesystem was added already, under another name.</exception>
    public void Add(MediaDevice device)
    {
        MediaUuid id = device.Header.Fields.FilesystemId;
        foreach (MediaDevice other in _devices)
        {
            if (other.Header.Fields.FilesystemId == id)
            {
                throw new PfsException(
                    $"{device.Name} and {other.Name} are the same filesystem ({id}), or copies of it");
            }
        }
        _devices.Add(device);
        Hammer2Error error = List(device);
        if (error == Hammer2Error.None) return;
        _partlyListed.Add(device.Name);
        MountLog.PfsListIncomplete(_logger, device.Name, error);
    }

    /// <summary>Adds a requested node that could not be opened.</summary>
    /// <param name="paths">Its volumes.</param>
    /// <param name="reason">Why it could not be opened.</param>
    public void AddMissing(IReadOnlyList<string> paths, string reason)
    {
        var node = new AbsentNode(paths, reason);
        _missing.Add(node);
        MountLog.NodeMissing(_logger, node.Name, reason);
    }

    /// <summary>The label of the PFS that is meant where none is named; DATA while damage hides others.</summary>
    public string DefaultLabel()
    {
        if (_partlyListed.Count > 0) return DefaultPfs.Label;
        byte[]? label = PfsEntry.DefaultLabelOf(_entries);
        return label is null ? DefaultPfs.Label : ByteText.Decode(label);
    }

    /// <summary>Returns the present nodes of the PFS with a label.</summary>
    /// <exception cref="PfsException">No such label, or several clusters have it.</exception>
    public IReadOnlyList<PfsEntry> MembersOf(string label) => FindMembers(label);

    /// <summary>Opens the PFS with a label for reading.</summary>
    /// <exception cref="PfsException">No such label, or several clusters have it; or no quorum.</exception>
    public Pfs Open(string label, PfsOpenOptions options)
    {
        List<PfsEntry> members = FindMembers(label);
        foreach (PfsEntry member in members) member.Device.Faults.Label = label;
        MembershipHints hints = HintsFor(label, members, options);
        MembershipDecision membership = Resolve(label, members, hints, out List<NodeFacts> facts);
        var pfs = new Pfs(ByteText.Encode(label), PfsAssembly.ViewOf(
            members, membership, facts, _missing),
            membership, _logger);
        // A node that is to become a master may know of no siblings yet, while theirs know of it.
        bool isOfCluster = membership.MastersTotal > 1 || members.Exists(static member => member.IsOfCluster);
        foreach (PfsEntry member in members)
            member.Device.KeepsPreparedRecord |= isOfCluster || HoldsClusterNode(member.Device);
        MembershipReport report = new(label, pfs);
        report.Log(_logger);
        if (membership.SyncedTotal == 0)
            throw new PfsException($"PFS {label}: no node may be read: {report.DescribeNodes()}");
        bool isSlaveOnly = membership.Obstacle == WriteObstacle.SlavesOnly;
        bool isRefused = membership.Obstacle == WriteObstacle.Split || (!membership.HasQuorum && !isSlaveOnly);
        if (isRefused && !options.AllowDegraded)
        {
            throw new PfsException($"PFS {label}: {report.DescribeObstacle()}; the option degraded shows the best "
                + $"there is. {report.DescribeNodes()}");
        }
        return pfs;
    }

    private MembershipHints HintsFor(string label, List<PfsEntry> members, PfsOpenOptions options)
    {
        bool storesNumber = false;
        foreach (PfsEntry member in members)
        {
            int stored = member.Root.Meta.PfsMasters;
            storesNumber |= stored > 0;
            if (options.Masters is { } given && stored is > 0 and <= Media.NodesMax && stored != given)
            {
                throw new PfsException(
                    $"PFS {label}: masters={given} was given, and {member.Device.Name} stores {stored}");
            }
        }
        if (storesNumber || options.Masters is not null || members.Count > 1 || members[0].ClusterId.IsZero
            || options.FindSibling?.Invoke(members[0]) is not { } sibling) return new MembershipHints(options.Masters);
        MountLog.SiblingFound(_logger, label, members[0].Device.Name, sibling);
        return new MembershipHints(options.Masters, HasSiblings: true);
    }

    // Switches to a prepared commit that is valid. If its root differs from its record, mounting fails.
    private MembershipDecision Resolve(
        string label, List<PfsEntry> members, MembershipHints hints, out List<NodeFacts> facts)
    {
        facts = [];
        var records = new PreparedCommitRecord?[members.Count];
        for (int i = 0; i < members.Count; i++)
        {
            PfsEntry member = members[i];
            // On a device that is being written, the record is that of a commit in progress.
            if (member.Device.Committer is null && (members.Count > 1 || member.IsOfCluster))
                records[i] = PreparedCommitRecord.Read(member.Device.Volumes);
            facts.Add(NodeFacts.Of(member.Root.Reference, member.Root.Meta, member.Root.AfterInodeName,
                member.Device.Volumes, records[i]).OfSnapshot(MastersOfOrigin(member)));
        }
        foreach (var _ in _missing) facts.Add(NodeFacts.Missing);
        MembershipDecision membership = QuorumResolver.Resolve(facts.ToArray(), hints);
        bool isAdopted = false;
        for (int i = 0; i < members.Count; i++)
        {
            // What was not finished is not looked at again: the devices are not switched to it.
            facts[i] = facts[i] with { Prepared = null };
            if (!membership.Adopts[i]) continue;
            members[i] = Adopt(label, members[i], records[i]!);
            isAdopted = true;
            facts[i] = facts[i] with
            {
                Commit = membership.Commit,
                Stamp = StampState.Valid,
                MastersStored = members[i].Root.Meta.PfsMasters,
                Record = MembershipRecord.Read(members[i].Root.AfterInodeName),
            };
        }
        // The commit may have changed who votes.
        return isAdopted
            ? QuorumResolver.Resolve(facts.ToArray(), hints) with { Adopts = membership.Adopts } : membership;
    }

    // A snapshot stores how many masters there were when it was made; some may have left since. 0 where no record
    // tells.
    private int MastersOfOrigin(PfsEntry member)
    {
        PfsEntry? origin = _entries.Find(entry => entry.Device == member.Device && !entry.ClusterId.IsZero
            && entry.ClusterId == member.Root.Meta.PfsOriginId);
        return origin is null ? 0 : MembershipRecord.Read(origin.Root.AfterInodeName)?.Masters ?? 0;
    }

    private PfsEntry Adopt(string label, PfsEntry member, PreparedCommitRecord record)
    {
        member.Device.Adopt(record);
        Hammer2Error error = PfsEntry.Find(member.Device, record.Commit.PfsKey, out Chain? root);
        if (error != Hammer2Error.None || root!.Reference.ModifyTid != record.Commit.Number
            || root.Meta.PfsCommitId != record.Commit.Id)
        {
            throw new PfsException($"PFS {label}: {member.Device.Name}: its prepared commit 0x{record.Commit.Number:x} "
                + $"verifies and holds another one ({error}); fsck tells more");
        }
        MountLog.PreparedAdopted(_logger, label, member.Device.Name, record.Commit.Number);
        return member with { Root = root };
    }

    private bool HoldsClusterNode(MediaDevice device) =>
        _entries.Exists(entry => entry.Device == device && entry.IsOfCluster);

    private PfsEntry FirstWith(string label, ReadOnlySpan<byte> wanted)
    {
        PfsEntry? found = null;
        foreach (PfsEntry entry in _entries)
        {
            if (!entry.Label.SequenceEqual(wanted)) continue;
            if (found is not null && found.ClusterId != entry.ClusterId)
            {
                throw new PfsException(
                    $"label {label} means different clusters: {found.ClusterId} on {found.Device.Name}, "
                    + $"{entry.ClusterId} on {entry.Device.Name}");
            }
            found ??= entry;
        }
        return found ?? throw new PfsException($"no PFS has the label {label}; there are: {Labels()}");
    }

    // Another PFS of the device may commit meanwhile, which relocates blocks above the roots.
    private Hammer2Error List(MediaDevice device)
    {
        int before = _entries.Count;
        while (true)
        {
            Chain root = device.RootChain;
            Hammer2Error error = PfsEntry.List(device, _entries);
            if (error == Hammer2Error.None || device.RootChain == root) return error;
            _entries.RemoveRange(before, _entries.Count - before);
        }
    }

    private List<PfsEntry> FindMembers(string label)
    {
        PfsEntry first = FirstWith(label, ByteText.Encode(label));
        // A PFS without a cluster id is a cluster of one node.
        if (first.ClusterId.IsZero) return [first];
        List<PfsEntry> members = _entries.FindAll(entry => entry.ClusterId == first.ClusterId);
        if (members.Count > Media.NodesMax)
        {
            throw new PfsException(
                $"PFS {label} has {members.Count} nodes here; at most {Media.NodesMax} make a cluster");
        }
        foreach (PfsEntry member in members)
        {
            // Node ids may be equal on several devices: in clusters made by upstream they are.
            if (members.Exists(other => other != member && other.Device == member.Device))
            {
                throw new PfsException(
                    $"PFS {label}: {member.Device.Name} holds two nodes of cluster {member.ClusterId}");
            }
        }
        return members;
    }

    private string Labels()
    {
        var seen = new SortedSet<string>(StringComparer.Ordinal);
        foreach (PfsEntry entry in _entries) _ = seen.Add(ByteText.ToPrintable(ByteText.Decode(entry.Label)));
        var listed = new List<string>();
        foreach (string label in seen)
        {
            if (listed.Count == LabelsListedMax) break;
            listed.Add(label);
        }
        string labels = seen.Count == 0 ? "none" : string.Join(", ", listed);
        if (seen.Count > listed.Count) labels += $" and {seen.Count - listed.Count} more";
        return _partlyListed.Count == 0
            ? labels
            : $"{labels}; damage hides others on {string.Join(", ", _partlyListed)}";
    }
}
