// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Gives a cluster that is not mounted its list of nodes, as its first mount for writing does: one that
/// upstream's tools made, above all.</summary>
internal static class ClusterAdopt
{
    private const long CacheBytes = 16 << 20;

    /// <summary>Carries it out.</summary>
    /// <param name="invocation">The command line.</param>
    /// <param name="nodes">All nodes of the cluster.</param>
    /// <param name="masters">How many masters it has; null for what the nodes store.</param>
    public static int Run(Invocation invocation, List<string> nodes, ulong? masters)
    {
        if (masters is < 1 or > Media.NodesMax)
            throw new CommandException(ExitCode.Usage, $"a cluster has 1 to {Media.NodesMax} masters, not {masters}");
        List<MountSpec> specs = nodes.ConvertAll(MediaOptions.Parse);
        string label = specs.Find(static spec => spec.Label is not null)?.Label ?? MountSpec.DefaultLabel;
        var filesystems = new List<VolumeSet>();
        try
        {
            foreach (MountSpec spec in specs) filesystems.Add(MediaOptions.OpenForWriting(invocation, spec));
            var options = new ClusterMountOptions(new MediaSourceOptions(IsReadOnly: false), CacheBytes,
                Masters: (int?)masters);
            using ClusterMount mount = OpenFilesystems.MountAlone(filesystems, label, options, invocation.Loggers);
            return Adopt(invocation, mount.Pfs, label);
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

    private static int Adopt(Invocation invocation, Pfs pfs, string label)
    {
        MembershipDecision membership = pfs.Membership;
        // Writing without the others would leave them behind.
        if (pfs.View.Record is null && membership.MastersPresent < membership.MastersTotal)
        {
            string named = string.Create(CultureInfo.InvariantCulture,
                $"{membership.MastersPresent} of {membership.MastersTotal} masters are named");
            throw new CommandException(
                ExitCode.Failed, $"{label}: {named}; the list of nodes is made when all are");
        }
        Hammer2Error error = pfs.OpenForWriting();
        if (error != Hammer2Error.None || pfs.View.Record is not { } record)
        {
            throw new CommandException(ExitCode.Failed, $"{label} cannot be written: "
                + (MembershipText.Describe(membership) ?? $"a device failed ({error})"));
        }
        using Report report = invocation.OpenReport();
        report.Value("label", "PFS", Cell.Text(label));
        report.Value("number", "list", Cell.Number((long)record.Number));
        report.Value("masters", "masters", Cell.Number(record.Masters));
        report.Value("quorum", "quorum", Cell.Number(pfs.View.Quorum));
        return ExitCode.Ok;
    }
}
