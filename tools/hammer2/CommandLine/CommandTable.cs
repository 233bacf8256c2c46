// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Tool.Commands;

namespace Hammer2.Tool.CommandLine;

/// <summary>All commands, in the order in which help lists them.</summary>
internal static class CommandTable
{
    /// <summary>All commands, including hidden ones.</summary>
    public static readonly CommandRow[] All =
    [
        MountCommand.Row,
        MountHelperCommand.Row,
        MountAllCommand.Row,
        UnmountCommand.Row,
        ListCommand.Row,
        TreeCommand.Row,
        CatCommand.Row,
        ExtractCommand.Row,
        StatCommand.Row,
        StatusCommand.Row,
        TopCommand.Row,
        MetricsCommand.Row,
        EventsCommand.Row,
        TraceCommand.Row,
        ReportCommand.Row,
        InfoCommand.Row,
        ProbeCommand.Row,
        VolumeListCommand.Row,
        PfsListCommand.Row,
        SnapshotCommand.Row,
        SnapshotCommand.DebugRow,
        SnapshotScheduleCommand.Row,
        PfsCreateCommand.Row,
        PfsDeleteCommand.Row,
        DiffCommand.Row,
        PfsRenameCommand.Row,
        PfsIdCommand.ClusterId,
        PfsIdCommand.NodeId,
        HoldCommand.Hold,
        HoldCommand.Release,
        HoldListCommand.Row,
        ClusterCommand.Row,
        RollbackCommand.Row,
        MethodCommands.SetCompression,
        MethodCommands.SetCheck,
        MethodCommands.ClearCheck,
        MethodCommands.SetCrc32,
        MethodCommands.SetXxHash64,
        MethodCommands.SetSha192,
        PrintInodeCommand.Row,
        DumpChainCommand.Row,
        DestroyCommand.Entry,
        DestroyCommand.Inode,
        EmergencyCommand.Enable,
        EmergencyCommand.Disable,
        ShutdownCommand.Row,
        CleanupCommand.Row,
        SendCommand.Row,
        ReceiveCommand.Row,
        UsageCommand.Row,
        ShowCommand.Row,
        VolumeHeaderCommand.Row,
        FreemapCommand.Row,
        ScrubCommand.Row,
        ScrubCommand.ClearErrors,
        VerifyCommand.Row,
        ResolveCommand.Row,
        MetaImageCommand.Row,
        UndeleteCommand.Row,
        RecoverCommand.Row,
        RecoverCommand.Relaxed,
        RecoverCommand.File,
        NewfsCommand.Row,
        BulkfreeCommand.Row,
        GrowCommand.Row,
        VolumeAddCommand.Row,
        FsckCommand.Row,
        UpstreamFsckCommand.Row,
        HashCommand.Row,
        DataHashCommand.Row,
        HelpCommand.Row,
        VersionCommand.Row,
        ManualCommand.Row,
        CompletionCommand.Row,
        NamesCommand.Row,
        CompleteCommand.Row,
    ];

    /// <summary>The commands listed in the help.</summary>
    public static IEnumerable<CommandRow> Visible => All.Where(row => !row.IsHidden);

    /// <summary>The command with a name or alias, or null.</summary>
    public static CommandRow? ByName(string name)
    {
        foreach (CommandRow row in All)
            if (row.Name == name || Array.IndexOf(row.Aliases, name) >= 0) return row;
        return null;
    }

    /// <summary>The command that runs when the program is called by another name, or null.</summary>
    public static CommandRow? ByProgramName(string name)
    {
        foreach (CommandRow row in All)
            if (Array.IndexOf(row.ProgramNames, name) >= 0) return row;
        return null;
    }
}
