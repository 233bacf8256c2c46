// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;

namespace Hammer2.Tool.Output;

/// <summary>Turns text of OpenMetrics into the older text format of Prometheus, which knows fewer types: a program that
/// reads it rejects a file with others.</summary>
internal static class PrometheusText
{
    private const string Comment = "# ";

    /// <summary>The same values. A set of states and an info become gauges; units and the mark of the end are left
    /// out.</summary>
    /// <param name="text">Lines of OpenMetrics, in which the type of a metric comes first.</param>
    public static string OfOpenMetrics(string text)
    {
        var result = new StringBuilder(text.Length);
        string suffix = "";
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ', 4);
            bool isAbout = line.StartsWith(Comment, StringComparison.Ordinal) && words.Length == 4;
            if (!isAbout)
            {
                if (line[0] != '#') _ = result.Append(line).Append('\n');
                continue;
            }
            if (words[1] == "TYPE") suffix = SuffixOf(words[3]);
            if (words[1] is not ("TYPE" or "HELP")) continue;
            string rest = words[1] == "TYPE" ? TypeOf(words[3]) : words[3].Replace("\\\"", "\"", StringComparison.Ordinal);
            _ = result.AppendJoin(' ', new List<string> { "#", words[1], words[2] + suffix, rest }).Append('\n');
        }
        return result.ToString();
    }

    // Of samples; there the name of a metric is that of its samples.
    private static string SuffixOf(string type) => type switch
    {
        "counter" => "_total",
        "info" => "_info",
        _ => "",
    };

    private static string TypeOf(string type) => type is "stateset" or "info" ? "gauge" : type;
}
