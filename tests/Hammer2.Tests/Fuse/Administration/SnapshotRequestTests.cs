// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Fuse.Administration;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration;

/// <summary>Goal: the requests about holds, rollback and schedules do what they say on one node and on three, and their
/// refusals name what is in the way. Method: the table of requests on filesystems in memory.</summary>
public sealed class SnapshotRequestTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Holds_are_placed_listed_and_released(int nodes)
    {
        using var volume = new AdministeredVolume(nodes);
        Done(volume.Run("snapshot", Label("s")));
        Done(volume.Run("hold", Hold("s", "audit")));
        var holds = Assert.IsType<HoldListResult>(volume.Run("holds").Result);
        Assert.True(holds.IsComplete);
        Assert.Equal(("s", "audit"), (holds.Holds.Single().Label, holds.Holds.Single().Name));
        Refused(Errno.EEXIST, "PFS s has a hold audit already", volume.Run("hold", Hold("s", "audit")));
        Refused(Errno.EBUSY, "PFS s is held", volume.Run("pfs-delete", Label("s")));
        Refused(Errno.ENOENT, "it has no hold other", volume.Run("release", Hold("s", "other")));
        Refused(Errno.ENOENT, "no PFS has the label none", volume.Run("holds", Label("none")));
        Done(volume.Run("release", Hold("s", "audit")));
        Done(volume.Run("pfs-delete", Label("s")));
    }

    [Fact]
    public void A_rollback_is_refused_with_its_reason()
    {
        using var volume = new AdministeredVolume();
        Done(volume.Run("snapshot", Label("s")));
        Refused(Errno.ENOENT, "no PFS has the label none", volume.Run("rollback", Rollback("none", "s")));
        Refused(Errno.ENOENT, "no PFS has the label none", volume.Run("rollback", Rollback("LOCAL", "none")));
        Refused(Errno.EINVAL, "s is not a snapshot of LOCAL", volume.Run("rollback", Rollback("LOCAL", "s")));
        Refused(Errno.EINVAL, "either a snapshot or a header", volume.Run("rollback", Label("LOCAL")));
        Refused(Errno.EINVAL, "either a snapshot or a header", volume.Run("rollback",
            RequestArguments.Of(("label", "LOCAL"), ("snapshot", "s"), ("header", 1UL))));
        Refused(Errno.EINVAL, "numbers 0 to 3", volume.Run("rollback",
            RequestArguments.Of(("label", "LOCAL"), ("header", 4UL))));
        Refused(Errno.ENOENT, "header 2 is no valid older one", volume.Run("rollback",
            RequestArguments.Of(("label", "LOCAL"), ("header", 2UL))));
        using var readOnly = new AdministeredVolume(isReadOnly: true);
        Refused(Errno.EROFS, "read-only", readOnly.Run("rollback", Rollback("LOCAL", "s")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_schedule_makes_what_is_due_once_and_deletes_the_oldest_when_space_is_short(int nodes)
    {
        using var volume = new AdministeredVolume(nodes);
        Assert.Equal(["create", "create"], Actions(volume.Run("snapshot-schedule", Policy(isDryRun: true))));
        Assert.Equal(["create", "create"], Actions(volume.Run("snapshot-schedule", Policy())));
        RequestAnswer second = volume.Run("snapshot-schedule", Policy());
        Assert.Equal(["keep", "keep"], Actions(second));
        string held = Assert.IsType<ScheduleResult>(second.Result).Snapshots[0].Label;
        Done(volume.Run("hold", Hold(held, "audit")));
        Done(volume.Run("snapshot", Label("by-hand")));
        RequestAnswer full = volume.Run("snapshot-schedule", Policy(freeMin: 99));
        Refused(Errno.ENOSPC, "no further snapshot of the schedule may be deleted", full);
        ScheduledResult last = Assert.IsType<ScheduleResult>(full.Result).Snapshots[^1];
        Assert.Equal(("delete", "less than 99 % is free"), (last.Action, last.Reason));
        var left = Assert.IsType<PfsListResult>(volume.Run("pfs-list").Result);
        Assert.Contains(left.Pfs, pfs => pfs.Label == held && pfs.Type == "AUTOSNAP");
        Assert.Contains(left.Pfs, static pfs => pfs.Label == "by-hand");
        Assert.DoesNotContain(left.Pfs, pfs => pfs.Label == last.Label);
        Refused(Errno.EINVAL, "min-free: at most 99 percent", volume.Run("snapshot-schedule", Policy(freeMin: 100)));
    }

    private static void Done(RequestAnswer answer) => Assert.True(answer.Error == Errno.None, answer.Message);

    private static void Refused(Errno error, string reason, RequestAnswer answer)
    {
        Assert.Equal(error, answer.Error);
        Assert.Contains(reason, answer.Message, StringComparison.Ordinal);
    }

    private static string[] Actions(RequestAnswer answer)
    {
        Done(answer);
        return [.. Assert.IsType<ScheduleResult>(answer.Result).Snapshots.Select(static one => one.Action)];
    }

    private static RequestArguments Label(string label) => RequestArguments.Of(("label", label));

    private static RequestArguments Hold(string label, string name) =>
        RequestArguments.Of(("label", label), ("name", name));

    private static RequestArguments Rollback(string label, string snapshot) =>
        RequestArguments.Of(("label", label), ("snapshot", snapshot));

    private static RequestArguments Policy(bool isDryRun = false, ulong freeMin = 0) => RequestArguments.Of(
        ("daily", 7UL), ("monthly", 2UL), ("dry-run", isDryRun), ("min-free", freeMin));
}
