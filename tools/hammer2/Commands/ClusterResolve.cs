// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Members;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Decides which state of a cluster counts that is not mounted.</summary>
internal static class ClusterResolve
{
    /// <summary>Carries it out.</summary>
    /// <param name="invocation">The command line.</param>
    /// <param name="nodes">All nodes that are there.</param>
    /// <param name="kept">The one whose state counts; null for the newest state.</param>
    /// <param name="isForced">True when the newest state is to count.</param>
    public static int Run(Invocation invocation, List<string> nodes, string? kept, bool isForced)
    {
        if (kept is null != isForced)
            throw new CommandException(ExitCode.Usage, "resolve needs one of --keep and --force-members");
        var specs = nodes.ConvertAll(MediaOptions.Parse);
        string label = specs.Find(static spec => spec.Label is not null)?.Label ?? MountSpec.DefaultLabel;
        int? index = kept is null ? null : specs.FindIndex(spec => spec.Paths.Contains(MediaOptions.Parse(kept).Paths[0]));
        if (index < 0) throw new CommandException(ExitCode.Usage, $"--keep {kept}: is not among the nodes that are named");
        ResolutionOutcome outcome = Resolve(invocation, specs, label, index);
        if (outcome.Error != Hammer2Error.None)
        {
            throw new CommandException(ExitCode.Failed, outcome.Refusal ?? DescribeFailure(label, outcome));
        }
        using Report report = invocation.OpenReport();
        report.Value("label", "PFS", Cell.Text(label));
        report.Value("kept", "masters", Cell.Text(string.Join(' ', outcome.Kept)));
        report.Value("givenUp", "to be resynchronized", outcome.GivenUp.Count == 0
            ? Cell.Absent : Cell.Text(string.Join(' ', outcome.GivenUp)));
        report.Value("mastersBefore", "masters before", Cell.Number(outcome.Masters));
        return ExitCode.Ok;
    }

    private static string DescribeFailure(string label, ResolutionOutcome outcome) =>
        outcome is { Error: Hammer2Error.NoSpace, GivenUp: [.., string full] }
            ? $"{label}: {full} has no space to keep what it holds: delete snapshots there, or do not name it"
            : $"{label}: a block could not be read or written ({outcome.Error}); run it again";

    private static ResolutionOutcome Resolve(Invocation invocation, List<MountSpec> specs, string label, int? kept)
    {
        var filesystems = new List<VolumeSet>();
        try
        {
            foreach (MountSpec spec in specs) filesystems.Add(MediaOptions.OpenForWriting(invocation, spec));
            using var resolution = new ClusterResolution(
                filesystems, label, TimeProvider.System, SystemRandom.NextBits, invocation.Loggers);
            return resolution.Run(kept);
        }
        catch (PfsException refusal)
        {
            throw new CommandException(ExitCode.Failed, refusal.Message, refusal);
        }
        finally
        {
            foreach (VolumeSet volumes in filesystems) volumes.Dispose();
        }
    }
}
