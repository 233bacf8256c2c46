// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Reports;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Fuse;
using Hammer2.Fuse.Administration;
using Hammer2.Tests.Fuse.Administration;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>
/// Goal: status says when the work of timers is overdue, only for a mount that has a limit, and no more once it was
/// done. Method: the rule with times, and requests to a filesystem in memory.
/// </summary>
public sealed class UpkeepLimitsTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("1m", 1)]
    [InlineData("90m", 90)]
    [InlineData("12h", 720)]
    [InlineData("35d", 35 * 1440)]
    [InlineData("5w", 5 * 7 * 1440, "35d")]
    [InlineData("521w", 521 * 7 * 1440, "3647d")]
    [InlineData("120m", 120, "2h")]
    public void A_duration_has_a_unit(string text, int minutes, string? printed = null)
    {
        Assert.Equal(minutes, DurationText.Parse(text)?.TotalMinutes);
        Assert.Equal(printed ?? text, DurationText.Format(TimeSpan.FromMinutes(minutes)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("d")]
    [InlineData("35")]
    [InlineData("0d")]
    [InlineData("-1d")]
    [InlineData("1.5d")]
    [InlineData("1 d")]
    [InlineData("1y")]
    [InlineData("3651d")]
    [InlineData("99999999999w")]
    public void Other_text_is_no_duration(string? text)
    {
        Assert.Null(DurationText.Parse(text));
        MountOptionException failure = Assert.Throws<MountOptionException>(
            () => MountOptionParser.Parse([$"{UpkeepLimits.ScrubOption}={text}"]));
        Assert.Contains(UpkeepLimits.ScrubOption, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_older_than_its_limit_is_overdue_and_nothing_else()
    {
        UpkeepLimits limits = MountOptionParser.Parse(
            ["scrub-within=35d,snapshot-within=2h", "bulkfree-within=1w"]).Upkeep;
        var intime = new UpkeepTimes(s_now.AddDays(-35), s_now.AddHours(-2), s_now.AddDays(-7));
        Assert.Empty(limits.Overdue(intime, s_now));
        Assert.Equal(3, limits.Overdue(intime, s_now.AddSeconds(1)).Count);
        Assert.Equal(
            ["scrub-within=35d: the last scrub of all nodes was at 2026-10-25T12:00:00Z"],
            limits.Overdue(intime with { Scrub = s_now.AddDays(-36) }, s_now));
        Assert.Equal(
            ["snapshot-within=2h: there was no snapshot of the schedule yet"],
            limits.Overdue(intime with { Snapshot = null }, s_now));
        Assert.Empty(default(UpkeepLimits).Overdue(default, s_now));
        Assert.False(new MountOptions().Upkeep.IsSet);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_mount_with_limits_is_degraded_until_the_work_was_done(int nodes)
    {
        MountOptions options = MountOptionParser.Parse(["snapshot-within=1d,bulkfree-within=1d"]);
        using var volume = new AdministeredVolume(nodes, options: options);
        StatusResult before = Status(volume);
        Assert.Equal("degraded", before.Health);
        Assert.Equal(2, before.Reasons.Count);
        Assert.StartsWith("snapshot-within=1d: ", before.Reasons[0], StringComparison.Ordinal);

        Assert.Equal(Errno.None, volume.Run("bulkfree").Error);
        string left = Assert.Single(Status(volume).Reasons);
        Assert.StartsWith("snapshot-within=1d: ", left, StringComparison.Ordinal);
        RequestArguments arguments = RequestArguments.Of(
            ("daily", 1UL), ("min-free", 0UL), ("dry-run", false));
        Assert.Equal(Errno.None, volume.Run("snapshot-schedule", arguments).Error);
        Assert.Equal(("healthy", 0), (Status(volume).Health, Status(volume).Reasons.Count));

        // It is on every device, for the next mount.
        Assert.All(volume.Mount.Pfs.Nodes, static node =>
        {
            UpkeepRecord stored = UpkeepRecords.Read(
                node.Device.Volumes.Volumes[0].Device, node.Device.Volumes.FilesystemId);
            Assert.NotEqual(0, stored.Fields.BulkfreeMicroseconds);
        });
    }

    [Fact]
    public void Without_limits_and_on_a_mount_for_reading_nothing_is_overdue()
    {
        using var without = new AdministeredVolume();
        Assert.Equal("healthy", Status(without).Health);
        using var readOnly = new AdministeredVolume(
            isReadOnly: true, options: MountOptionParser.Parse(["scrub-within=1d"]));
        Assert.Equal("healthy", Status(readOnly).Health);
    }

    [Fact]
    public void A_node_without_a_scrub_makes_it_overdue()
    {
        using var volume = new AdministeredVolume(3, options: MountOptionParser.Parse(["scrub-within=1d"]));
        for (int node = 0; node < 3; node++)
        {
            Assert.Equal("scrub-within=1d: there was no scrub of all nodes yet", Assert.Single(Status(volume).Reasons));
            Hammer2Error error = volume.Mount.Pfs.Nodes[node].Device.Committer!.Upkeep.Update(static record =>
                record.Fields.EndedMicroseconds = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000);
            Assert.Equal(Hammer2Error.None, error);
        }
        Assert.Equal("healthy", Status(volume).Health);
    }

    private static StatusResult Status(AdministeredVolume volume) =>
        Assert.IsType<StatusResult>(volume.Run("status").Result);
}
