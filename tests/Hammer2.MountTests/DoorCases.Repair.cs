// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Format;

namespace Hammer2.MountTests;

/// <content>Requests about damage, nodes and streams.</content>
internal static partial class DoorCases
{
    private const string OfNodes = "upstream has no such nodes";

    private static IEnumerable<DoorCase> Rescue() =>
    [
        new("destroy", "destroy name=x-{0}", "destroy name=none", NoEntry)
        {
            Before = (mount, door) => File.WriteAllText($"{mount.Root}/x-{door}", ""),
            Seen = (mount, door) => string.Join(' ', Directory.GetFiles(mount.Root, "x-" + door)),
            Ioctl = new(IoctlCommand.Destroy)
            {
                Good = (_, door, record) => WriteDestroy(record, "x-" + door),
                Bad = record => WriteDestroy(record, "none"),
            },
            Command = "destroy {2}/x-{0}",
            BadCommand = "destroy {2}/none",
        },
        // One that cannot be read is in DestroyTests; here the refusal of one that can is.
        new("destroy-inum", "destroy-inum inum=1", "destroy-inum inum=0x123456789", NoEntry)
        {
            GoodError = Malformed,
            Ioctl = new(IoctlCommand.Destroy)
            {
                Good = (_, _, record) => WriteDestroy(record, 1),
                Bad = record => WriteDestroy(record, 0x123456789),
            },
            Command = "destroy-inum {2} 1",
            BadCommand = "destroy-inum {2} 0x123456789",
        },
        new("emergency-mode", "emergency-mode on=yes", "emergency-mode on=perhaps", Malformed)
        {
            Seen = (mount, _) => mount.Query("status").GetProperty("reasons").GetRawText(),
            After = (mount, _) => DoorMount.Do("emergency-mode-disable", mount.Root),
            Ioctl = new(IoctlCommand.EmergencyMode) { Good = (_, _, record) => WriteInt(record, 0, 1) },
            Command = "emergency-mode-enable {2}",
            BadCommand = "emergency-mode-enable {2}/none",
        },
        new("shutdown", "shutdown", "shutdown x=1", Malformed)
        {
            EndsMount = true,
            Seen = (mount, _) => mount.Query("status").GetProperty("reasons").GetRawText(),
            Ioctl = new(IoctlCommand.Shutdown),
            Command = "shutdown {2}",
            BadCommand = "shutdown {2}/none",
        },
    ];

    private static IEnumerable<DoorCase> Cluster() =>
    [
        OfCluster("cluster-list", "cluster-list", "cluster-list x=1", "list {2}", "list {2}/none") with
        {
            Fact = result => Path.GetFileName(result.GetProperty("members")[0].GetProperty("name").GetString()!),
        },
        OfCluster("cluster-attach", "cluster-attach device={1}/a-{0}.img", "cluster-attach device={1}/none",
            "attach {2} {1}/a-{0}.img", "attach {2} {1}/none") with
        {
            BadError = 5,
            Before = Join,
            Seen = (mount, door) => door == "bad" || door == "other" ? mount.Members() : Level(mount, 4),
            After = (mount, door) => DoorMount.Do("cluster", "detach", mount.Root, mount.PathOf($"a-{door}.img")),
        },
        OfNode("cluster-detach", "detach") with
        {
            Good = "cluster-detach node={1}/a-{0}.img",
            Command = "cluster detach {2} {1}/a-{0}.img",
            Before = (mount, door) =>
            {
                Join(mount, door);
                DoorMount.Do("cluster", "attach", mount.Root, mount.PathOf($"a-{door}.img"));
                mount.AwaitSynced(4);
            },
        },
        OfNode("cluster-snapshots", "snapshots"),
        OfNode("cluster-promote", "promote") with
        {
            Before = (mount, _) =>
            {
                DoorMount.Do("cluster", "demote", mount.Root, mount.PathOf("n2.img"));
                mount.AwaitAtRest();
            },
            Seen = (mount, door) => Level(mount, 3),
        },
        OfNode("cluster-demote", "demote") with
        {
            // It follows from then on, through several states.
            Seen = (mount, _) => mount.Members()[..mount.Members().LastIndexOf(':')],
            After = (mount, _) => Promote(mount),
        },
        OfNode("cluster-offline", "offline") with
        {
            After = (mount, _) =>
            {
                DoorMount.Do("cluster", "online", mount.Root, mount.PathOf("n2.img"));
                mount.AwaitSynced(3);
            },
        },
        OfNode("cluster-online", "online") with
        {
            Before = (mount, _) => DoorMount.Do("cluster", "offline", mount.Root, mount.PathOf("n2.img")),
            Seen = (mount, _) => Level(mount, 3),
        },
        OfNode("cluster-resync", "resync") with { Seen = (mount, _) => Level(mount, 3) },
        OfCluster("cluster-policy", "cluster-policy options=resync-rate=1M", "cluster-policy options=noresync",
            "policy {2} resync-rate=1M", "policy {2} noresync") with
        {
            Seen = (mount, _) => mount.Query("cluster-policy").GetProperty("resyncRateBytes").ToString(),
            After = (mount, _) => DoorMount.Do("cluster", "policy", mount.Root, "resync-rate=0,noquorum=readonly"),
        },
        new("verify", "verify", "verify x=1", Malformed)
        {
            IsOfCluster = true,
            WithoutIoctl = OfNodes,
            Command = "verify --nodes {2}",
            BadCommand = "verify --nodes {2}/none",
        },
    ];

    private static IEnumerable<DoorCase> Streams() =>
    [
        new("receive", "receive input={1}/stream label=r-{0}", "receive input={1}/none", Malformed)
        {
            Seen = (mount, door) => mount.Pfss("r-" + door, door),
            Command = "receive {2}@r-{0} --input {1}/stream",
            BadCommand = "receive {2} --input {1}/none",
        },
        new("receive-status", "receive-status", "receive-status node=99", Malformed)
        {
            Before = (mount, _) => ReceivePart(mount, "part"),
            Fact = _ => "part",
            After = (mount, _) => DoorMount.Do("receive", "--abort", mount.Root + "@part"),
            Command = "receive --status {2}",
            BadCommand = "receive --status {2}/none",
        },
        new("receive-abort", "receive-abort label=q-{0}", "receive-abort label=none", NoEntry)
        {
            Before = (mount, door) => ReceivePart(mount, "q-" + door),
            Seen = (mount, door) => mount.Pfss("q-" + door, door),
            Command = "receive --abort {2}@q-{0}",
            BadCommand = "receive --abort {2}@none",
        },
    ];

    private static IEnumerable<DoorCase> Scrubs() =>
    [
        new("scrub-start", "scrub-start node=0", "scrub-start node=99", Malformed)
        {
            Seen = (mount, door) => door == "bad" || door == "other" ? "" : Scrubbed(mount),
            Command = "scrub start {2} --node 0",
            BadCommand = "scrub start {2} --node 99",
        },
        new("scrub-stop", "scrub-stop node=0", "scrub-stop node=99", Malformed)
        {
            Command = "scrub stop {2} --node 0",
            BadCommand = "scrub stop {2} --node 99",
        },
        new("scrub-status", "scrub-status", "scrub-status x=1", Malformed)
        {
            Command = "scrub status {2}",
            BadCommand = "scrub status {2}/none",
        },
        new("clear-errors", "clear-errors node=0", "clear-errors node=99", Malformed)
        {
            Command = "clear-errors {2} --node 0",
            BadCommand = "clear-errors {2} --node 99",
        },
    ];

    private static DoorCase OfCluster(string name, string good, string bad, string command, string badCommand) =>
        new(name, good, bad, Malformed)
        {
            IsOfCluster = true,
            WithoutIoctl = OfNodes,
            Command = "cluster " + command,
            BadCommand = "cluster " + badCommand,
        };

    // About the third node, unless told otherwise.
    private static DoorCase OfNode(string name, string action) => OfCluster(
        name, name + " node={1}/n2.img", name + " node=none", action + " {2} {1}/n2.img", action + " {2} none") with
    {
        Seen = (mount, _) => mount.Members(),
    };

    private static string Level(DoorMount mount, int total)
    {
        mount.AwaitSynced(total);
        return mount.Members();
    }

    private static void Promote(DoorMount mount)
    {
        mount.AwaitAtRest();
        DoorMount.Do("cluster", "promote", mount.Root, mount.PathOf("n2.img"));
        mount.AwaitSynced(3);
    }

    private static void Join(DoorMount mount, string door) => DoorMount.Do(
        "newfs", "--force", "-s", "256m", "--join", mount.PathOf("n0.img") + "@CL", mount.PathOf($"a-{door}.img"));

    private static void ReceivePart(DoorMount mount, string label)
    {
        (_, string answer) = mount.Ask($"receive input={mount.PathOf("stream.part")} label={label}");
        Xunit.Assert.StartsWith("failed", answer, StringComparison.Ordinal);
        Xunit.Assert.NotEqual("", mount.Pfss(label, "-"));
    }

    private static string Scrubbed(DoorMount mount)
    {
        string state = "";
        HammerProgram.WaitUntil(() =>
        {
            var scrub = mount.Query("scrub-status").GetProperty("scrubs").EnumerateArray().First();
            state = scrub.GetProperty("state").GetString()!;
            return !scrub.GetProperty("isRunning").GetBoolean() && state != "None";
        }, "the scrub to end");
        return state;
    }

    private static void WriteDestroy(byte[] record, string name)
    {
        WriteInt(record, 0, DestroyRecord.RemovesEntry);
        WriteText(record, 4, name);
    }

    private static void WriteDestroy(byte[] record, ulong inum)
    {
        WriteInt(record, 0, DestroyRecord.RemovesInode);
        WriteLong(record, 0x108, inum);
    }
}
