// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text.Json;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Lists and changes the nodes of a mounted cluster.</summary>
internal static class ClusterCommand
{
    private static readonly Dictionary<string, string> s_requests = new(StringComparer.Ordinal)
    {
        ["list"] = "cluster-list",
        ["attach"] = "cluster-attach",
        ["detach"] = "cluster-detach",
        [Snapshots] = "cluster-snapshots",
        ["promote"] = "cluster-promote",
        ["demote"] = "cluster-demote",
        ["offline"] = "cluster-offline",
        ["online"] = "cluster-online",
        ["resync"] = "cluster-resync",
    };

    private const string Adoption = "adopt";
    private const string Policy = "policy";
    private const string Replace = "replace";
    private const string Resolve = "resolve";
    private const string Snapshots = "snapshots";

    private static readonly ArgumentRow Action = new("ACTION",
        "list, attach, detach, replace, snapshots, promote, demote, offline, online, resync, policy, adopt, or resolve");

    private static readonly ArgumentRow Directory = new("DIR",
        "a directory in the mount; to adopt or resolve: a node, DEVICE[@LABEL]")
    {
        Completes = Completion.File,
    };

    private static readonly ArgumentRow Node = new("NODE",
        "to attach: DEVICE[:DEVICE...]; to replace: the node, then DEVICE[:DEVICE...] of the new one; policy: options as "
        + "for a mount; to adopt or resolve: further nodes; else the node by its devices, its slot, or the beginning "
        + "of its filesystem's id")
    {
        IsOptional = true,
        Repeats = true,
        Completes = Completion.File,
    };

    private static readonly OptionRow Keep = new("--keep", "the node whose state counts, when the cluster is resolved")
    {
        ValueName = "DEVICE",
    };

    private static readonly OptionRow Force = new("--force-members",
        "resolve: the newest state of the nodes that are given counts, and the others are lost for good");

    private static readonly OptionRow Masters = new("--masters", "adopt: how many masters there are, where no node says it")
    {
        ValueName = "N",
    };

    public static readonly CommandRow Row = new("cluster", "list and change the nodes of a mounted cluster", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            list shows the nodes of a cluster, absent ones too, with slot, role and state. The role is Master, Slave, or
            Joining, a node that gets a vote once it is synced. The state is Synced (holds the newest commit: read and
            written); Stale (holds an older one); Identifying, ChoosingSource, Copying, CatchingUp, Finishing or
            Verifying (the steps of its resynchronization); Failed (failed a write); Full (has no space to be
            resynchronized); Offline (absent, or set aside); Passive (a slave, or no member); Newer (holds a commit that
            no quorum confirms); Foreign (changed by another program); Uncertain (may have lost a newer commit); or
            Split (see resolve). Only a synced node is read. 'hammer2 status' tells the reason of a state and what ends
            it.

            attach adds a node, which newfs --join made on another device: it is resynchronized while the PFS is in use,
            and then has a vote. That way a PFS on one device becomes a cluster. A node that was a member before can be
            attached again; what it holds is kept as a snapshot.

            detach removes a node, present or absent. One that was synced is a PFS by itself afterwards, with the
            content of that moment, and its devices are free. Enough synced nodes for a quorum must be left.

            replace adds a node, which newfs --join made, waits until it is synced, and removes the old one, which may
            be absent. No moment has fewer copies than before.

            resync sets a node aside and takes it back, so that all of it is compared with the others and what differs
            is copied.

            policy shows, or changes, how the mount treats its nodes: resync-rate=SIZE copies at most so many bytes in a
            second to each that is resynchronized, 0 without a bound; resync-snapshots=keep or delete says whether such a
            node that has no space waits, or loses its oldest snapshots that are neither held nor in use, which the other
            nodes keep; noquorum=readonly, error or stall says what becomes of changes while too few nodes can be written.
            It lasts until the mount ends; the mount options of these names
            set it for the next one. A stall ends for another policy, and what was not committed is lost then.

            snapshots copies to a node the snapshots of the PFS that it lacks because it joined later, or was away. What
            they share stays shared. Those in which the last scrub of the node left damaged blocks are copied again;
            what the node had of one is deleted when its copy is complete.

            promote has a slave become a master, demote has a master be a slave, which follows the others without a vote.

            offline sets a node aside until online, or until the next mount: it is neither read nor written, and then
            resynchronized. online returns at once; the node is synced some seconds later.

            adopt makes the list of nodes of a cluster that is not mounted, with all of its masters, as its first mount for
            writing does. Nodes that upstream's tools made do not say how many there are: --masters does. newfs --cluster
            makes a new cluster.

            resolve, for a cluster that is not mounted, makes the state that you choose the one that counts: after a
            split, with --keep, or with --force-members when so many nodes are lost that no quorum can be reached. Name
            all nodes that are present. Those with the chosen state are the masters from then on. What the others hold
            is kept on them as a snapshot, and the next mount resynchronizes them. Nodes that are not named are members
            no longer: make sure that they are not mounted elsewhere.
            """,
        Arguments = [Action, Directory, Node],
        Options = [Keep, Force, Masters],
        Examples =
        [
            new("hammer2 cluster attach /mnt /dev/sdd1", "add a node that newfs --join made"),
            new("hammer2 cluster detach /mnt 3f2504e0", "remove one by the id of its filesystem"),
            new("hammer2 cluster replace /mnt /dev/sdb1 /dev/sdd1", "replace a node by one that newfs --join made"),
            new("hammer2 cluster policy /mnt resync-rate=50M", "leave bandwidth to users"),
            new("hammer2 cluster list /mnt", "show all nodes"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string action = invocation.Text(Action);
        if (invocation.Has(Masters) && action != Adoption)
            throw new CommandException(ExitCode.Usage, $"{Masters.Name} belongs to {Adoption}");
        if (action == Adoption) return ClusterAdopt.Run(
            invocation, [invocation.Text(Directory), .. invocation.Texts(Node)], invocation.Number(Masters));
        if (action == Resolve) return ClusterResolve.Run(invocation, [invocation.Text(Directory), .. invocation.Texts(Node)],
            invocation.Text(Keep), invocation.Has(Force));
        if (invocation.Has(Keep) || invocation.Has(Force))
            throw new CommandException(ExitCode.Usage, $"{Keep.Name} and {Force.Name} belong to {Resolve}");
        IReadOnlyList<string> nodes = invocation.Texts(Node);
        if (action == Policy) return RunPolicy(invocation, invocation.Text(Directory), nodes);
        if (action == Replace) return RunReplace(invocation, invocation.Text(Directory), nodes);
        if (!s_requests.TryGetValue(action, out string? request))
        {
            throw new CommandException(ExitCode.Usage,
                $"{action}: not an action; there are {string.Join(", ", s_requests.Keys)}, {Replace}, {Policy}, {Adoption}, "
                + Resolve);
        }
        if (nodes.Count != (action == "list" ? 0 : 1))
            throw new CommandException(ExitCode.Usage, $"{action} needs {(action == "list" ? "no" : "one")} node");
        string? node = nodes.Count > 0 ? nodes[0] : null;
        string directory = invocation.Text(Directory);
        (string, string)[] arguments = node is null
            ? [] : [action == "attach" ? ("device", FullPaths(node)) : ("node", NameOf(directory, node))];
        JsonElement result = ControlFile.Request(directory, request, arguments);
        if (action == Snapshots) WriteCopied(invocation, result);
        else Write(invocation, result);
        return ExitCode.Ok;
    }

    private static int RunReplace(Invocation invocation, string directory, IReadOnlyList<string> nodes)
    {
        if (nodes.Count != 2)
            throw new CommandException(ExitCode.Usage, $"{Replace} needs two nodes: the old one, and the new one's devices");
        Write(invocation,
            ClusterReplace.Run(invocation, directory, NameOf(directory, nodes[0]), FullPaths(nodes[1])));
        return ExitCode.Ok;
    }

    private static int RunPolicy(Invocation invocation, string directory, IReadOnlyList<string> options)
    {
        if (options.Count > 1)
            throw new CommandException(ExitCode.Usage, $"{Policy} needs one list of options, separated by commas");
        (string, string)[] arguments = options.Count == 0 ? [] : [("options", options[0])];
        JsonElement result = ControlFile.Request(directory, "cluster-policy", arguments);
        using Report report = invocation.OpenReport();
        report.Value("resynchronizes", "resync", Cell.Flag(result.GetProperty("resynchronizes").GetBoolean()));
        report.Value("resyncRateBytes", "resync-rate", Cell.Bytes(result.GetProperty("resyncRateBytes").GetUInt64()));
        report.Value("resyncSnapshots", "resync-snapshots",
            Cell.Text(result.GetProperty("resyncSnapshots").GetString()!));
        report.Value("snapshotsDeleted", "snapshots deleted",
            Cell.Number(result.GetProperty("snapshotsDeleted").GetInt64()));
        report.Value("noQuorum", "noquorum", Cell.Text(result.GetProperty("noQuorum").GetString()!));
        return ExitCode.Ok;
    }

    // The process that has the filesystem open works in another directory.
    private static string FullPaths(string devices) => devices.Contains("://", StringComparison.Ordinal)
        ? devices : string.Join(':', Array.ConvertAll(devices.Split(':'), System.IO.Path.GetFullPath));

    // A mount names devices as they were given to it, by relative paths or full ones.
    private static string NameOf(string directory, string node)
    {
        string full = FullPaths(node);
        JsonElement list = ControlFile.Request(directory, s_requests["list"]);
        foreach (JsonElement member in list.GetProperty("members").EnumerateArray())
            if (member.GetProperty("name").GetString() == full) return full;
        return node;
    }

    private static void Write(Invocation invocation, JsonElement result)
    {
        using Report report = invocation.OpenReport();
        report.Value("number", "list version", Cell.Number(result.GetProperty("number").GetInt64()));
        report.Value("masters", "masters", Cell.Number(result.GetProperty("masters").GetInt64()));
        report.Value("quorum", "quorum", Cell.Number(result.GetProperty("quorum").GetInt64()));
        report.BeginTable("members", new Column("slot", "SLOT"), new Column("role", "ROLE"),
            new Column("state", "STATE"), new Column("name", "DEVICES"), new Column("filesystemId", "FILESYSTEM"),
            new Column("reason", "REASON"));
        foreach (JsonElement member in result.GetProperty("members").EnumerateArray())
        {
            JsonElement slot = member.GetProperty("slot");
            report.Row(slot.ValueKind == JsonValueKind.Number ? Cell.Number(slot.GetInt64()) : Cell.Absent,
                Text(member, "role"), Text(member, "state"), Text(member, "name"), Text(member, "filesystemId"),
                Text(member, "reason"));
        }
        report.EndTable();
    }

    private static void WriteCopied(Invocation invocation, JsonElement result)
    {
        using Report report = invocation.OpenReport();
        report.Value("copied", "snapshots copied", Cell.Number(result.GetProperty("copied").GetInt64()));
    }

    private static Cell Text(JsonElement member, string name) =>
        member.GetProperty(name).GetString() is { Length: > 0 } text ? Cell.Text(text) : Cell.Absent;
}
