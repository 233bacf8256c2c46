// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Text;
using Hammer2.Tests.Admin;
using Hammer2.Tool.Mounts;
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
    public void Wrong_arguments_are_refused()
    {
        Assert.Equal(3, ToolRun.Execute("top", "--once", "/").ExitCode);
        Assert.Equal(2, ToolRun.Execute("top", "--interval", "0", "/").ExitCode);
        Assert.Equal(2, ToolRun.Execute("top", "--interval", "soon", "/").ExitCode);
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
            $$$"""{"result":{"elapsedSeconds":{{{elapsed}}},"operations":[{{{list}}}]} }""")));
    }
}
