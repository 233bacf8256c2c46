// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Text;
using Hammer2.Tests.Admin;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;
using Xunit;

namespace Hammer2.Tests.Recovery;

/// <summary>Rates and latencies of 'top', computed from two readings of a mount's counts.</summary>
public sealed class TopTests
{
    [Fact]
    public void What_was_added_is_shown_the_most_frequent_first()
    {
        MountSample before = Parse(10, ("Read", 5, 0, 50, [1, 4]), ("Lookup", 7, 2, 70, [7]));
        MountSample now = Parse(12.5, ("Read", 105, 1, 1050, [1, 4, 0, 90, 10]), ("Lookup", 7, 2, 70, [7]),
            ("Write", 200, 0, 400, [0, 200]));
        MountSample changes = now.Since(before)!;
        Assert.Equal(2.5, changes.ElapsedSeconds);
        Assert.Equal(["Write", "Read"], changes.Operations.Select(one => one.Name));
        OperationCount read = changes.Operations[1];
        Assert.Equal((100L, 1L, 10L), (read.Count, read.Errors, read.MeanMicroseconds));
        Assert.Equal((8L, 16L, 8L), (read.Percentile(0.5), read.Percentile(0.99), read.Percentile(0.9)));
        Assert.Equal(2, changes.Operations[0].Percentile(0.99));
    }

    [Fact]
    public void Another_mount_at_the_same_place_begins_anew() =>
        Assert.Null(Parse(1, ("Read", 1, 0, 1, [1])).Since(Parse(5, ("Read", 9, 0, 9, [9]))));

    [Fact]
    public void Without_a_request_there_is_no_latency()
    {
        var none = new OperationCount("Read", 0, 0, 0, []);
        Assert.Equal((0L, 0L), (none.MeanMicroseconds, none.Percentile(0.5)));
    }

    [Fact]
    public void The_screen_has_health_commits_space_caches_and_nodes()
    {
        MountSample changes = Parse(4, ("Read", 105, 1, 1050, [1, 4, 0, 90, 10]), ("FSync", 2, 0, 2_000_000, []))
            .Since(Parse(2, ("Read", 5, 0, 50, [1, 4])))!;
        string text = string.Join('\n', new TopScreen("/mnt", ByteUnit.Iec, "time").Lines(Status(), changes, 200, 50));
        Assert.StartsWith("/mnt  PFS \\x1b[31mA  degraded  in the last 2.0 s\n          node b is CatchingUp: older\n",
            text, StringComparison.Ordinal);
        Assert.Contains("requests  51 per second, 0.5 with an error, by io_uring, 2 queues, 3 wait for nodes\n", text,
            StringComparison.Ordinal);
        Assert.Contains("commits   2.0 per second, mean 3.0 ms; not written 512 B", text, StringComparison.Ordinal);
        Assert.Contains("space     4 KiB, free 2 KiB, live 1 KiB, snapshots and others 1 KiB\n", text,
            StringComparison.Ordinal);
        Assert.Contains("metadata 1 KiB of 2 KiB, 90 % hits; process 1 MiB\n", text, StringComparison.Ordinal);
        Assert.Contains("nodes     1 of 2 synced\n          b: CatchingUp 38 %, 4 commits behind\n", text,
            StringComparison.Ordinal);
        Assert.Contains("running   bulkfree, 3 s, 25 %\n", text, StringComparison.Ordinal);
        // In the order of time, with the share of the interval.
        Assert.Matches("FSync +1.0 +0.0 +1.0 s .* 100.0\nRead +50 +0.5 +10 us +8 us +16 us +0.1$", text);
    }

    [Theory]
    [InlineData(40, 12)]
    [InlineData(80, 24)]
    [InlineData(10, 3)]
    public void The_screen_fits_the_terminal(int width, int height)
    {
        var operations = Enumerable.Range(0, 40).Select(i => ($"Operation{i}", 1L, 0L, 1L, new[] { 1L })).ToArray();
        MountSample changes = Parse(4, operations).Since(Parse(2))!;
        var lines = new TopScreen("/mnt", ByteUnit.Iec, "count").Lines(Status(), changes, width, height);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
        // Health and nodes are shown whatever the size is.
        if (height > 10) Assert.Equal(height, lines.Count);
        Assert.EndsWith(" more)", lines[^1], StringComparison.Ordinal);
        Assert.Equal(51, new TopScreen("/mnt", ByteUnit.Iec, "count")
            .Lines(Status(), changes, int.MaxValue, int.MaxValue).Count);
    }

    [Theory]
    [InlineData("count", "B A C")]
    [InlineData("time", "C B A")]
    [InlineData("mean", "C A B")]
    [InlineData("errors", "A B C")]
    public void Operations_are_shown_in_an_order(string order, string names)
    {
        OperationCount[] operations = [new("A", 2, 2, 4, []), new("B", 9, 0, 9, []), new("C", 1, 0, 50, [])];
        Assert.Equal(names, string.Join(' ', TopOrder.Sort(operations, order).Select(one => one.Name)));
    }

    [Fact]
    public void Wrong_arguments_are_refused()
    {
        Assert.Equal(3, ToolRun.Execute("top", "--once", "/").ExitCode);
        Assert.Equal(2, ToolRun.Execute("top", "--interval", "0", "/").ExitCode);
        Assert.Equal(2, ToolRun.Execute("top", "--interval", "soon", "/").ExitCode);
        Assert.Equal(2, ToolRun.Execute("top", "--sort", "name", "/").ExitCode);
    }

    private static MountSample Parse(
        double elapsed, params (string Name, long Count, long Errors, long Total, long[] Histogram)[] operations)
    {
        string list = string.Join(',', operations.Select(one => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $$"""
            {"name":"{{one.Name}}","count":{{one.Count}},"errors":{{one.Errors}},
             "totalMicroseconds":{{one.Total}},"histogram":[{{string.Join(',', one.Histogram)}}]}
            """)));
        return MountSample.Parse(Encoding.UTF8.GetBytes(string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $$$"""
            {"result":{"elapsedSeconds":{{{elapsed}}},"operations":[{{{list}}}],"transport":"io_uring","queues":2,
             "stalledRequests":3,"residentBytes":1048576,
             "caches":[{"name":"metadata","heldBytes":1024,"maxBytes":2048,"hits":{{{90 * elapsed}}},
                        "misses":{{{10 * elapsed}}}}],
             "commits":{"count":{{{2 * elapsed}}},"failed":1,"totalMicroseconds":{{{6000 * elapsed}}}}} }
            """)));
    }

    // Of a cluster with a node that is being resynchronized.
    private static MountStatus Status() => MountStatus.Parse(Encoding.UTF8.GetBytes("""
        {"result":{"health":"degraded","reasons":["node b is CatchingUp: older"],"label":"\u001b[31mA",
         "isReadOnly":false,"commit":"0x5","lastCommitAt":null,"repairedReads":0,"healedPlaces":0,"unhealedPlaces":0,
         "leftOutInodes":0,"stalls":0,"liveBytes":1024,"scrubs":[],"errors":[],
         "space":{"totalBytes":4096,"freeBytes":2048,"reservedBytes":0,"unwrittenBytes":512,"uncommittedBytes":0,
                  "stagedBytes":null},
         "nodes":[{"name":"a","role":"Master","state":"Synced","commit":"0x5","behind":0,"resync":null,"reason":"",
                   "leftWhen":""},
                  {"name":"b","role":"Master","state":"CatchingUp","commit":"0x1","behind":4,
                   "resync":{"percent":37.5},"reason":"older","leftWhen":""}],
         "jobs":[{"request":"bulkfree","elapsedSeconds":3,"doneBytes":1,"totalBytes":4}]}}
        """));
}
