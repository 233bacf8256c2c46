// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Text.Json;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Newfs;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Starts, stops and shows scrubs of a mount, and clears its error counters.</summary>
internal static class ScrubCommand
{
    private const string Start = "start", Stop = "stop", Status = "status";

    private static readonly ArgumentRow Action = new("ACTION", "start, stop or status")
    {
        Choices = [Start, Stop, Status],
    };

    private static readonly ArgumentRow Target = new("MOUNT", "a directory in the mount")
    {
        Completes = Completion.Directory,
    };

    private static readonly OptionRow Node =
        new("--node", "the node with this number alone, in the order of mounting") { ValueName = "NUMBER" };

    private static readonly OptionRow Rate =
        new("--rate", "start: most bytes that are read in a second from a node (default no limit)")
        {
            ValueName = "BYTES",
        };

    private static readonly OptionRow ErrorsOnly =
        new("--errors-only", "start: look only at what the last scrub could not heal");

    private static readonly OptionRow Restart =
        new("--restart", "start: begin again where an earlier scrub did not come to its end");

    public static readonly CommandRow Row = new("scrub", "read all devices of a mount, and heal what is damaged", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            A scrub reads everything on the devices of each synced node of a mounted PFS: super-root, all PFSs and
            snapshots, freemap. A block that does not match its check code is written again where it is, when the check
            code proves what belongs there: the bytes of another node of the cluster, or of a copy on the same node.
            Else the mounted PFS stores it anew from the other nodes. The freemap is compared with what is reachable and
            corrected. What cannot be healed is listed by path, or by inode number where the inode itself is damaged:
            'hammer2 verify' tells its path.

            It runs in the background while the mount is used, in a thread for each node. One that runs when the PFS is
            unmounted goes on at the next mount; one that was stopped goes on when it is started. A mount for writing is
            needed. The exit code of 'scrub status' is 1 while places are listed, until the next scrub.
            """,
        Arguments = [Action, Target],
        Options = [Node, Rate, ErrorsOnly, Restart],
        HasUnits = true,
        Examples =
        [
            new("hammer2 scrub start /home --rate 100M", "scrub all nodes, at most 100 MiB/s each"),
            new("hammer2 scrub status /home", "how far it is, and what it could not heal"),
        ],
    };

    public static readonly CommandRow ClearErrors =
        new("clear-errors", "set the error counters of a mount's devices to zero", RunClear)
        {
            Group = CommandGroup.Media,
            Description = """
                The counters of each volume, which status shows, are on the volume itself and last until they are
                cleared: reads, writes and flushes that failed, blocks that did not match their check codes, and blocks
                that were healed. The last fault, for which status calls the mount damaged, is forgotten as well; it is there
                again when it is met again.
                """,
            Arguments = [Target],
            Options = [Node],
            HasUnits = true,
            Examples = [new("hammer2 clear-errors /home", "after a cable was replaced")],
        };

    private static int Run(Invocation invocation)
    {
        string action = invocation.Text(Action), target = invocation.Text(Target);
        if (action != Start && (invocation.Has(Rate) || invocation.Has(ErrorsOnly) || invocation.Has(Restart)))
            throw new CommandException(ExitCode.Usage, $"scrub {action}: has only the option {Node.Name}");
        JsonElement answer = action switch
        {
            Start => ControlFile.Request(target, "scrub-start", ("node", NodeOf(invocation)),
                ("rate", RateOf(invocation)), ("errors-only", Flag(invocation, ErrorsOnly)),
                ("restart", Flag(invocation, Restart))),
            Stop => ControlFile.Request(target, "scrub-stop", ("node", NodeOf(invocation))),
            _ => ControlFile.Request(target, "scrub-status"),
        };
        using Report report = invocation.OpenReport();
        report.BeginList("scrubs");
        bool isDamaged = false;
        foreach (JsonElement scrub in answer.GetProperty("scrubs").EnumerateArray()) isDamaged |= Write(report, scrub);
        report.EndList();
        ErrorTable.Write(report, answer.GetProperty("errors"));
        return action == Status && isDamaged ? ExitCode.Damage : ExitCode.Ok;
    }

    /// <summary>Prints one line for each node about its last scrub.</summary>
    internal static void WriteSummary(Report report, JsonElement scrubs)
    {
        report.BeginTable("scrubs", new Column("node", "NODE"), new Column("state", "LAST SCRUB"),
            new Column("percent", "PERCENT"), new Column("ended", "ENDED"), new Column("faults", "DAMAGED"),
            new Column("unhealed", "NOT HEALED"));
        foreach (JsonElement scrub in scrubs.EnumerateArray())
        {
            report.Row(Cell.Number((ulong)scrub.GetProperty("node").GetInt32()), Cell.Text(ShownState(scrub)),
                Cell.Number(PercentOf(scrub)), TimeOf(scrub, "ended"),
                Cell.Number(scrub.GetProperty("faults").GetUInt64()),
                Cell.Number(scrub.GetProperty("unhealed").GetUInt64()));
        }
        report.EndTable();
    }

    private static ulong PercentOf(JsonElement scrub)
    {
        if (scrub.GetProperty("state").GetString() == "Finished") return 100;
        ulong total = scrub.GetProperty("totalBytes").GetUInt64();
        return total == 0 ? 0 : Math.Min(99, scrub.GetProperty("checkedBytes").GetUInt64() * 100 / total);
    }

    private static string ShownState(JsonElement scrub) =>
        scrub.GetProperty("isRunning").GetBoolean() ? "running" : StateOf(scrub);

    private static int RunClear(Invocation invocation)
    {
        JsonElement answer = ControlFile.Request(
            invocation.Text(Target), "clear-errors", ("node", NodeOf(invocation)));
        using Report report = invocation.OpenReport();
        ErrorTable.Write(report, answer.GetProperty("errors"));
        return ExitCode.Ok;
    }

    private static string NodeOf(Invocation invocation) =>
        invocation.Number(Node)?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string RateOf(Invocation invocation) => invocation.Text(Rate) is { } rate
        ? SizeText.Parse(Rate, rate).ToString(CultureInfo.InvariantCulture) : "";

    private static string Flag(Invocation invocation, OptionRow option) => invocation.Has(option) ? "yes" : "";

    private static bool Write(Report report, JsonElement scrub)
    {
        ulong read = scrub.GetProperty("checkedBytes").GetUInt64();
        ulong unhealed = scrub.GetProperty("unhealed").GetUInt64();
        string state = ShownState(scrub);
        string name = scrub.GetProperty("name").GetString()!;
        report.BeginEntry($"node {scrub.GetProperty("node").GetInt32()}, {name}: {state}");
        report.Detail("name", Cell.Text(name));
        report.Detail("state", Cell.Text(state));
        report.Value("started", "started", TimeOf(scrub, "started"));
        report.Value("ended", "ended", TimeOf(scrub, "ended"));
        report.Value("checked", "read", Cell.Bytes(read));
        report.Value("percent", "percent", Cell.Number(PercentOf(scrub)));
        report.Value("faults", "damaged blocks", Cell.Number(scrub.GetProperty("faults").GetUInt64()));
        report.Value("healed", "healed", Cell.Number(scrub.GetProperty("healed").GetUInt64()));
        report.Value("unhealed", "not healed", Cell.Number(unhealed));
        report.BeginList("places");
        foreach (JsonElement place in scrub.GetProperty("places").EnumerateArray()) WritePlace(report, place);
        report.EndList();
        report.EndEntry();
        return unhealed > 0;
    }

    private static void WritePlace(Report report, JsonElement place)
    {
        string pfs = place.GetProperty("pfs").GetString()!, path = place.GetProperty("path").GetString()!;
        string kind = place.GetProperty("kind").GetString()!;
        ulong key = place.GetProperty("key").GetUInt64();
        string at = kind == "data" ? string.Create(CultureInfo.InvariantCulture, $" at byte {key}") : "";
        report.BeginEntry($"    {pfs}: {NameText.Escape(path)}: {kind}{at}");
        report.Detail("pfs", Cell.Text(pfs));
        report.Detail("path", Cell.Text(path));
        report.Detail("kind", Cell.Text(kind));
        report.Detail("inum", Cell.Number(place.GetProperty("inum").GetUInt64()));
        report.Detail("key", Cell.Hex(key));
        report.EndEntry();
    }

    // One that should run and does not has not been taken up yet: the node is away.
    private static string StateOf(JsonElement scrub) => scrub.GetProperty("state").GetString() switch
    {
        "Running" => "interrupted",
        "Stopped" => "stopped",
        "Finished" => "finished",
        _ => "never scrubbed",
    };

    private static Cell TimeOf(JsonElement scrub, string name) =>
        scrub.TryGetProperty(name, out JsonElement time) && time.ValueKind == JsonValueKind.String
            ? Cell.Text(time.GetString()!) : Cell.Absent;
}
