// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Linux.Text;

namespace Hammer2.Admin.Fsck.Cluster;

/// <summary>
/// Compares the nodes of clusters logically: keys, types, methods, change numbers, check codes, attributes and names,
/// regardless of the offset of blocks and the shape of trees on each device. Which nodes have the current commit is
/// decided by the same rule as for mounting.
/// </summary>
public static class ClusterCompare
{
    /// <summary>Finds the PFSs that have nodes on several of the filesystems, and compares the nodes of each.</summary>
    public static IReadOnlyList<ClusterReport> Run(IReadOnlyList<VolumeSet> filesystems, FsckOptions options)
    {
        ArgumentNullException.ThrowIfNull(filesystems);
        ArgumentNullException.ThrowIfNull(options);
        var clusters = new Dictionary<MediaUuid, List<ClusterMember>>();
        var order = new List<MediaUuid>();
        var copies = new List<(VolumeSet Copy, VolumeSet Of)>();
        var taken = new List<VolumeSet>();
        foreach (VolumeSet volumes in filesystems)
        {
            if (taken.Find(other => other.FilesystemId == volumes.FilesystemId) is { } original)
            {
                copies.Add((volumes, original));
                continue;
            }
            taken.Add(volumes);
            PreparedCommitRecord? record = PreparedCommitRecord.Read(volumes);
            foreach (PfsRecord root in PfsCatalog.Read(volumes).Records)
            {
                MediaUuid id = root.Meta.PfsClusterId;
                if (!clusters.TryGetValue(id, out List<ClusterMember>? nodes))
                {
                    clusters.Add(id, nodes = []);
                    order.Add(id);
                }
                nodes.Add(new ClusterMember(volumes, root, record));
            }
        }
        var reports = new List<ClusterReport>();
        foreach (MediaUuid id in order)
        {
            List<ClusterMember> members = clusters[id];
            bool isCopied = copies.Exists(pair => members.Exists(member => member.Volumes == pair.Of)
                && members[0].Root.Meta.PfsMasters > 1);
            if (members.Count > 1 || isCopied) reports.Add(Compare(members, taken, copies, options));
        }
        return reports;
    }

    private static ClusterReport Compare(
        List<ClusterMember> members, List<VolumeSet> filesystems, List<(VolumeSet Copy, VolumeSet Of)> copies,
        FsckOptions options)
    {
        NodeFacts[] facts = [.. members.Select(member => NodeFacts.Of(
            member.Root.Reference, member.Root.Meta, member.Root.AfterLabel, member.Volumes, member.Record))];
        MembershipDecision membership = QuorumResolver.Resolve(facts);
        var findings = new List<FsckFinding>();
        for (int i = 0; i < members.Count; i++)
        {
            if (!membership.Adopts[i]) continue;
            members[i] = Adopt(members[i]);
            facts[i] = facts[i] with { Commit = membership.Commit };
            findings.Add(Note(members[i], "the node had prepared the newest commit when power failed; its volume header is "
                + "written by the next mount for writing"));
        }
        var nodes = new List<ClusterNode>();
        var synced = new List<ClusterMember>();
        for (int i = 0; i < members.Count; i++)
        {
            string detail = MembershipText.Describe(membership.States[i], facts[i]);
            nodes.Add(new ClusterNode(members[i].Volumes.Name, members[i].Root, membership.States[i], detail));
            if (membership.States[i] == NodeState.Synced) synced.Add(members[i]);
            if (membership.States[i] is not (NodeState.Synced or NodeState.Passive))
                findings.Add(Behind(members[i], detail, membership));
            else if (facts[i].IsUncertain) findings.Add(Note(members[i], "the node is used: " + detail));
        }
        AddUnrelatedFilesystems(members, filesystems, copies, findings);
        long differences = 0, compared = 0;
        for (int index = 1; index < synced.Count; index++)
        {
            var comparison = new NodeComparison(
                (synced[0].Volumes, synced[0].Root), (synced[index].Volumes, synced[index].Root), options);
            comparison.Run();
            findings.AddRange(comparison.Findings);
            differences += comparison.Total;
            compared += comparison.Compared;
        }
        return new ClusterReport
        {
            Label = ByteText.Decode(members[0].Root.Label),
            Nodes = nodes,
            Membership = membership,
            Findings = findings,
            DifferencesTotal = differences,
            Compared = compared,
        };
    }

    // The prepared commit is the current one: compare its tree.
    private static ClusterMember Adopt(ClusterMember member)
    {
        member.Volumes.Adopt(member.Record!.Next!);
        PfsRecord? root = PfsCatalog.Read(member.Volumes).Records.FirstOrDefault(found => found.Key == member.Root.Key);
        return root is null ? member : member with { Root = root };
    }

    private static void AddUnrelatedFilesystems(
        List<ClusterMember> members, List<VolumeSet> filesystems, List<(VolumeSet Copy, VolumeSet Of)> copies,
        List<FsckFinding> findings)
    {
        foreach (VolumeSet volumes in filesystems)
        {
            if (!members.Exists(member => member.Volumes == volumes))
                findings.Add(Note(members[0], "has no node of this cluster") with { Location = volumes.Name });
        }
        foreach ((VolumeSet copy, VolumeSet of) in copies)
        {
            if (!members.Exists(member => member.Volumes == of)) continue;
            FsckFinding twice = Finding(
                FsckSeverity.Warning, members[0], $"is the same filesystem as {of.Name} or a copy of it: one node");
            findings.Add(twice with { Location = copy.Name });
        }
    }

    private static FsckFinding Behind(ClusterMember member, string detail, MembershipDecision membership)
    {
        int holders = membership.SyncedTotal;
        string shown = string.Create(CultureInfo.InvariantCulture,
            $"0x{membership.CommitTid:x}, which {holders} of {membership.MastersTotal} masters have");
        string counts = holders >= membership.Quorum
            ? $"the quorum has {shown}"
            : $"the newest commit that may have been acknowledged is {shown}";
        return Finding(FsckSeverity.Warning, member, $"the node is not synchronized: {detail}; {counts}");
    }

    private static FsckFinding Note(ClusterMember member, string text) => Finding(FsckSeverity.Note, member, text);

    private static FsckFinding Finding(FsckSeverity severity, ClusterMember member, string text) => new()
    {
        Severity = severity,
        Code = FsckCode.ClusterStale,
        Text = text,
        Location = member.Volumes.Name,
        PfsKey = member.Root.Key,
        Label = ByteText.Decode(member.Root.Label),
    };

    /// <summary>One node: its filesystem, its PFS root, and the prepared commit of its filesystem.</summary>
    private sealed record ClusterMember(VolumeSet Volumes, PfsRecord Root, PreparedCommitRecord? Record);
}
