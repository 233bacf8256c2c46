// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Text;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>Goal: the metrics of a real mount are accepted by the parsers of the Prometheus project. Method: its client
/// library for Python, which has one of OpenMetrics and one of the older text format.</summary>
public sealed class MetricsMountTests
{
    private const string Script = """
        import sys
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
        from prometheus_client.parser import text_string_to_metric_families as prometheus
        families = [list(parse(open(path, encoding='utf-8', newline='').read()))
                    for parse, path in ((openmetrics, sys.argv[1]), (prometheus, sys.argv[2]))]
        values = [{(s.name, tuple(sorted(s.labels.items()))) for f in one for s in f.samples} for one in families]
        assert values[0] and values[0] <= values[1], values[0] - values[1]
        info = next(s for f in families[0] for s in f.samples if s.name == 'hammer2_mount_info')
        assert info.labels['mount'] == sys.argv[3], info.labels
        print(len(values[0]))
        """;

    [PrometheusFact]
    public void Parsers_of_Prometheus_accept_the_metrics_of_a_mount()
    {
        using var image = new PfsImage("256m", "A \"quoted\" \\ label");
        string target = Directory.CreateTempSubdirectory("hammer2-\"quoted\" \\ ").FullName;
        Assert.Equal(0, HammerProgram.Run("mount", image.Path + "@A \"quoted\" \\ label", target).ExitCode);
        using MountFixture live = MountFixture.Adopt(target);
        File.WriteAllText(live.Root + "/file", "content");
        Assert.Equal(0, HammerProgram.RunAny("sync", live.Root + "/file").ExitCode);
        ProgramResult printed = HammerProgram.Run("metrics", live.Root);
        Assert.True(printed.ExitCode == 0, printed.Error);
        string openMetrics = image.Path + ".txt", prometheus = image.Path + ".prom", script = image.Path + ".py";
        try
        {
            File.WriteAllText(openMetrics, printed.Output, new UTF8Encoding(false));
            File.WriteAllText(script, Script);
            string untouched = File.ReadAllText(live.Root + "/.hammer2/metrics");
            Assert.EndsWith("# EOF\n", untouched, StringComparison.Ordinal);
            Assert.Contains("hammer2_commit_duration_seconds_count", untouched, StringComparison.Ordinal);
            // The requests of the first reading are counted in the second one, which may have more operations.
            ProgramResult written = HammerProgram.Run("metrics", live.Root, "--output", prometheus);
            Assert.True(written.ExitCode == 0, written.Error);
            ProgramResult accepted = HammerProgram.RunAny(
                "/usr/bin/python3", script, openMetrics, prometheus, live.Root);
            Assert.True(accepted.ExitCode == 0, accepted.Error);
        }
        finally
        {
            File.Delete(openMetrics);
            File.Delete(prometheus);
            File.Delete(script);
        }
    }

    [MountFact]
    public void A_file_of_metrics_stays_when_the_mount_is_gone()
    {
        using var image = new PfsImage("256m", "A");
        string file = image.Path + ".prom";
        try
        {
            string target;
            using (MountFixture live = MountFixture.Mount(image.Path + "@A"))
            {
                target = live.Root;
                Assert.Equal(0, HammerProgram.Run("metrics", target, "-o", file).ExitCode);
            }
            string before = File.ReadAllText(file);
            Assert.Contains("hammer2_read_only{mount=\"" + target + "\"} 1\n", before, StringComparison.Ordinal);
            Assert.Equal(3, HammerProgram.Run("metrics", target, "-o", file).ExitCode);
            Assert.Equal(before, File.ReadAllText(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>A test that mounts, and needs the parsers.</summary>
    private sealed class PrometheusFactAttribute : FactAttribute
    {
        public PrometheusFactAttribute([System.Runtime.CompilerServices.CallerFilePath] string? file = null,
            [System.Runtime.CompilerServices.CallerLineNumber] int line = -1)
            : base(file, line) => Skip = MountConditions.WhyNot
            ?? (Directory.Exists("/usr/lib/python3/dist-packages/prometheus_client") ? null
                : "there is no Python library of Prometheus (Debian's python3-prometheus-client)");
    }
}
