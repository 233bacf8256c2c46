// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Concurrency;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Shows the requests that a mount serves, and how long they take.</summary>
internal static class TopCommand
{
    private const double SecondsUsual = 2;
    private const double SecondsMax = 3600;
    private const string Home = "\x1b[H";              // the first column of the first line
    private const string ToEndOfLine = "\x1b[K";       // what is left of a line is cleared
    private const string ToEndOfScreen = "\x1b[J";
    private const double Median = 0.5;
    private const double NinetyNine = 0.99;

    private static readonly ArgumentRow Mount = new("MOUNT", "a directory in a mount") { Completes = Completion.Directory };

    private static readonly OptionRow Once = new("--once", "show one interval and end; so does --json");

    private static readonly OptionRow Interval = new("--interval", "seconds from one reading to the next, 0.1 to 3600 (default 2)")
    {
        ValueName = "SECONDS",
    };

    private static readonly OptionRow Sort = new("--sort", "order of operations: count (default), time, mean or errors")
    {
        ValueName = "ORDER",
        Choices = TopOrder.Names,
    };

    public static readonly CommandRow Row = new("top", "show operations per second of a mount, and their latencies", Run)
    {
        Group = CommandGroup.Mounting,
        Description = """
            Reads the counts of the mount at intervals, and shows what was added: requests of the kernel by their names in
            the FUSE protocol, per second, those that ended with an error (a name that is missing is one), and the time that
            the filesystem needed for them: mean, what half and 99 of 100 did not exceed, to the next power of two, and the
            time of all as a share of the interval, which is above 100 where several are served at once. What the kernel
            answers by itself is not among them.

            Above them: health with its reasons, how requests come, commits, space, the caches, and nodes that are not
            synced. On a terminal the screen is drawn anew, to its present size; elsewhere each interval is printed
            below the last. Ends with ^C. For the user that mounted it, and root where it may enter the mount.

            JSON: seconds; health; transport; queues; commits and commitMicroseconds (the mean) in the interval, null for a
            read-only mount; caches, each with name, held and max (bytes), hits and misses; nodes, each with node and state;
            operations, each with name, count, errors, perSecond, meanMicroseconds, p50Microseconds and p99Microseconds.
            """,
        Arguments = [Mount],
        Options = [Once, Interval, Sort],
        HasUnits = true,
        Examples =
        [
            new("hammer2 top /mnt", "what a mount is busy with"),
            new("hammer2 top --sort time /mnt", "what takes the time"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string path = invocation.Text(Mount);
        TimeSpan interval = TimeSpan.FromSeconds(Seconds(invocation));
        bool isOnce = invocation.Has(Once) || invocation.Has(CommonOptions.Json);
        MountSample before = MountSample.Read(path);
        while (true)
        {
            SystemScheduler.Instance.Pause(interval);
            MountSample now = MountSample.Read(path);
            if (now.Since(before) is { } changes)
            {
                MountStatus status = MountStatus.Read(path);
                if (invocation.Has(CommonOptions.Json)) WriteJson(invocation, status, changes);
                else Write(invocation, status, changes, isOnce);
                if (isOnce) return ExitCode.Ok;
                invocation.Terminal.Out.Flush();
            }
            before = now;
        }
    }

    private static double Seconds(Invocation invocation)
    {
        if (invocation.Text(Interval) is not { } text) return SecondsUsual;
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            && seconds is >= 0.1 and <= SecondsMax
            ? seconds
            : throw new CommandException(ExitCode.Usage, $"{Interval.Name} {text}: not a number from 0.1 to 3600");
    }

    private static void Write(Invocation invocation, MountStatus status, MountSample changes, bool isOnce)
    {
        Terminal terminal = invocation.Terminal;
        bool isDrawn = terminal.OutputIsTerminal && !isOnce;
        var screen = new TopScreen(invocation.Text(Mount), invocation.Unit, invocation.Text(Sort) ?? TopOrder.Names[0]);
        // The last line stays empty: a newline there would move all up.
        (int width, int height) = terminal.Size();
        IReadOnlyList<string> lines = isDrawn
            ? screen.Lines(status, changes, width, height - 1)
            : screen.Lines(status, changes, int.MaxValue, int.MaxValue);
        if (isDrawn) terminal.Out.Write(Home);
        foreach (string line in lines) terminal.Out.WriteLine(isDrawn ? line + ToEndOfLine : line);
        if (isDrawn) terminal.Out.Write(ToEndOfScreen);
        else if (!isOnce) terminal.Out.WriteLine();
    }

    private static void WriteJson(Invocation invocation, MountStatus status, MountSample changes)
    {
        using Report report = invocation.OpenReport();
        double seconds = Math.Max(changes.ElapsedSeconds, 0.001);
        report.Detail("seconds", Cell.Text(seconds.ToString("F3", CultureInfo.InvariantCulture)));
        report.Detail("health", Cell.Text(status.Health));
        report.Detail("transport", Cell.Text(changes.Transport));
        report.Detail("queues", Cell.Number(changes.Queues));
        report.Detail("commits", changes.Commits is { } commits ? Cell.Number(commits.Count) : Cell.Absent);
        report.Detail("commitMicroseconds",
            changes.Commits is { } timed ? Cell.Number(timed.MeanMicroseconds) : Cell.Absent);
        report.BeginTable("caches", new Column("name", ""), new Column("held", ""), new Column("max", ""),
            new Column("hits", ""), new Column("misses", ""));
        foreach (CacheCount cache in changes.Caches)
        {
            report.Row(Cell.Text(cache.Name), Cell.Bytes(cache.HeldBytes), Cell.Bytes(cache.MaxBytes),
                Cell.Number(cache.Hits), Cell.Number(cache.Misses));
        }
        report.EndTable();
        report.BeginTable("nodes", new Column("node", ""), new Column("state", ""));
        foreach (MountStatus.Node node in status.Nodes) report.Row(Cell.Text(node.Name), Cell.Text(node.State));
        report.EndTable();
        report.BeginTable("operations", new Column("name", ""), new Column("count", ""), new Column("perSecond", ""),
            new Column("errors", ""), new Column("meanMicroseconds", ""), new Column("p50Microseconds", ""),
            new Column("p99Microseconds", ""));
        foreach (OperationCount one in TopOrder.Sort(changes.Operations, invocation.Text(Sort) ?? TopOrder.Names[0]))
        {
            report.Row(Cell.Text(one.Name), Cell.Number(one.Count), Cell.Text(TopScreen.PerSecond(one.Count, seconds)),
                Cell.Number(one.Errors), Cell.Number(one.MeanMicroseconds), Cell.Number(one.Percentile(Median)),
                Cell.Number(one.Percentile(NinetyNine)));
        }
        report.EndTable();
    }
}
