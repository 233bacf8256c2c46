// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Lists the volumes of filesystems.</summary>
internal static class VolumeListCommand
{
    public static readonly CommandRow Row = new("volume-list", "list the volumes of filesystems", Run)
    {
        Group = CommandGroup.Media,
        Description = "Offset and size of each volume, in the order of the address space, regardless of the order in which "
            + "the devices were given. Of a mount, in the form of upstream's command.",
        Arguments = [MediaOptions.Volumes],
        Options = MediaOptions.All,
        HasUnits = true,
        Selects = SelectedPath.WhenAlone,
        Examples = [new("hammer2 volume-list b.img:a.img", "print which device is which volume")],
    };

    private static int Run(Invocation invocation)
    {
        using Report report = invocation.OpenReport();
        report.BeginList("filesystems");
        int code = MediaOptions.ForEach(invocation, path => WriteMount(invocation, report, path), (_, volumes) =>
        {
            report.BeginEntry(volumes.FilesystemId.ToString());
            report.Detail("fsid", Cell.Text(volumes.FilesystemId.ToString()));
            report.Detail("version", Cell.Number(volumes.Header.Fields.Version));
            report.Detail("size", Cell.Bytes(volumes.TotalBytes));
            InfoCommand.WriteVolumes(report, volumes);
            report.EndEntry();
            return ExitCode.Ok;
        });
        report.EndList();
        return code;
    }

    private static int WriteMount(Invocation invocation, Report report, string path)
    {
        VolumeListRecord list = MountDevices.ListOf(path);
        if (invocation.Has(CommonOptions.Json)) MountListings.WriteVolumes(report, path, list);
        else MountListings.WriteVolumes(invocation.Terminal.Out, list);
        return ExitCode.Ok;
    }
}
