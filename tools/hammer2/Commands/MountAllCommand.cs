// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Fuse;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Extract;
using Hammer2.Tool.Mounts;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Mounts what fstab lists, or the PFS LOCAL of devices.</summary>
internal static class MountAllCommand
{
    private const string Fstab = "/etc/fstab";
    private const string LocalDirectory = "/var/hammer2";
    private const string LocalLabel = "LOCAL";
    private const string TypeName = "hammer2";

    private static readonly ArgumentRow Devices = new("DEVICE", "mount the PFS LOCAL of these instead, on /var/hammer2/LOCAL.NAME")
    {
        Repeats = true,
        IsOptional = true,
        Completes = Completion.File,
    };

    private static readonly OptionRow Table = new("--fstab", "another table than /etc/fstab")
    {
        ValueName = "FILE",
        Completes = Completion.File,
    };

    private static readonly OptionRow DryRun = new("--dry-run", "print what would be mounted");

    public static readonly CommandRow Row = new("mountall", "mount all entries of fstab of the type hammer2", Run)
    {
        Group = CommandGroup.Mounting,
        Description = """
            Mounts each line of /etc/fstab with the type hammer2, without the option noauto, whose directory is not mounted
            yet, in the order of the lines. A line that fails is reported, and the next is tried.

            With devices it does what DragonFly's command of this name does for each disk that it finds: the PFS named LOCAL
            is mounted on /var/hammer2/LOCAL.NAME, where NAME is the last part of the path of the device.
            """,
        HasJson = false,
        Arguments = [Devices],
        Options = [Table, DryRun],
        HandlesSignals = true,
        Examples = [new("hammer2 mountall --dry-run", "what is in fstab and not mounted")],
        UsageExitCode = ExitCode.MountUsage,
        ExitCodes = MountExitCodes.Rows,
    };

    private static int Run(Invocation invocation)
    {
        List<FstabLine> lines = invocation.Texts(Devices).Count > 0
            ? [.. invocation.Texts(Devices).Select(LocalOf)]
            : [.. FstabLine.Parse(ByteText.Decode(File.ReadAllBytes(invocation.Text(Table) ?? Fstab)))
                .Where(line => line.Type == TypeName && line.IsAutomatic)];
        HashSet<string> mounted = [.. MountTableLine.ReadAll().Select(line => line.Target)];
        int worst = ExitCode.Ok;
        foreach (FstabLine line in lines)
        {
            if (mounted.Contains(LinuxPath.GetFull(line.Target))) continue;
            string text = $"mount {line.Spec} on {line.Target} ({line.Options})";
            invocation.Terminal.Out.WriteLine(ByteText.ToPrintable(text));
            if (!invocation.Has(DryRun)) worst = Math.Max(worst, Mount(invocation, line));
        }
        return worst;
    }

    private static FstabLine LocalOf(string device)
    {
        string name = device[(device.LastIndexOf('/') + 1)..];
        return new FstabLine($"{device}@{LocalLabel}", $"{LocalDirectory}/{LocalLabel}.{name}", TypeName, "defaults");
    }

    private static int Mount(Invocation invocation, FstabLine line)
    {
        try
        {
            if (line.Target.StartsWith(LocalDirectory + "/", StringComparison.Ordinal))
            {
                MakeDirectory(LocalDirectory);
                MakeDirectory(line.Target);
            }
            IReadOnlyList<string> options = MountOptionParser.WithoutWishToWrite([line.Options]);
            return MountRun.Run(invocation, [line.Spec], line.Target, options, isSloppy: false, isForeground: false);
        }
        catch (CommandException failure)
        {
            invocation.Warn($"{line.Target}: {failure.Message}");
            return failure.Code;
        }
    }

    // For its owner only, as upstream makes them.
    private static void MakeDirectory(string path)
    {
        int error = TargetDirectory.Open(ByteText.Encode(path), out TargetDirectory? made);
        made?.Dispose();
        if (error != 0) throw new CommandException(ExitCode.MountFailed, $"{path}: {LinuxFiles.Describe(error)}");
    }
}
