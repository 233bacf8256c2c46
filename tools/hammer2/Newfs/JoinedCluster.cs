// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin;
using Hammer2.Admin.Newfs;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.Output;
using Linux.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.Tool.Newfs;

/// <summary>The cluster that a new node joins, as one of its nodes has it.</summary>
internal static class JoinedCluster
{
    // Commits of a mount move blocks while they are read.
    private const int TriesMax = 5;

    /// <summary>Describes a new node.</summary>
    /// <param name="node">A node: its volumes, and the label of the PFS if it is not the only one with several
    /// masters. It may be mounted.</param>
    /// <param name="nodeId">Id of the new node.</param>
    /// <exception cref="CommandException">It cannot be read, or has no such PFS.</exception>
    public static NewPfs Read(string node, MediaUuid nodeId)
    {
        try
        {
            MountSpec spec = MountSpec.Parse(node);
            InodeMeta root = Find(spec, node, out string label);
            if (root.PfsMasters > Media.NodesMax)
            {
                throw new CommandException(ExitCode.Usage,
                    $"{node}: {NameText.Escape(label)} stores an impossible number of masters");
            }
            return new NewPfs(label, root.PfsClusterId, nodeId)
            {
                Masters = Math.Max(root.PfsMasters, (byte)1),
                Compression = root.Compression,
                CompressionLevel = root.CompressionPolicy >> 4,
                Check = root.Check,
                IsReturning = true,
            };
        }
        catch (FormatException malformed)
        {
            throw new CommandException(
                ExitCode.Usage, $"{NewfsOptions.Join.Name} {node}: {malformed.Message}", malformed);
        }
        catch (MediaException refusal)
        {
            throw new CommandException(ExitCode.CannotOpen, refusal.Message, refusal);
        }
    }

    private static InodeMeta Find(MountSpec spec, string node, out string label)
    {
        PfsCatalog catalog = ReadCatalog(spec);
        if (catalog.Faults.Count > 0)
            throw new CommandException(ExitCode.Failed, $"{node}: not all of its PFSs can be read");
        List<PfsRecord> found = [.. catalog.Records];
        _ = found.RemoveAll(pfs => spec.Label is null
            ? pfs.Meta.PfsMasters <= 1 || pfs.Meta.PfsSubtype != PfsSubtype.None
            : ByteText.Decode(pfs.Label) != spec.Label);
        if (found.Count != 1)
        {
            throw new CommandException(ExitCode.Usage, spec.Label is null
                ? $"{node}: has {found.Count} PFSs with several masters; DEVICE@LABEL says which"
                : $"{node}: has no PFS {spec.Label}");
        }
        label = ByteText.Decode(found[0].Label);
        return found[0].Meta;
    }

    private static PfsCatalog ReadCatalog(MountSpec spec)
    {
        for (int tries = 1; ; tries++)
        {
            using VolumeSet volumes = MediaSource.Open(
                spec.Paths, new MediaSourceOptions(TakesLock: false), NullLogger.Instance);
            PfsCatalog catalog = PfsCatalog.Read(volumes);
            if (catalog.Faults.Count == 0 || tries == TriesMax) return catalog;
        }
    }
}
