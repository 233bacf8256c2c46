// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Hammer2.Tool.Mounts;
using Linux.Text;

namespace Hammer2.Tool.Output;

/// <summary>What 'hammer2 top' shows of a mount, as lines.</summary>
/// <param name="path">The mount, as the user wrote it.</param>
/// <param name="unit">The unit of sizes.</param>
/// <param name="order">The order of operations, of <see cref="TopOrder"/>.</param>
internal sealed class TopScreen(string path, ByteUnit unit, string order)
{
    private const double Median = 0.5;
    private const double NinetyNine = 0.99;
    private const double MicrosecondsPerPercent = 1e4;
    private const string Synced = "Synced";

    /// <summary>The lines, none longer than the screen is wide, and as many operations as it has lines for.</summary>
    /// <param name="status">The state of the mount.</param>
    /// <param name="changes">What was counted in the last interval.</param>
    /// <param name="width">Columns of the screen.</param>
    /// <param name="height">Lines of the screen.</param>
    public IReadOnlyList<string> Lines(MountStatus status, MountSample changes, int width, int height)
    {
        double seconds = Math.Max(changes.ElapsedSeconds, 0.001);
        List<string> lines = [.. Head(status, changes, seconds), ""];
        lines.Add("OPERATION        PER SECOND  ERRORS/S      MEAN      HALF   99 OF 100    TIME %");
        int room = Math.Max(1, height - lines.Count);
        IReadOnlyList<OperationCount> operations = TopOrder.Sort(changes.Operations, order);
        bool isCut = operations.Count > room;
        lines.AddRange(operations.Take(isCut ? room - 1 : room).Select(one => LineOf(one, seconds)));
        if (isCut) lines.Add($"({operations.Count - room + 1} more)");
        return [.. lines.Select(line => Cut(ByteText.ToPrintable(line), width))];
    }

    /// <summary>A number for each second.</summary>
    public static string PerSecond(long count, double seconds) =>
        (count / seconds).ToString(count / seconds < 10 ? "F1" : "F0", CultureInfo.InvariantCulture);

    private IEnumerable<string> Head(MountStatus status, MountSample changes, double seconds)
    {
        string mode = status.IsReadOnly ? ", read-only" : "";
        yield return Invariant($"{path}  PFS {status.Label}  {status.Health}{mode}  in the last {seconds:F1} s");
        foreach (string reason in status.Reasons) yield return "          " + reason;
        string queues = changes.Queues == 0 ? "/dev/fuse" : Invariant($"{changes.Transport}, {changes.Queues} queues");
        string stalled = changes.StalledRequests == 0 ? "" : Invariant($", {changes.StalledRequests} wait for nodes");
        yield return Invariant($"requests  {PerSecond(changes.Operations.Sum(one => one.Count), seconds)} per second, ")
            + $"{PerSecond(changes.Operations.Sum(one => one.Errors), seconds)} with an error, by {queues}{stalled}";
        if (changes.Commits is { } commits)
        {
            string mean = commits.Count == 0 ? "" : $", mean {DurationText.Format(commits.MeanMicroseconds)}";
            string failed = commits.Failed == 0 ? "" : Invariant($", {commits.Failed} failed");
            yield return $"commits   {PerSecond(commits.Count, seconds)} per second{mean}{failed}; "
                + $"not written {Bytes(status.UnwrittenBytes)}, not committed {Bytes(status.UncommittedBytes)}";
        }
        yield return $"space     {Bytes(status.TotalBytes)}, free {Bytes(status.FreeBytes)}, "
            + $"live {Bytes(status.LiveBytes)}, snapshots and others {Bytes(status.OtherBytes)}";
        yield return "caches    " + string.Join("; ", changes.Caches.Select(cache =>
            $"{cache.Name} {Bytes(cache.HeldBytes)} of {Bytes(cache.MaxBytes)}"
            + (cache.HitPercent is { } hits ? Invariant($", {hits} % hits") : "")))
            + $"; process {Bytes(changes.ResidentBytes)}";
        int synced = status.Nodes.Count(node => node.State == Synced);
        yield return Invariant($"nodes     {synced} of {status.Nodes.Count} synced");
        foreach (MountStatus.Node node in status.Nodes.Where(node => node.State != Synced))
        {
            string percent = node.Percent is { } done ? Invariant($" {done:F0} %") : "";
            string behind = node.Behind is { } commitsBehind ? Invariant($", {commitsBehind} commits behind") : "";
            yield return $"          {node.Name}: {node.State}{percent}{behind}";
        }
        foreach (MountStatus.Job job in status.Jobs)
            yield return Invariant($"running   {job.Request}, {job.ElapsedSeconds} s, {job.Progress}");
    }

    private static string LineOf(OperationCount one, double seconds) => Invariant($"{one.Name,-16} ")
        + Invariant($"{PerSecond(one.Count, seconds),10} {PerSecond(one.Errors, seconds),9} ")
        + Invariant($"{DurationText.Format(one.MeanMicroseconds),9} ")
        + Invariant($"{DurationText.Format(one.Percentile(Median)),9} {DurationText.Format(one.Percentile(NinetyNine)),11} ")
        + Invariant($"{one.TotalMicroseconds / seconds / MicrosecondsPerPercent,9:F1}");

    private string Bytes(ulong bytes) => ByteUnits.Format(bytes, unit);

    // Characters that are two columns wide are counted as one: the terminal cuts such a line.
    private static string Cut(string line, int width)
    {
        if (line.Length <= width) return line;
        var cut = new StringBuilder();
        foreach (Rune rune in line.EnumerateRunes())
        {
            if (cut.Length + rune.Utf16SequenceLength > width - 1) break;
            _ = cut.Append(rune.ToString());
        }
        return cut.Append('~').ToString();
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
