// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Linq;
using System.Text;
using Fuse.Protocol;
using Hammer2.Format;
using Hammer2.Fuse.Administration;
using Hammer2.Fuse.Administration.Metrics;
using Hammer2.Testing;
using Hammer2.Tool.Output;
using Hammer2.Vnodes;
using Linux.Text;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration.Metrics;

/// <summary>Goal: the metrics of a mount are what its requests say, in text that a strict reader accepts whatever
/// labels and devices are called, and the same through the platform's meters. Method: filesystems in memory with
/// operations; facts made by hand for what cannot be brought about there.</summary>
public sealed class MetricTests
{
    private const string Hostile = "/mnt/\"quoted\" back\\slash\nnewline\t\u202Eright\u0000<script>'";

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    public void The_text_of_any_mount_is_accepted_by_a_strict_reader(int nodes, bool isReadOnly)
    {
        using var volume = new AdministeredVolume(nodes, isReadOnly);
        if (!isReadOnly) Assert.Equal(Errno.None, volume.Vnodes.Commit());
        CountRequest(volume.Mount.Statistics, FuseOpcode.Read, FuseErrno.EIO);
        string hostile = Hostile + ByteText.Decode([0xFF, 0xC0]);
        MetricFacts facts = MetricFacts.Of(volume.Mount) with { Mount = hostile };
        Dictionary<string, double> samples = OpenMetricsGrammar.Read(TextOf(facts));
        const string label = """
            mount="/mnt/\"quoted\" back\\slash\\x0anewline\\x09\\xe2\\x80\\xaeright\\x00<script>'\\xff\\xc0"
            """;
        Assert.Equal(isReadOnly ? 1 : 0, samples[$"hammer2_read_only{{{label}}}"]);
        Assert.Equal(nodes, samples.Keys.Count(
            key => key.Contains("hammer2_node_state=\"Synced\"", StringComparison.Ordinal)));
        Assert.Equal(1, samples[$"hammer2_request_errors_total{{{label},operation=\"Read\"}}"]);
        Assert.Equal(1, samples[$"hammer2_request_duration_seconds_count{{{label},operation=\"Read\"}}"]);
        Assert.Equal(!isReadOnly, samples.ContainsKey($"hammer2_commit_failures_total{{{label}}}"));
        Assert.Equal(facts.Status.Space.TotalBytes, samples[$"hammer2_size_bytes{{{label}}}"]);
    }

    [Fact]
    public void A_strict_reader_rejects_text_that_breaks_a_rule()
    {
        using var volume = new AdministeredVolume();
        string text = TextOf(MetricFacts.Of(volume.Mount) with { Mount = "/m" });
        _ = OpenMetricsGrammar.Read(text);
        (string From, string To)[] changes =
        [
            ("# EOF\n", ""), ("hammer2_events_total{", "hammer2_events{"), (" gauge\n", " guage\n"),
            ("# UNIT hammer2_size_bytes bytes", "# UNIT hammer2_size_bytes seconds"),
            ("mount=\"/m\"", "mount=\"/m\"\""), ("# HELP hammer2_inodes", "# HELP hammer2_other"),
            ("hammer2_inodes{mount=\"/m\"} ", "hammer2_inodes{mount=\"/m\"}  "),
            ("le=\"+Inf\"", "le=\"1e9\""), ("pfs=", "mount="),
        ];
        foreach ((string from, string to) in changes)
        {
            string changed = text.Replace(from, to, StringComparison.Ordinal);
            Assert.NotEqual(text, changed);
            _ = Assert.Throws<FormatException>(() => OpenMetricsGrammar.Read(changed));
        }
    }

    [Fact]
    public void Names_tell_types_and_units()
    {
        Assert.Equal(MetricTable.Rows.Count, MetricTable.Rows.Select(row => row.Name).Distinct().Count());
        foreach (MetricRow row in MetricTable.Rows)
        {
            Assert.Matches("^hammer2_[a-z0-9]+(_[a-z0-9]+)*$", row.Name);
            Assert.DoesNotMatch("_(total|count|sum|bucket|info)$", row.Name);
            if (row.Unit.Length > 0) Assert.EndsWith("_" + row.Unit, row.Name, StringComparison.Ordinal);
            Assert.Matches("^[A-Z0-9].*[^.]$", row.Help);
        }
    }

    [Fact]
    public void Durations_are_counted_up_to_the_ends_of_their_ranges()
    {
        using var volume = new AdministeredVolume();
        MetricFacts facts = MetricFacts.Of(volume.Mount);
        // 5 below 1 us, 1 of 1 us, 1 of 2 or 3 us, 7 up to 8 us, and 2 of more than 16.8 s.
        long[] histogram = new long[FuseStatistics.RangesTotal];
        (histogram[0], histogram[1], histogram[2], histogram[3], histogram[^1]) = (5, 1, 1, 7, 2);
        StatisticsResult statistics = facts.Statistics with
        {
            Operations = [new OperationResult("Read", 16, 0, 40_000_000, histogram)],
        };
        Dictionary<string, double> samples = OpenMetricsGrammar.Read(
            TextOf(facts with { Mount = "/m", Statistics = statistics }));
        Assert.Equal(5, Bucket("1e-06"));
        Assert.Equal(7, Bucket("4e-06"));
        Assert.Equal(14, Bucket("1.6e-05"));
        Assert.Equal(14, Bucket("16.777216"));
        Assert.Equal(16, Bucket("+Inf"));
        Assert.Equal(40, samples["hammer2_request_duration_seconds_sum{mount=\"/m\",operation=\"Read\"}"]);

        double Bucket(string bound) =>
            samples[$"hammer2_request_duration_seconds_bucket{{mount=\"/m\",operation=\"Read\",le=\"{bound}\"}}"];
    }

    [Fact]
    public void Nodes_devices_and_scrubs_are_told_apart()
    {
        using var volume = new AdministeredVolume(nodes: 3);
        MetricFacts facts = MetricFacts.Of(volume.Mount) with { Mount = "/m" };
        StatusResult status = facts.Status;
        NodeResult away = status.Nodes[1] with
        {
            Name = "a\"b",
            State = "CatchingUp",
            Behind = 4,
            Resync = new ResyncResult(1, 25, 2, 4096, null),
        };
        status = status with
        {
            Nodes = [status.Nodes[0], away, status.Nodes[2]],
            Errors = [status.Errors[0] with { Reads = 3, Checks = 2 }, .. status.Errors.Skip(1)],
            Scrubs = [.. status.Scrubs.Select(scrub => scrub with { Unhealed = 9, Ended = DateTimeOffset.UnixEpoch })],
        };
        Dictionary<string, double> samples = OpenMetricsGrammar.Read(TextOf(facts with { Status = status }));
        const string Node = "{mount=\"/m\",node=\"1\",name=\"a\\\"b\"";
        Assert.Equal(1, samples["hammer2_node_state" + Node + ",hammer2_node_state=\"CatchingUp\"}"]);
        Assert.Equal(0, samples["hammer2_node_state" + Node + ",hammer2_node_state=\"Synced\"}"]);
        Assert.Equal(4, samples["hammer2_node_behind_commits" + Node + "}"]);
        Assert.Equal(0.25, samples["hammer2_node_resync_progress_ratio" + Node + "}"]);
        Assert.Equal(4096, samples["hammer2_node_resync_copied_bytes" + Node + "}"]);
        Assert.Equal(5, samples.Where(sample =>
            sample.Key.StartsWith("hammer2_device_errors_total{mount=\"/m\",node=\"0\"", StringComparison.Ordinal))
            .Sum(sample => sample.Value));
        Assert.Equal(27, samples
            .Where(sample => sample.Key.StartsWith("hammer2_scrub_unhealed_places{", StringComparison.Ordinal))
            .Sum(sample => sample.Value));
    }

    [Fact]
    public void Commits_and_caches_are_counted()
    {
        using var volume = new AdministeredVolume();
        Assert.Equal(Errno.None, volume.Vnodes.Commit());
        CommitsResult before = MetricFacts.Of(volume.Mount).Statistics.Commits!;
        Assert.Equal(Errno.None, volume.Vnodes.Create(VnodeOps.RootInum, "made"u8,
            new NewObject(ObjectType.RegularFile, UnixMode.O644), default, out _));
        Assert.Equal(Errno.None, volume.Vnodes.Commit());
        StatisticsResult statistics = MetricFacts.Of(volume.Mount).Statistics;
        Assert.Equal(before.Count + 1, statistics.Commits!.Count);
        Assert.Equal(statistics.Commits.Count, statistics.Commits.Histogram.Sum());
        Assert.Equal(0, statistics.Commits.Failed);
        Assert.Equal(["metadata", "data"], statistics.Caches.Select(cache => cache.Name));
        Assert.True(statistics.Caches[0].Hits > 0);
        Assert.InRange(statistics.Caches[0].HeldBytes, 1, statistics.Caches[0].MaxBytes);
    }

    [Fact]
    public void The_older_format_has_the_same_values_and_only_its_own_types()
    {
        using var volume = new AdministeredVolume(nodes: 3);
        CountRequest(volume.Mount.Statistics, FuseOpcode.Write, FuseErrno.None);
        string text = TextOf(MetricFacts.Of(volume.Mount) with { Mount = Hostile });
        string older = PrometheusText.OfOpenMetrics(text);
        Assert.Equal(text.Split('\n').Where(IsSample), older.Split('\n').Where(IsSample));
        string[] types = [.. older.Split('\n').Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal))];
        Assert.Equal(["counter", "gauge", "histogram"], types.Select(line => line.Split(' ')[3]).Distinct().Order());
        Assert.Contains("# TYPE hammer2_events_total counter", types);
        Assert.Contains("# TYPE hammer2_mount_info gauge", types);
        Assert.DoesNotContain("# UNIT", older, StringComparison.Ordinal);
        Assert.DoesNotContain("# EOF", older, StringComparison.Ordinal);

        static bool IsSample(string line) => line.Length > 0 && line[0] != '#';
    }

    [Fact]
    public void Meters_have_the_values_of_the_table_while_the_mount_lives()
    {
        using var volume = new AdministeredVolume(nodes: 3);
        CountRequest(volume.Mount.Statistics, FuseOpcode.Read, FuseErrno.None);
        MetricFacts facts = MetricFacts.Of(volume.Mount);
        string mount = "/meter-" + Guid.NewGuid().ToString("N");
        var measured = new Dictionary<string, double>(StringComparer.Ordinal);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            bool isOurs = instrument.Meter.Name == MountMeter.Name
                && instrument.Meter.Tags?.Any(tag => mount.Equals(tag.Value)) == true;
            if (isOurs) listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
            measured[instrument.Name + "|" + string.Join('|', tags.ToArray().Select(tag => tag.Value))] = value);
        listener.Start();
        var time = new SteppedTime();
        int readTotal = 0;
        using (new MountMeter(mount, Read, MetricTable.Rows, time))
        {
            listener.RecordObservableInstruments();
            Assert.Equal(1, readTotal);
            time.Advance(TimeSpan.FromSeconds(1));
            listener.RecordObservableInstruments();
            Assert.Equal(2, readTotal);
        }
        Assert.Equal(1, measured["hammer2_request_duration_seconds_count|Read"]);
        Assert.Equal(facts.Status.Space.FreeBytes, measured["hammer2_free_bytes|"]);
        Assert.Equal(3, measured.Count(one => one.Value == 1
            && one.Key.StartsWith("hammer2_node_state|", StringComparison.Ordinal)));
        int expected = MetricTable.Rows.SelectMany(row => row.Read(facts).Select(sample => row.Type switch
        {
            MetricType.Histogram => 2,
            MetricType.StateSet => sample.States.Count,
            _ => 1,
        })).Sum();
        Assert.Equal(expected, measured.Count);
        measured.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(measured);

        MetricFacts Read()
        {
            readTotal++;
            return facts;
        }
    }

    private static string TextOf(MetricFacts facts) =>
        Encoding.UTF8.GetString(OpenMetricsText.Encode(facts, MetricTable.Rows));

    private static void CountRequest(FuseStatistics statistics, FuseOpcode opcode, int error) =>
        statistics.End(0, opcode, error, statistics.Begin());
}
