// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using Hammer2.Cluster.SnapshotSchedules;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Hammer2.Tool.PfsChanges;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Runs the schedule of snapshots of a PFS once.</summary>
internal static class SnapshotScheduleCommand
{
    private const int PercentMax = 99;

    private static readonly ArgumentRow Policy = new("CLASS=COUNT",
        "how many snapshots are kept of hourly, daily, weekly and monthly ones")
    { Repeats = true };

    private static readonly OptionRow DryRun = new("--dry-run", "print what would be done, and change nothing")
    {
        Short = "-n",
    };

    private static readonly OptionRow FreeMin = new("--min-free",
        "while less of the filesystem is free, delete the oldest snapshot of the schedule")
    {
        ValueName = "PERCENT",
    };

    public static readonly CommandRow Row = new(
        "snapshot-schedule", "make the snapshots that are due, and delete old ones", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Runs once; a timer or cron runs it often enough. Of each class a snapshot is made when there is none of this
            hour, day, week (from Monday on) or month of local time. Its label is that of the PFS with class and time,
            LABEL.daily.20261128.030000. The newest COUNT of each class stay; older ones are deleted. Two runs at once make
            one snapshot.

            Only snapshots that this command made of this PFS are ever deleted: they have the subtype AUTOSNAP and the
            cluster id of the PFS as their origin. Those with a hold, and those that are mounted, stay. Snapshots of
            DragonFly's periodic jobs, such as home.daily.20261128.03:01, count for their period and stay, too.

            With --min-free bulkfree runs when too little is free, and then the oldest snapshots are deleted one by one,
            of whatever class, until enough is free.
            """,
        Selects = SelectedPath.First,
        Arguments = [PfsTarget.Argument, Policy],
        Options = [DryRun, FreeMin, .. MediaOptions.All],
        Examples =
        [
            new("hammer2 snapshot-schedule /home hourly=24 daily=7 weekly=4", "what a timer runs every hour"),
            new("hammer2 snapshot-schedule --dry-run --json /home daily=7", "print the plan"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        var target = new PfsTarget(invocation, invocation.Text(PfsTarget.Argument));
        var policy = new SnapshotPolicy();
        foreach (string text in invocation.Texts(Policy))
            if (policy.TryAdd(text) is { } fault) throw new CommandException(ExitCode.Usage, fault);
        ulong percent = invocation.Number(FreeMin) ?? 0;
        if (percent > PercentMax)
            throw new CommandException(ExitCode.Usage, $"{FreeMin.Name} is a percentage up to {PercentMax}");
        var options = new ScheduleOptions(policy, (int)percent, invocation.Has(DryRun));
        IReadOnlyList<PlannedSnapshot> done = target.IsMount
            ? RunMounted(target, options)
            : target.ScheduleOffline(options);
        using Report report = invocation.OpenReport();
        report.BeginTable("snapshots",
            new Column("action", "ACTION"), new Column("label", "LABEL"), new Column("reason", "REASON"));
        foreach (PlannedSnapshot one in done)
        {
            report.Row(Cell.Text(SnapshotActionNames.NameOf(one.Action)),
                Cell.Text(NameText.Escape(ByteText.Encode(one.Label))), Cell.Text(one.Reason));
        }
        report.EndTable();
        return ExitCode.Ok;
    }

    private static List<PlannedSnapshot> RunMounted(PfsTarget target, ScheduleOptions options)
    {
        var arguments = new List<(string Name, string Value)>
        {
            ("min-free", Number(options.FreeMinPercent)), ("dry-run", options.IsDryRun ? "yes" : "no"),
        };
        foreach (SnapshotClass kind in SnapshotClasses.All)
            if (options.Policy.CountOf(kind) is { } count) arguments.Add((SnapshotClasses.NameOf(kind), Number(count)));
        var done = new List<PlannedSnapshot>();
        foreach (JsonElement one in target.Request("snapshot-schedule", [.. arguments])
            .GetProperty("snapshots").EnumerateArray())
        {
            SnapshotAction action = one.GetProperty("action").GetString() switch
            {
                "create" => SnapshotAction.Create,
                "delete" => SnapshotAction.Delete,
                _ => SnapshotAction.Keep,
            };
            done.Add(new(action, one.GetProperty("label").GetString()!, one.GetProperty("reason").GetString()!));
        }
        return done;
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
