// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Linq;

namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>Offers the metrics of a mount to listeners in this process, by the platform's own interface: a meter
/// <c>Hammer2.Fuse</c> for each mount.</summary>
/// <remarks>Nothing is read while nothing listens. Of a histogram the platform observes new values alone: its count and
/// its sum are counters here. A set of states is a gauge, 1 for the state that holds.</remarks>
internal sealed class MountMeter : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "Hammer2.Fuse";

    // A listener reads all instruments one after the other.
    private static readonly TimeSpan s_freshness = TimeSpan.FromMilliseconds(250);

    private readonly Meter _meter;
    private readonly Func<MetricFacts> _read;
    private readonly TimeProvider _time;
    private volatile Reading? _last;

    /// <summary>Offers all metrics.</summary>
    /// <param name="mount">The mount point, a tag of all that is measured.</param>
    /// <param name="read">What is so now; not called again for instruments that are read within 250 ms.</param>
    /// <param name="rows">The metrics.</param>
    /// <param name="time">Clock.</param>
    public MountMeter(string mount, Func<MetricFacts> read, IReadOnlyList<MetricRow> rows, TimeProvider time)
    {
        _read = read;
        _time = time;
        _meter = new Meter(Name, version: null, [new("mount", mount)]);
        foreach (MetricRow row in rows) Add(row);
    }

    /// <summary>Ends its instruments.</summary>
    public void Dispose() => _meter.Dispose();

    private void Add(MetricRow row)
    {
        switch (row.Type)
        {
            case MetricType.Counter:
                _ = _meter.CreateObservableCounter(row.Name, () => Read(row, Plain), row.Unit, row.Help);
                break;
            case MetricType.Histogram:
                _ = _meter.CreateObservableCounter(row.Name + "_count", () => Read(row, Count), "", row.Help);
                _ = _meter.CreateObservableCounter(row.Name + "_sum", () => Read(row, Plain), row.Unit, row.Help);
                break;
            case MetricType.StateSet:
                _ = _meter.CreateObservableGauge(
                    row.Name, () => Read(row, sample => StatesOf(row, sample)), row.Unit, row.Help);
                break;
            default:
                _ = _meter.CreateObservableGauge(row.Name, () => Read(row, Plain), row.Unit, row.Help);
                break;
        }
    }

    private IEnumerable<Measurement<double>> Read(
        MetricRow row, Func<MetricSample, IEnumerable<Measurement<double>>> measure) =>
        row.Read(ReadFacts()).SelectMany(measure);

    private MetricFacts ReadFacts()
    {
        long now = _time.GetTimestamp();
        if (_last is { } last && _time.GetElapsedTime(last.Time, now) < s_freshness) return last.Facts;
        MetricFacts facts = _read();
        _last = new Reading(facts, now);
        return facts;
    }

    private static IEnumerable<Measurement<double>> Plain(MetricSample sample) =>
        [new(sample.Value, TagsOf(sample.Labels))];

    private static IEnumerable<Measurement<double>> Count(MetricSample sample) =>
        [new(sample.Count, TagsOf(sample.Labels))];

    private static IEnumerable<Measurement<double>> StatesOf(MetricRow row, MetricSample sample) =>
        sample.States.Select((state, index) => new Measurement<double>(
            index == (int)sample.Value ? 1 : 0, TagsOf([.. sample.Labels, new(row.Name, state)])));

    private static IEnumerable<KeyValuePair<string, object?>> TagsOf(IReadOnlyList<MetricLabel> labels) =>
        labels.Select(static label => new KeyValuePair<string, object?>(label.Name, label.Value));

    private sealed record Reading(MetricFacts Facts, long Time);
}
