// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Html;

/// <summary>The parts of the page about what happened: requests and events of a mount, errors and scrubs of
/// devices.</summary>
internal static class HistorySection
{
    private const int EventsMax = 200;
    private const double Median = 0.5;
    private const double NinetyNine = 0.99;

    /// <summary>Writes the requests that a mount has served.</summary>
    public static void WriteRequests(Report report, MountSample sample)
    {
        var elapsed = TimeSpan.FromSeconds(Math.Floor(sample.ElapsedSeconds));
        report.Value("elapsed", "mounted for", Cell.Text(elapsed.ToString("c")));
        report.BeginTable("operations", new Column("name", "OPERATION"), new Column("count", "REQUESTS"),
            new Column("errors", "ERRORS"), new Column("meanMicroseconds", "MEAN us"),
            new Column("p50Microseconds", "HALF us"), new Column("p99Microseconds", "99% us"));
        foreach (OperationCount one in sample.Operations)
        {
            report.Row(Cell.Text(one.Name), Cell.Number(one.Count), Cell.Number(one.Errors),
                Cell.Number(one.MeanMicroseconds), Cell.Number(one.Percentile(Median)),
                Cell.Number(one.Percentile(NinetyNine)));
        }
        report.EndTable();
    }

    /// <summary>Writes the newest events of a mount.</summary>
    public static void WriteEvents(HtmlReport page, LineFile events)
    {
        var newest = new Queue<EventText>();
        while (events.Next() is { } line)
        {
            if (newest.Count == EventsMax) _ = newest.Dequeue();
            newest.Enqueue(EventText.Parse(line));
        }
        page.BeginTable("events", new Column("time", "WHEN"), new Column("level", "LEVEL"),
            new Column("source", "SOURCE"), new Column("message", "MESSAGE"));
        foreach (EventText one in newest)
        {
            page.Row(Cell.Time((ulong)one.Time.ToUnixTimeMilliseconds() * 1000), Cell.Text(one.Level),
                Cell.Text(one.Source), Cell.Text(one.Message));
        }
        page.EndTable();
    }

    /// <summary>Writes what the volumes keep of errors and of the last scrub.</summary>
    public static void WriteUpkeep(Report report, VolumeSet volumes)
    {
        UpkeepRecord record = UpkeepRecords.Read(volumes.Volumes[0].Device, volumes.FilesystemId);
        ref readonly UpkeepFields fields = ref record.Fields;
        report.Value("scrub", "last scrub", Cell.Text(fields.State.ToString()));
        if (fields.State != ScrubState.None)
        {
            report.Value("scrubChecked", "read by it", Cell.Bytes(fields.CheckedBytes));
            report.Value("scrubFaults", "damaged blocks", Cell.Number(fields.Faults));
            report.Value("scrubUnhealed", "not healed", Cell.Number(fields.Unhealed));
        }
        report.BeginTable("deviceErrors", new Column("volume", "VOLUME"), new Column("reads", "READ"),
            new Column("writes", "WRITE"), new Column("flushes", "FLUSH"), new Column("checks", "CHECK"),
            new Column("healed", "HEALED"), new Column("device", "DEVICE"));
        foreach (Volume volume in volumes.Volumes)
        {
            DeviceErrorCounts errors = record.Errors[volume.Index];
            report.Row(Cell.Number(volume.Index), Count(errors.Reads), Count(errors.Writes), Count(errors.Flushes),
                Count(errors.Checks), Count(errors.Healed), Cell.Text(volume.Device.Name));
        }
        report.EndTable();
    }

    // From media.
    private static Cell Count(long count) => Cell.Number((ulong)Math.Max(0, count));
}
