// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;

namespace Hammer2.Tests.Fuse.Administration.Metrics;

/// <summary>Reads text of OpenMetrics 1.0 as strictly as its specification allows, for the types that are used here.
/// </summary>
internal static partial class OpenMetricsGrammar
{
    private const string End = "# EOF\n";
    private const string Label = "(?<label>[a-z_][a-z0-9_]*)=\"(?:[^\"\\\\]|\\\\[n\"\\\\])*\"";

    private static readonly Dictionary<string, string[]> s_suffixes = new(StringComparer.Ordinal)
    {
        ["gauge"] = [""],
        ["counter"] = ["_total"],
        ["histogram"] = ["_bucket", "_count", "_sum"],
        ["stateset"] = [""],
        ["info"] = ["_info"],
    };

    /// <summary>All samples, by their lines up to the value; their values.</summary>
    /// <exception cref="FormatException">The text breaks a rule.</exception>
    public static Dictionary<string, double> Read(string text)
    {
        Require(text.EndsWith("\n" + End, StringComparison.Ordinal), "does not end with", End);
        var samples = new Dictionary<string, double>(StringComparer.Ordinal);
        var families = new HashSet<string>(StringComparer.Ordinal);
        var family = new Family("", "", null, null);
        foreach (string line in text[..^(End.Length + 1)].Split('\n'))
        {
            if (MetadataPattern().Match(line) is { Success: true } about) family = Next(family, about, families, line);
            else AddSample(family, samples, line);
        }
        RequireHistograms(samples);
        return samples;
    }

    private static Family Next(Family family, Match about, HashSet<string> families, string line)
    {
        string name = about.Groups["name"].Value, value = about.Groups["text"].Value;
        switch (about.Groups["kind"].Value)
        {
            case "TYPE":
                Require(families.Add(name), "second family of that name", line);
                Require(s_suffixes.ContainsKey(value), "unknown type", line);
                return new Family(name, value, null, null);
            case "UNIT":
                Require(name == family.Name && family is { Unit: null, Help: null }, "out of place", line);
                Require(name.EndsWith("_" + value, StringComparison.Ordinal), "is not the end of the name", line);
                return family with { Unit = value };
            default:
                Require(name == family.Name && family.Help is null, "out of place", line);
                return family with { Help = value };
        }
    }

    private static void AddSample(Family family, Dictionary<string, double> samples, string line)
    {
        Match sample = SamplePattern().Match(line);
        Require(sample.Success, "neither metadata nor a sample", line);
        string sampled = sample.Groups["name"].Value;
        Require(family.Help is not null, "has no description", line);
        Require(s_suffixes[family.Type].Any(suffix => sampled == family.Name + suffix), "of another family", line);
        double value = NumberOf(sample.Groups["value"].Value);
        Require(samples.TryAdd(sample.Groups["key"].Value, value), "is there twice", line);
        string[] names = [.. sample.Groups["label"].Captures.Select(label => label.Value)];
        Require(names.Distinct().Count() == names.Length, "has a label twice", line);
        bool isBucket = sampled.EndsWith("_bucket", StringComparison.Ordinal);
        Require(names.Contains("le") == isBucket, "has a bound, or lacks it", line);
        Require(names.Contains(family.Name) == (family.Type == "stateset"), "has a state, or lacks it", line);
    }

    private static void RequireHistograms(Dictionary<string, double> samples)
    {
        foreach (IGrouping<string, KeyValuePair<string, double>> buckets in samples
            .Where(sample => sample.Key.Contains("_bucket{", StringComparison.Ordinal))
            .GroupBy(sample => BoundPattern().Replace(sample.Key, "")))
        {
            double bound = double.NegativeInfinity, below = 0;
            foreach ((string key, double value) in buckets)
            {
                double next = NumberOf(BoundPattern().Match(key).Groups["bound"].Value);
                Require(next > bound && value >= below, "does not rise", key);
                (bound, below) = (next, value);
            }
            Require(double.IsPositiveInfinity(bound), "has no last range", buckets.Key);
            Require(samples[buckets.Key.Replace("_bucket{", "_count{", StringComparison.Ordinal)] == below,
                "counts something else", buckets.Key);
            string sum = buckets.Key.Replace("_bucket{", "_sum{", StringComparison.Ordinal);
            Require(samples[sum] >= 0, "is below 0", sum);
        }
    }

    private static double NumberOf(string text) => text == "+Inf" ? double.PositiveInfinity
        : double.Parse(text, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);

    private static void Require(bool holds, string what, string line)
    {
        if (!holds) throw new FormatException($"{what}: {line}");
    }

    [GeneratedRegex("""^# (?<kind>TYPE|UNIT|HELP) (?<name>[a-z_][a-z0-9_]*) (?<text>(?:[^"\\]|\\[n"\\])+)$""")]
    private static partial Regex MetadataPattern();

    [GeneratedRegex("^(?<key>(?<name>[a-z_][a-z0-9_]*)\\{" + Label + "(?:," + Label
        + ")*\\}) (?<value>-?[0-9]+(?:\\.[0-9]+)?(?:e[+-][0-9]+)?)$")]
    private static partial Regex SamplePattern();

    [GeneratedRegex(",le=\"(?<bound>[^\"]+)\"")]
    private static partial Regex BoundPattern();

    private sealed record Family(string Name, string Type, string? Unit, string? Help);
}
