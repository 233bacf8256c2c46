// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the metrics of a mount, or writes them to a file for a collector.</summary>
internal static class MetricsCommand
{
    private const string OpenMetrics = "openmetrics";
    private const string Prometheus = "prometheus";

    private static readonly ArgumentRow Mount = new("MOUNT", "a directory in a mount") { Completes = Completion.Directory };

    private static readonly OptionRow Output = new("--output", "write to this file, whole or not at all")
    {
        Short = "-o",
        ValueName = "FILE",
        Completes = Completion.File,
    };

    private static readonly OptionRow Format =
        new("--format", "openmetrics, or prometheus for its older text format (default for --output)")
        {
            ValueName = "FORMAT",
            Choices = [OpenMetrics, Prometheus],
        };

    public static readonly CommandRow Row = new("metrics", "print the metrics of a mount", Run)
    {
        Group = CommandGroup.Mounting,
        HasJson = false,
        Description = """
            Prints what .hammer2/metrics of the mount has: durations and errors of requests, space, caches, commits, states
            of nodes, errors of devices and scrubs, as text of OpenMetrics 1.0. Each value is labelled with the mount.

            With --output the file is replaced as a whole by a rename, so that a reader sees all of it, and has the text
            format of Prometheus by default, which node_exporter's collector of text files takes; it rejects files of
            OpenMetrics. A mount that does not answer or is gone leaves the file as it was: its age tells.
            For the user that mounted it, and root where it may enter the mount.
            """,
        Arguments = [Mount],
        Options = [Output, Format],
        Examples =
        [
            new("hammer2 metrics /mnt", "print them"),
            new("hammer2 metrics /mnt -o /var/lib/prometheus/node-exporter/hammer2.prom", "for node_exporter, run by a timer"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string? output = invocation.Text(Output);
        string format = invocation.Text(Format) ?? (output is null ? OpenMetrics : Prometheus);
        (byte[] content, _) = VirtualFile.Read(invocation.Text(Mount), "metrics");
        if (format == Prometheus) content = ByteText.Encode(PrometheusText.OfOpenMetrics(ByteText.Decode(content)));
        if (output is not null)
        {
            ReplacedFile.Write(output, file => file.Write(content));
            return ExitCode.Ok;
        }
        invocation.Terminal.Out.Flush();
        invocation.Terminal.Output.Write(content);
        return ExitCode.Ok;
    }
}
