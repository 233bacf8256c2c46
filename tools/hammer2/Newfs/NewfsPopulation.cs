// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Fuse;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Hammer2.Tool.Populate;
using Hammer2.Vnodes;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Tool.Newfs;

/// <summary>Populates new filesystems, through the same layers as a mount.</summary>
internal static class NewfsPopulation
{
    // Resident memory stays below this plus 64 MiB.
    private const long MemoryBytes = 192L << 20;

    /// <summary>Populates the requested PFS on all nodes at once, and closes their devices.</summary>
    /// <exception cref="CommandException">The new filesystem or the source cannot be opened.</exception>
    public static PopulateResult Run(Invocation invocation, NewfsRequest request, IReadOnlyList<NewfsNode> nodes)
    {
        var targets = new List<DeviceIdentity>();
        var sets = new List<VolumeSet>();
        foreach (NewfsNode node in nodes)
        {
            foreach (NewfsTarget target in node.Targets)
                if (target.Device is IIdentifiedDevice { Identity: { } identity }) targets.Add(identity);
            sets.Add(VolumeSet.Open(node.ReleaseDevices(), new VolumeSetOptions(IsReadOnly: false)));
        }
        using var memory = new ProcessMemory(MemoryBytes, isReadOnly: false, TimeProvider.System);
        var options = new ClusterMountOptions(new MediaSourceOptions(IsReadOnly: false), memory.CacheBytes);
        using ClusterMount mount =
            OpenFilesystems.MountAlone(sets, request.PopulateLabel!, options, invocation.Loggers);
        Format.Hammer2Error error = mount.Pfs.OpenForWriting(new PfsWriteOptions { Memory = memory.Dirty });
        if (error != Format.Hammer2Error.None)
            throw new CommandException(ExitCode.Failed, $"{request.PopulateLabel}: cannot be written: {error}");

        var time = new FixedTime(DateTimeOffset.UnixEpoch.AddMicroseconds(request.Time));
        var ops = new VnodeOps(mount.Pfs, invocation.Loggers.CreateLogger<VnodeOps>(), time);
        using var progress = new ProgressLine(invocation.Terminal);
        byte[] source = ByteText.Encode(request.Populate!);
        PopulateSize expected = progress.IsVisible ? PopulateSize.Measure(source) : default;
        var populator = new Populator(ops, source, targets)
        {
            RootOwner = request.HasOwner ? request.Owner : null,
            Progress = progress.IsVisible ? now => progress.Show(NewfsProgressText.Line(now, expected)) : null,
        };
        string name = string.Join(", ", sets.ConvertAll(set => set.Name));
        invocation.Interrupted = () => NewfsProgressText.WhilePopulating(
            name, populator.DurableObjects, populator.Result.Objects);
        populator.Run();
        return populator.Result;
    }

    /// <summary>Prints the result and returns its exit code.</summary>
    public static int Write(Report report, PopulateResult result)
    {
        report.BeginSection("populated", "populated");
        report.Value("files", "files", Cell.Number(result.Files));
        report.Value("directories", "directories", Cell.Number(result.Directories));
        report.Value("links", "symbolic links", Cell.Number(result.Links));
        report.Value("hardLinks", "further hard links", Cell.Number(result.HardLinks));
        report.Value("specials", "special files", Cell.Number(result.Specials));
        report.Value("bytes", "data copied", Cell.Bytes(result.Bytes));
        report.Value("faultsTotal", "not copied", Cell.Number(result.FaultsTotal));
        if (result.Stopped is not null) report.Value("stopped", "STOPPED", Cell.Text(result.Stopped));
        report.BeginTable("lostAttributes", new Column("name", "ATTRIBUTES NOT COPIED"), new Column("files", "FILES"));
        foreach ((string name, long files) in result.LostAttributes)
            report.Row(Cell.Text(NameText.Escape(name)), Cell.Number(files));
        report.EndTable();
        report.BeginList("faults");
        foreach (PopulateFault fault in result.Faults)
        {
            string path = NameText.Escape(fault.Path);
            report.BeginEntry($"{path}: {fault.Reason}");
            report.Detail("path", Cell.Text(path));
            report.Detail("reason", Cell.Text(fault.Reason));
            report.EndEntry();
        }
        report.EndList();
        report.EndSection();
        return result.FaultsTotal > 0 || result.Stopped is not null ? ExitCode.Failed : ExitCode.Ok;
    }

    // All times are the same, so that the same source gives the same filesystem.
    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
