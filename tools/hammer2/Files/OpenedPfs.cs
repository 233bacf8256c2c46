// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Tool.CommandLine;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Tool.Files;

/// <summary>A PFS opened for reading files without mounting it, through the same layers as a mount.</summary>
internal sealed class OpenedPfs : IDisposable
{
    /// <summary>The volume a command reads from.</summary>
    public static readonly ArgumentRow Volume =
        new("VOLUME", "all devices of one filesystem and a label, DEVICE[:DEVICE...][@LABEL]; default label DATA; or a mount")
        {
            Completes = Completion.File,
        };

    private static readonly OptionRow Node =
        new("--node", "another node of the same cluster; may be given several times")
        {
            ValueName = "VOLUME",
            Repeats = true,
            Completes = Completion.File,
        };

    private static readonly OptionRow Degraded =
        new("--degraded", "read the best available node when too few masters are present");

    /// <summary>The options of every command that reads files.</summary>
    public static readonly OptionRow[] Options = [Node, Degraded, .. MediaOptions.All];

    private readonly ClusterMount _mount;

    private OpenedPfs(ClusterMount mount, ILoggerFactory loggers)
    {
        _mount = mount;
        Vnodes = new VnodeOps(mount.Pfs, loggers.CreateLogger<VnodeOps>());
    }

    /// <summary>Operations on its files.</summary>
    public VnodeOps Vnodes { get; }

    /// <summary>The PFS itself.</summary>
    public Pfs Pfs => _mount.Pfs;

    /// <summary>Opens the PFS that the command line names.</summary>
    /// <exception cref="CommandException">The volume cannot be opened or has no such PFS.</exception>
    public static OpenedPfs Open(Invocation invocation)
    {
        var specs = new List<MountSpec> { MediaOptions.ParseReadable(invocation.Text(Volume)) };
        foreach (string text in invocation.Texts(Node)) specs.Add(MediaOptions.Parse(text));
        var options = new ClusterMountOptions(
            MediaOptions.Read(invocation), AllowDegraded: invocation.Has(Degraded));
        try
        {
            return new OpenedPfs(OpenFilesystems.MountAlone(specs, options, invocation.Loggers), invocation.Loggers);
        }
        catch (MediaException failure)
        {
            throw new CommandException(ExitCode.CannotOpen, failure.Message, failure);
        }
        catch (PfsException failure)
        {
            throw new CommandException(ExitCode.NotFound, failure.Message, failure);
        }
    }

    /// <summary>Closes the devices.</summary>
    public void Dispose() => _mount.Dispose();
}
