// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Cluster.SnapshotSchedules;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Cluster.SnapshotSchedules;

/// <summary>Goal: of each class there is a snapshot of each period in which the schedule ran, the newest ones stay, and
/// nothing is deleted that the schedule did not make or that is held. Method: cases by hand, and drawn lists.</summary>
public sealed class SnapshotPlanTests
{
    private static readonly MediaUuid Origin = MediaUuid.From(new Guid("11111111-2222-4333-8444-555555555555"));
    private static readonly ScheduledPfs Home = new("home"u8.ToArray(), Origin);
    private static readonly TimeZoneInfo Zone =
        TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(1), "", "");
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 3, 30, 0, TimeSpan.FromHours(1));   // a Saturday

    [Fact]
    public void A_first_run_makes_one_of_each_class_and_a_second_none()
    {
        SnapshotPolicy policy = Policy("hourly=2", "daily=2", "weekly=2", "monthly=2");
        IReadOnlyList<PlannedSnapshot> first = SnapshotPlan.Make(Home, Now, Zone, [], policy);
        Assert.Equal(
            [
                "home.hourly.20261128.033000", "home.daily.20261128.033000", "home.weekly.20261128.033000",
                "home.monthly.20261128.033000",
            ], first.Select(static one => one.Label));
        Assert.All(first, static one => Assert.Equal(SnapshotAction.Create, one.Action));
        List<SnapshotFacts> made = [.. first.Select(static one => Own(one.Label, Now))];
        Assert.All(SnapshotPlan.Make(Home, Now.AddMinutes(29), Zone, made, policy),
            static one => Assert.Equal(SnapshotAction.Keep, one.Action));
        IReadOnlyList<PlannedSnapshot> later = SnapshotPlan.Make(Home, Now.AddMinutes(30), Zone, made, policy);
        Assert.Equal("home.hourly.20261128.040000",
            Assert.Single(later, static one => one.Action == SnapshotAction.Create).Label);
    }

    [Theory]
    [InlineData("weekly=1", 2, 7, 0)]                // Monday
    [InlineData("weekly=1", 1, 23, 59)]
    [InlineData("monthly=1", 3, 0, 0)]
    [InlineData("daily=1", 1, 0, 0)]
    public void A_period_begins_in_local_time(string policy, int days, int hours, int minutes)
    {
        DateTimeOffset later = new DateTimeOffset(Now.Date, Now.Offset)
            .AddDays(days).AddHours(hours).AddMinutes(minutes);
        string kind = policy[..policy.IndexOf('=', StringComparison.Ordinal)];
        var made = new List<SnapshotFacts> { Own($"home.{kind}.20261128.033000", Now) };
        bool isDue = SnapshotPlan.Make(Home, later, Zone, made, Policy(policy))
            .Any(static one => one.Action == SnapshotAction.Create);
        Assert.Equal(policy != "weekly=1" || days == 2, isDue);
    }

    [Fact]
    public void What_is_held_or_mounted_or_not_its_own_stays()
    {
        List<SnapshotFacts> list =
        [
            Own("home.daily.20261127.030000", Now.AddDays(-1)),
            Own("home.daily.20261126.030000", Now.AddDays(-2)),
            Own("home.daily.20261125.030000", Now.AddDays(-3)) with { IsHeld = true },
            Own("home.daily.20261124.030000", Now.AddDays(-4)) with { IsUsed = true },
            Own("home.daily.20261123.030000", Now.AddDays(-5)) with { Subtype = PfsSubtype.Snapshot },
            Own("home.daily.20261122.030000", Now.AddDays(-6)) with { OriginId = default },
            Own("other.daily.20261122.030000", Now.AddDays(-6)) with { OriginId = default },
            Own("home.weekly.20261101.030000", Now.AddDays(-27)),
            Own("home.daily.not-a-date.030000", Now.AddDays(-7)),
            Own("home.20261122.030000", Now.AddDays(-6)),
        ];
        IReadOnlyList<PlannedSnapshot> plan = SnapshotPlan.Make(Home, Now, Zone, list, Policy("daily=2"));
        Assert.Equal(["home.daily.20261126.030000"], Labels(plan, SnapshotAction.Delete));
        Assert.Equal(["home.daily.20261128.033000"], Labels(plan, SnapshotAction.Create));
        Assert.Equal(8, plan.Count);
        Assert.Equal("it is held", Reason(plan, "home.daily.20261125.030000"));
        Assert.Equal("it is mounted", Reason(plan, "home.daily.20261124.030000"));
        Assert.Equal("this schedule did not make it", Reason(plan, "home.daily.20261123.030000"));
        Assert.Equal("the policy does not name its class", Reason(plan, "home.weekly.20261101.030000"));
        Assert.Equal("2 of 2", Reason(plan, "home.daily.20261127.030000"));
        Assert.Equal("home.weekly.20261101.030000", SnapshotPlan.OldestDeletable(Home, Zone, list)!.Label);
    }

    [Theory]
    [InlineData("home.daily.20261128.03:01")]
    [InlineData("/home.daily.20261128.03:01")]
    public void A_snapshot_of_DragonFly_counts_for_its_period_and_is_not_deleted(string label)
    {
        List<SnapshotFacts> list = [new(label, PfsSubtype.Snapshot, default, null, false, false)];
        PlannedSnapshot one = Assert.Single(SnapshotPlan.Make(Home, Now, Zone, list, Policy("daily=0")));
        Assert.Equal(SnapshotAction.Keep, one.Action);
        Assert.DoesNotContain(SnapshotPlan.Make(Home, Now, Zone, list, Policy("daily=1")),
            static one => one.Action == SnapshotAction.Create);
        Assert.Null(SnapshotPlan.OldestDeletable(Home, Zone, list));
    }

    [Fact]
    public void A_clock_that_was_set_back_makes_no_second_snapshot()
    {
        List<SnapshotFacts> list = [Own("home.hourly.20261128.050000", Now.AddMinutes(90))];
        Assert.DoesNotContain(SnapshotPlan.Make(Home, Now, Zone, list, Policy("hourly=1")),
            static one => one.Action == SnapshotAction.Create);
    }

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(20));

    [Theory, MemberData(nameof(Seeds))]
    public void Runs_at_drawn_times_keep_the_newest_of_each_class(ulong seed)
    {
        var random = new SeededRandom(seed);
        int[] counts = [random.Below(5), random.Below(5), random.Below(4), random.Below(3)];
        SnapshotPolicy policy = Policy([.. SnapshotClasses.All.Select((kind, i) => string.Create(
            CultureInfo.InvariantCulture, $"{SnapshotClasses.NameOf(kind)}={counts[i]}"))]);
        var list = new List<SnapshotFacts>();
        DateTimeOffset now = Now;
        for (int run = 0; run < 200; run++)
        {
            now = now.AddMinutes(random.Below(random.OneIn(8) ? 20_000 : 100));
            foreach (PlannedSnapshot one in SnapshotPlan.Make(Home, now, Zone, list, policy))
            {
                if (one.Action == SnapshotAction.Create)
                    list.Add(Own(one.Label, now) with { IsHeld = random.OneIn(9) });
                if (one.Action != SnapshotAction.Delete) continue;
                SnapshotFacts deleted = list.Single(facts => facts.Label == one.Label);
                Assert.False(deleted.IsHeld, $"seed {seed}: {one}");
                _ = list.Remove(deleted);
            }
            foreach (SnapshotClass kind in SnapshotClasses.All)
            {
                List<SnapshotFacts> left = list.FindAll(facts => ScheduledLabel.Parse(facts.Label)!.Kind == kind);
                int count = counts[(int)kind];
                Assert.True(left.Count(static facts => !facts.IsHeld) <= count, $"seed {seed}, run {run}");
                if (count > 0) Assert.Contains(left, facts => IsSamePeriod(kind, facts.Made!.Value, now));
                Assert.Equal(left.Count,
                    left.Select(facts => SnapshotClasses.PeriodOf(kind, facts.Made!.Value)).Distinct().Count());
            }
        }
    }

    [Theory]
    [InlineData("daily", false)]
    [InlineData("yearly=1", false)]
    [InlineData("daily=x", false)]
    [InlineData("daily=-1", false)]
    [InlineData("daily=10001", false)]
    [InlineData("daily=0", true)]
    public void A_policy_is_checked(string text, bool isValid) =>
        Assert.Equal(isValid, new SnapshotPolicy().TryAdd(text) is null);

    private static bool IsSamePeriod(SnapshotClass kind, DateTimeOffset left, DateTimeOffset right) =>
        SnapshotClasses.PeriodOf(kind, left) == SnapshotClasses.PeriodOf(kind, right);

    private static SnapshotFacts Own(string label, DateTimeOffset made) =>
        new(label, PfsSubtype.AutoSnapshot, Origin, made, IsHeld: false, IsUsed: false);

    private static SnapshotPolicy Policy(params string[] texts)
    {
        var policy = new SnapshotPolicy();
        foreach (string text in texts) Assert.Null(policy.TryAdd(text));
        return policy;
    }

    private static IEnumerable<string> Labels(IEnumerable<PlannedSnapshot> plan, SnapshotAction action) =>
        plan.Where(one => one.Action == action).Select(static one => one.Label);

    private static string Reason(IEnumerable<PlannedSnapshot> plan, string label) =>
        plan.Single(one => one.Label == label).Reason;
}
