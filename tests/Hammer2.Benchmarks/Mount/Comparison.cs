// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;

namespace Hammer2.Benchmarks.Mount;

/// <summary>The medians of one workload on one contender: latencies in microseconds, <c>Runs</c> is how many
/// runs they are of, <c>IsQuiet</c> tells that all of these runs were undisturbed.</summary>
internal readonly record struct Cell(double Figure, double Median50, double Tail99, double CpuSeconds,
    double PeakMiB, int Runs, bool IsQuiet)
{
    /// <summary>True when at least one run gave a figure.</summary>
    internal bool HasFigure => Runs > 0;
}

/// <summary>All measurements, and what they come to.</summary>
internal sealed class Comparison(IReadOnlyList<Contender> contenders, IReadOnlyList<Workload> workloads)
{
    /// <summary>Name of the workload that does nothing but mount.</summary>
    internal const string MountRow = "mount";

    private readonly List<Measurement> _measurements = [];

    /// <summary>
    /// Those compared, in the order of the columns; the last is what the others are compared with.
    /// </summary>
    internal IReadOnlyList<Contender> Contenders => contenders;

    /// <summary>The rows.</summary>
    internal IReadOnlyList<Workload> Workloads => workloads;

    /// <summary>Everything measured, in order of time.</summary>
    internal IReadOnlyList<Measurement> Measurements => _measurements;

    /// <summary>Adds a run; answers why it cannot be right, or null.</summary>
    internal string? Add(Measurement measurement)
    {
        string? disagreement = null;
        foreach (Measurement other in _measurements)
        {
            if (measurement.Error is not null || other.Error is not null) continue;
            if (other.Workload != measurement.Workload) continue;
            if (other.Outcome.Witness == measurement.Outcome.Witness) continue;
            disagreement = $"{measurement.Contender} saw {measurement.Outcome.Witness} where "
                + $"{other.Contender} saw {other.Outcome.Witness}";
        }
        if (disagreement is not null) measurement = measurement with { Error = disagreement };
        _measurements.Add(measurement);
        return measurement.Error;
    }

    /// <summary>
    /// Medians over the undisturbed runs if there are at least three of them, else over all: on a busy
    /// machine alternation, not choice, keeps the comparison fair. Every run mounts: how long that took is the median
    /// of all of them.
    /// </summary>
    internal Cell CellOf(string contender, string workload)
    {
        Cell cell = CellOfRow(contender, workload);
        if (workload != MountRow) return cell;
        List<Measurement> mounts = _measurements.FindAll(m => m.Contender == contender && m.Error is null);
        return cell with { Figure = Median(mounts, m => m.MountMilliseconds), Runs = mounts.Count };
    }

    private Cell CellOfRow(string contender, string workload)
    {
        List<Measurement> all = [];
        List<Measurement> quiet = [];
        double peak = 0;
        foreach (Measurement measurement in _measurements)
        {
            if (measurement.Contender != contender || measurement.Workload != workload) continue;
            if (measurement.Error is not null) continue;
            all.Add(measurement);
            peak = Math.Max(peak, measurement.DaemonPeakMiB);
            if (measurement.ForeignShare < Measurement.Disturbed) quiet.Add(measurement);
        }
        bool isQuiet = quiet.Count >= Math.Min(3, Math.Max(all.Count, 1));
        List<Measurement> chosen = isQuiet ? quiet : all;
        return new Cell(Median(chosen, m => m.Outcome.Figure), Median(chosen, m => m.Outcome.Median50),
            Median(chosen, m => m.Outcome.Tail99), Median(chosen, m => m.DaemonCpuSeconds), peak,
            chosen.Count, isQuiet);
    }

    /// <summary>
    /// How many times as fast as the last contender, or 0 where one of the two has no figure.
    /// </summary>
    internal double Speedup(Workload workload, string contender)
    {
        Cell mine = CellOf(contender, workload.Name);
        Cell theirs = CellOf(contenders[^1].Name, workload.Name);
        if (!mine.HasFigure || !theirs.HasFigure) return 0;
        return workload.IsRate ? mine.Figure / theirs.Figure : theirs.Figure / mine.Figure;
    }

    private static double Median(List<Measurement> measurements, Func<Measurement, double> figure)
    {
        if (measurements.Count == 0) return 0;
        double[] figures = new double[measurements.Count];
        for (int i = 0; i < figures.Length; i++) figures[i] = figure(measurements[i]);
        Array.Sort(figures);
        int middle = figures.Length / 2;
        return figures.Length % 2 == 1 ? figures[middle] : (figures[middle - 1] + figures[middle]) / 2;
    }
}
