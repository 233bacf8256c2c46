// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Hammer2.Chains;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>How a PFS is to be opened.</summary>
/// <param name="AllowDegraded">Show the best node there is when no quorum of masters can be had.</param>
public readonly record struct PfsOpenOptions(bool AllowDegraded);

/// <summary>
/// The opened filesystems and the PFSs on them. PFSs with one cluster id are the nodes of one cluster,
/// whichever devices they lie on.
/// </summary>
/// <remarks>Upstream: <c>hammer2_mntlist</c>, <c>hammer2_pfslist</c>. Used by one thread while
/// mounting.</remarks>
public sealed class MountTable
{
    private const int LabelsListedMax = 32;

    private readonly ILogger _logger;
    private readonly List<MediaDevice> _devices = [];
    private readonly List<PfsEntry> _entries = [];
    private readonly List<(string Name, string Reason)> _missing = [];
    private readonly List<string> _partlyListed = [];

    /// <summary>An empty table.</summary>
    public MountTable(ILogger<MountTable> logger) => _logger = logger;

    /// <summary>The PFSs of all devices.</summary>
    public IReadOnlyList<PfsEntry> Entries => _entries;

    /// <summary>The devices, in the order in which they came.</summary>
    public IReadOnlyList<MediaDevice> Devices => _devices;

    /// <summary>Takes a device in and lists its PFSs. What cannot be listed is logged.</summary>
    /// <exception cref="PfsException">The same filesystem is there already, under another name.</exception>
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
        Hammer2Error error = PfsEntry.List(device, _entries);
        if (error == Hammer2Error.None) return;
        _partlyListed.Add(device.Name);
        MountLog.PfsListIncomplete(_logger, device.Name, error);
    }

    /// <summary>Takes note of a node that was asked for and could not be opened.</summary>
    public void AddMissing(string name, string reason)
    {
        _missing.Add((name, reason));
        MountLog.NodeMissing(_logger, name, reason);
    }

    /// <summary>Puts the nodes of the PFS with a label together, as it may be read.</summary>
    /// <exception cref="PfsException">No such label, or several clusters have it; or no quorum.</exception>
    public Pfs Open(string label, PfsOpenOptions options)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(label);
        List<PfsEntry> members = MembersOf(label, FirstWith(label, wanted));
        var answers = new List<NodeAnswer>();
        foreach (PfsEntry member in members) answers.Add(AnswerOf(member));
        foreach (var _ in _missing) answers.Add(new NodeAnswer(NodeRole.Absent, 0, 0, StampState.None));

        Assembly assembly = QuorumResolver.Assemble(answers.ToArray());
        var nodes = new List<PfsNode>();
        for (int i = 0; i < members.Count; i++) nodes.Add(new PfsNode(members[i], assembly.States[i]));
        foreach ((string name, string reason) in _missing) nodes.Add(new PfsNode(name, reason));

        var pfs = new Pfs(wanted, nodes.ToArray(), assembly, _logger);
        Report(label, pfs);
        if (assembly.SyncedTotal == 0)
            throw new PfsException($"PFS {label}: no node may be read: {Describe(pfs)}");
        bool isSlaveOnly = assembly.MastersPresent == 0;
        if (!assembly.HasQuorum && !isSlaveOnly && !options.AllowDegraded)
        {
            throw new PfsException(
                $"PFS {label}: {assembly.MastersPresent} of {assembly.MastersTotal} masters are here, "
                + $"{assembly.Quorum} are needed to know which commit is the newest; the option degraded "
                + $"shows the best there is. {Describe(pfs)}");
        }
        return pfs;
    }

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

    private List<PfsEntry> MembersOf(string label, PfsEntry first)
    {
        // A PFS that names no cluster is one by itself.
        if (first.ClusterId.IsZero) return [first];
        List<PfsEntry> members = _entries.FindAll(entry => entry.ClusterId == first.ClusterId);
        if (members.Count > Media.NodesMax)
        {
            throw new PfsException(
                $"PFS {label} has {members.Count} nodes here; at most {Media.NodesMax} make a cluster");
        }
        foreach (PfsEntry member in members)
        {
            // Node ids need not differ between devices: upstream's own clusters have them equal.
            if (members.Exists(other => other != member && other.Device == member.Device))
            {
                throw new PfsException(
                    $"PFS {label}: {member.Device.Name} holds two nodes of cluster {member.ClusterId}");
            }
        }
        return members;
    }

    // A returning master keeps the slave's number with the role it is on the way to above it, so that nothing
    // else takes it for a master.
    private static NodeAnswer AnswerOf(PfsEntry entry)
    {
        ref readonly InodeMeta meta = ref entry.Root.Meta;
        NodeRole role = meta.PfsType switch
        {
            PfsType.Master or PfsType.SoftMaster => NodeRole.Master,
            PfsType.Slave when meta.PfsRole >> 4 == (int)PfsType.Master => NodeRole.Returning,
            PfsType.Slave or PfsType.SoftSlave => NodeRole.Slave,
            _ => NodeRole.Absent,
        };
        ref readonly Blockref root = ref entry.Root.Reference;
        return new NodeAnswer(role, root.ModifyTid, meta.PfsMasters, CommitStamp.Judge(root));
    }

    private void Report(string label, Pfs pfs)
    {
        foreach (PfsNode node in pfs.Nodes)
        {
            if (node.State == NodeState.Synced)
                MountLog.NodeUsed(_logger, label, node.Name, pfs.Assembly.CommitTid);
            else MountLog.NodeNotUsed(_logger, label, node.Name, node.State, node.Absence ?? TidText(node));
        }
        int known = pfs.Assembly.MastersPresent;
        if (known < pfs.Assembly.MastersTotal)
            MountLog.MastersAbsent(_logger, label, known, pfs.Assembly.MastersTotal, pfs.Assembly.Quorum);
    }

    private static string TidText(PfsNode node) =>
        $"its commit is 0x{node.Root.Reference.ModifyTid:x}";

    private static string Describe(Pfs pfs)
    {
        var text = new StringBuilder("Nodes:");
        foreach (PfsNode node in pfs.Nodes)
            _ = text.Append($" {node.Name} {node.State} ({node.Absence ?? TidText(node)});");
        return text.ToString().TrimEnd(';');
    }

    private string Labels()
    {
        var seen = new SortedSet<string>(StringComparer.Ordinal);
        foreach (PfsEntry entry in _entries) _ = seen.Add(Printable(entry.Label));
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

    // Labels are whatever the media says, and messages go to terminals.
    private static string Printable(ReadOnlySpan<byte> label)
    {
        var text = new StringBuilder(Encoding.UTF8.GetString(label));
        for (int i = 0; i < text.Length; i++)
            if (char.IsControl(text[i])) text[i] = '?';
        return text.ToString();
    }
}
