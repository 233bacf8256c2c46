// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Linq;
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
    private const double Median = 0.5;
    private const double NinetyNine = 0.99;

    private static readonly ArgumentRow Mount = new("MOUNT", "a directory in a mount") { Completes = Completion.Directory };

    private static readonly OptionRow Once = new("--once", "show one interval and end; so does --json");

    private static readonly OptionRow Interval = new("--interval", "seconds from one reading to the next, 0.1 to 3600 (default 2)")
    {
        ValueName = "SECONDS",
    };

    public static readonly CommandRow Row = new("top", "show operations per second of a mount, and their latencies", Run)
    {
        Group = CommandGroup.Mounting,
        Description = """
            Reads the counts of the mount at intervals, and shows what was added: requests of the kernel by their names in
            the FUSE protocol, per second, those that ended with an error, and the time that the filesystem needed for them:
            mean, and what half and 99 of 100 did not exceed, to the next power of two. What the kernel answers by itself is
            not among them. Ends with ^C. For root and the user that mounted it.

            JSON: seconds; operations, each with name, count, errors, perSecond, meanMicroseconds, p50Microseconds and
            p99Microseconds.
            """,
        Arguments = [Mount],
        Options = [Once, Interval],
        Examples = [new("hammer2 top /mnt", "what a mount is busy with")],
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
                if (!isOnce && invocation.Terminal.OutputIsTerminal) invocation.Terminal.Out.Write("\x1b[H\x1b[2J");
                Write(invocation, changes);
                if (isOnce) return ExitCode.Ok;
                invocation.Terminal.Out.WriteLine();
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

    private static void Write(Invocation invocation, MountSample changes)
    {
        using Report report = invocation.OpenReport();
        double seconds = Math.Max(changes.ElapsedSeconds, 0.001);
        string all = PerSecond(changes.Operations.Sum(one => one.Count), seconds);
        report.Detail("seconds", Cell.Text(seconds.ToString("F3", CultureInfo.InvariantCulture)));
        if (!invocation.Has(CommonOptions.Json))
        {
            invocation.Terminal.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{all} operations per second in {seconds:F1} s"));
        }
        report.BeginTable("operations", new Column("name", "OPERATION"), new Column("count", ""),
            new Column("perSecond", "PER SECOND"), new Column("errors", "ERRORS"),
            new Column("meanMicroseconds", "MEAN us"), new Column("p50Microseconds", "HALF us"),
            new Column("p99Microseconds", "99% us"));
        foreach (OperationCount one in changes.Operations)
        {
            report.Row(Cell.Text(one.Name), Cell.Number(one.Count), Cell.Text(PerSecond(one.Count, seconds)),
                Cell.Number(one.Errors), Cell.Number(one.MeanMicroseconds), Cell.Number(one.Percentile(Median)),
                Cell.Number(one.Percentile(NinetyNine)));
        }
        report.EndTable();
    }

    private static string PerSecond(long count, double seconds) =>
        (count / seconds).ToString(count / seconds < 10 ? "F1" : "F0", CultureInfo.InvariantCulture);
}
