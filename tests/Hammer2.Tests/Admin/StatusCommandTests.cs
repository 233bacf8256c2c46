// SPDX-License-Identifier: BSD-3-Clause
using System.Text;
using Hammer2.Testing;
using Hammer2.Tool;
using Hammer2.Tool.Commands;
using Hammer2.Tool.Mounts;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>Goal: 'hammer2 status' tells how a filesystem is by its exit code and lists what is wrong. Method: golden
/// images, sound and damaged ones, and the text of a mount's status file.</summary>
public sealed class StatusCommandTests
{
    [Theory]
    [InlineData("dmg-base", 0, 0)]
    [InlineData("dmg-data", 0, 2)]
    [InlineData("dmg-freemap", 1, 2)]
    [InlineData("dmg-two-headers", 1, 1)]
    public void The_exit_code_is_the_level(string image, int expected, int withErrors)
    {
        ToolRun run = ToolRun.Execute("status", GoldenImage.Path(image), "--json", "--log-level", "none");
        Assert.True(run.ExitCode == expected, run.ToString());
        Assert.Equal(StatusLevels.NameOf(expected), run.Json.GetProperty("health").GetString());
        Assert.Equal(expected > 0, run.Json.GetProperty("reasons").GetArrayLength() > 0);
        ToolRun full = ToolRun.Execute("status", "--errors", GoldenImage.Path(image), "--log-level", "none");
        Assert.True(full.ExitCode == withErrors, full.ToString());
    }

    [Fact]
    public void Damage_is_listed_by_path()
    {
        ToolRun run = ToolRun.Execute("status", "--errors", GoldenImage.Path("dmg-data"), "--log-level", "none");
        Assert.Matches("(?m)^/d/rand +DATA ", run.Text);
    }

    [Fact]
    public void What_is_no_filesystem_is_unavailable()
    {
        ToolRun run = ToolRun.Execute("status", "/dev/null", "--json");
        Assert.Equal(3, run.ExitCode);
        Assert.Equal("unavailable", run.Json.GetProperty("health").GetString());
        Assert.NotEqual(0, run.Json.GetProperty("errors").GetArrayLength());
    }

    [Fact]
    public void The_status_of_a_mount_is_parsed()
    {
        const string Json = """
            {"version":1,"result":{"health":"degraded","reasons":["node b is Absent: gone"],"label":"A",
            "isReadOnly":false,"commit":"0x12","quorum":2,
            "repairedReads":3,"healedPlaces":2,"unhealedPlaces":0,
            "leftOutInodes":0,"nodes":[{"name":"a","state":"Synced","role":"Master","behind":0,
            "commit":"0x12","reason":"","leftWhen":"","resync":null,"pins":[]},{"name":"b",
            "state":"Copying","role":"Returning","behind":null,"commit":"0x11","reason":"r","leftWhen":"w",
            "resync":{"pass":1,"percent":12.5,"changes":1,"copiedBytes":2,"remainingSeconds":null},"pins":[]}],
            "jobs":[{"number":1,
            "request":"bulkfree","startedAt":"2026-01-01T00:00:00+00:00","elapsedSeconds":7,"doneBytes":450,
            "totalBytes":1000}],"scrubs":[],"errors":[],
            "liveBytes":30,"stalls":1,"lastCommitAt":"2026-01-01T00:00:00+00:00",
            "space":{"totalBytes":100,"freeBytes":60,
            "availableBytes":50,"reserveBytes":1,"reservedBytes":2,"unwrittenBytes":4,"inodes":5,
            "uncommittedBytes":7,"stagedBytes":null}}}
            """;
        MountStatus status = MountStatus.Parse(Encoding.UTF8.GetBytes(Json));
        Assert.Equal(("degraded", "A", "0x12"), (status.Health, status.Label, status.Commit));
        Assert.Equal((10UL, 2UL, 4UL), (status.OtherBytes, status.ReservedBytes, status.UnwrittenBytes));
        Assert.Equal((7UL, null), (status.UncommittedBytes, status.StagedBytes));
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), status.LastCommitAt);
        Assert.Equal(
            [
                new MountStatus.Node("a", "Master", "Synced", "0x12", 0, null, "", ""),
                new MountStatus.Node("b", "Returning", "Copying", "0x11", null, 12.5, "r", "w"),
            ],
            status.Nodes);
        Assert.Equal(("bulkfree", "45 %"), (status.Jobs[0].Request, status.Jobs[0].Progress));
        Assert.Equal("-", new MountStatus.Job("receive", 1, 5, 0).Progress);
        Assert.Equal(ExitCode.Ok, StatusLevels.OfMount("healthy"));
        Assert.Equal(StatusLevels.Unavailable, StatusLevels.OfMount("stopped"));
    }
}
