// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Resync;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.Views;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster.Members;

/// <summary>What a resolution did.</summary>
/// <param name="Error">None when it is done.</param>
/// <param name="Refusal">Why not, in words; null where the error says it.</param>
/// <param name="Kept">Nodes that hold the state which is kept.</param>
/// <param name="GivenUp">Nodes whose state was given up, and is kept on them as a snapshot.</param>
/// <param name="Masters">How many voters there were before.</param>
public sealed record ResolutionOutcome(
    Hammer2Error Error, string? Refusal, IReadOnlyList<string> Kept, IReadOnlyList<string> GivenUp, int Masters);

/// <summary>
/// Decides by a user's word which state of a cluster counts, where its nodes cannot: after a split, or when a majority
/// is lost for good. The nodes that hold that state are the voters from then on; what the others hold is kept on them
/// as a snapshot, and they are made equal by the next mount.
/// </summary>
/// <remarks>The cluster is not mounted. First the others give up, then the kept nodes begin an epoch with a record that
/// says so: an interruption between the two leaves fewer voters than before, never two sides that vote.</remarks>
public sealed class ClusterResolution : IDisposable
{
    private const long CacheBytes = 4 << 20;

    private readonly string _label;
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _time;
    private readonly Func<ulong> _random;
    private readonly MountTable _table;
    private readonly List<MediaDevice> _devices = [];

    /// <param name="filesystems">The filesystems of the nodes that are there, opened for writing; closed with
    /// this.</param>
    /// <param name="label">The label of the PFS.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Gives 64 random bits, for ids.</param>
    /// <param name="loggers">Receive messages.</param>
    /// <exception cref="PfsException">One filesystem was given twice.</exception>
    public ClusterResolution(IReadOnlyList<VolumeSet> filesystems, string label, TimeProvider time,
        Func<ulong> random, ILoggerFactory loggers)
    {
        (_label, _time, _random, _loggers) = (label, time, random, loggers);
        _table = new MountTable(loggers.CreateLogger<MountTable>());
        var caches = new MediaCaches(CacheBytes);
        foreach (VolumeSet volumes in filesystems)
            _devices.Add(new MediaDevice(volumes, caches, loggers.CreateLogger<MediaDevice>()));
        foreach (MediaDevice device in _devices) _table.Add(device);
    }

    /// <summary>Keeps the state of one node.</summary>
    /// <param name="kept">The node, by its place among the filesystems; null for those with the newest commit.</param>
    /// <exception cref="PfsException">No PFS has the label, or several clusters have it.</exception>
    public ResolutionOutcome Run(int? kept)
    {
        IReadOnlyList<PfsEntry> members = _table.MembersOf(_label);
        NodeFacts[] facts = [.. FactsOf(members)];
        if (ChooseState(members, facts, kept, out CommitPoint state) is { } refusal) return Refused(refusal);
        if (Array.Exists(facts, static node => node.HasUnknownRecord))
            return Refused("the list of its nodes was written by a later version of this driver");
        MembershipRecord before = RecordOf(facts);
        var keptTags = new HashSet<MemberTag>();
        var otherTags = new HashSet<MemberTag>();
        foreach (NodeFacts node in facts)
        {
            if (node.Role == NodeRole.Slave) continue;
            bool isKept = node.Role == NodeRole.Master && node.Commit == state;
            _ = (isKept ? keptTags : otherTags).Add(node.Tag);
        }
        return Carry(members, facts, before, before.Forced(keptTags, otherTags));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MediaDevice device in _devices) device.Dispose();
    }

    private ResolutionOutcome Carry(
        IReadOnlyList<PfsEntry> members, NodeFacts[] facts, MembershipRecord before, MembershipRecord after)
    {
        var kept = new List<string>();
        var givenUp = new List<string>();
        Hammer2Error error = Hammer2Error.None;
        var entries = new List<PfsEntry>(members);
        for (int i = 0; i < entries.Count && error == Hammer2Error.None; i++)
        {
            entries[i].Device.KeepsPreparedRecord = true;
            error = entries[i].Device.OpenForWriting(_time);
            bool isKept = after.RoleOf(facts[i].Tag) == MemberRole.Master;
            (isKept ? kept : givenUp).Add(entries[i].Device.Name);
            if (!isKept && error == Hammer2Error.None) error = GiveUp(entries, i, facts);
            if (isKept)
            {
                facts[i] = facts[i] with
                {
                    Record = after,
                    IsUncertain = false,
                    Prepared = null,
                    IsPreparedTorn = false,
                    MastersStored = after.Masters,
                };
            }
        }
        if (error == Hammer2Error.None) error = Commit(entries, facts);
        return new ResolutionOutcome(error, null, kept, givenUp, before.Masters);
    }

    // What it holds stays there as a snapshot; the node itself is one that is to be made equal.
    private Hammer2Error GiveUp(List<PfsEntry> entries, int index, NodeFacts[] facts)
    {
        PfsEntry entry = entries[index];
        if (facts[index].Role != NodeRole.Master) return Hammer2Error.None;
        var node = new PresentNode(slot: 0, entry, NodeState.Stale, facts[index]);
        Hammer2Error error = KeptContent.Save(node, _time.GetUtcNow(), _random, out byte[] label);
        if (error != Hammer2Error.None) return error;
        MountLog.ContentKept(_loggers.CreateLogger<ClusterResolution>(), entry.Device.Name, ByteText.Decode(label));
        var edit = NodeRootEdit.Role(entry.Root, InodeMeta.ReturningMasterRole);
        error = PfsListCommit.Run(entry.Device, edit);
        if (error != Hammer2Error.None) return error;
        entries[index] = entry with { Root = edit.Written! };
        facts[index] = facts[index] with { Role = NodeRole.Returning };
        return error;
    }

    // Its first commits begin an epoch above all numbers that any of the nodes shows.
    private Hammer2Error Commit(List<PfsEntry> entries, NodeFacts[] facts)
    {
        MembershipDecision decision = QuorumResolver.Resolve(facts);
        ClusterView view = PfsAssembly.ViewOf(entries, decision, facts, absent: []);
        var pfs = new Pfs(ByteText.Encode(_label), view, decision, _loggers.CreateLogger<ClusterResolution>());
        Hammer2Error error = pfs.OpenForWriting(new PfsWriteOptions { Random = _random, Time = _time });
        pfs.Writer?.Dispose();
        return error;
    }

    private static IEnumerable<NodeFacts> FactsOf(IReadOnlyList<PfsEntry> members)
    {
        foreach (PfsEntry member in members)
        {
            yield return NodeFacts.Of(member.Root.Reference, member.Root.Meta, member.Root.AfterInodeName,
                member.Device.Volumes, PreparedCommitRecord.Read(member.Device.Volumes));
        }
    }

    private string? ChooseState(IReadOnlyList<PfsEntry> members, NodeFacts[] facts, int? kept, out CommitPoint state)
    {
        state = default;
        int chosen = -1;
        // What another program made of a node counts only where a user names the node.
        bool hasStamped = Array.Exists(
            facts, static node => node is { Role: NodeRole.Master, Stamp: StampState.Valid });
        bool MayWin(in NodeFacts node) =>
            node.Role == NodeRole.Master && (!hasStamped || node.Stamp == StampState.Valid);
        for (int i = 0; i < facts.Length; i++)
        {
            bool isCandidate = kept is { } index
                ? members[i].Device == _devices[index]
                : MayWin(facts[i])
                    && (chosen < 0 || facts[i].Commit.Number > facts[chosen].Commit.Number);
            if (isCandidate) chosen = i;
        }
        if (chosen < 0) return kept is null ? "none of the nodes is a master" : "the node is not there";
        if (facts[chosen].Role != NodeRole.Master)
            return $"{members[chosen].Device.Name} is not a master: what it holds may be incomplete";
        if (kept is null && Array.Exists(facts, node => MayWin(node)
            && node.Commit.Number == facts[chosen].Commit.Number && node.Commit != facts[chosen].Commit))
            return "two nodes hold different commits with one number: --keep says which counts";
        state = facts[chosen].Commit;
        return null;
    }

    // Where only their number is stored, the nodes that are there are the members.
    private static MembershipRecord RecordOf(NodeFacts[] facts)
    {
        MembershipRecord? newest = null;
        var masters = new List<(MemberTag, MemberRole)>();
        foreach (NodeFacts node in facts)
        {
            if (node.Record is { } record && (newest is null || record.Number > newest.Number)) newest = record;
            if (node.Role is NodeRole.Master or NodeRole.Returning) masters.Add((node.Tag, MemberRole.Master));
        }
        // A node may be in another list than the newest: each is in the one that is made.
        MembershipRecord all = newest ?? MembershipRecord.Create(masters);
        foreach ((MemberTag tag, _) in masters)
            if (all.RoleOf(tag) is null && all.Members.Length < Media.NodesMax) all = all.With(tag, MemberRole.Joining);
        return all;
    }

    private static ResolutionOutcome Refused(string reason) => new(Hammer2Error.Invalid, reason, [], [], 0);
}
