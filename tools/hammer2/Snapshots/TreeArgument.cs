// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Snapshots;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Snapshots;

/// <summary>A PFS that a command reads: of a filesystem that devices or a directory in a mount name.</summary>
/// <param name="Devices">The devices.</param>
/// <param name="Label">The label; null when none was given with the devices.</param>
/// <param name="Origin">What the user wrote, for messages.</param>
internal sealed record TreeArgument(MountSpec? Devices, string? Label, string Origin)
{
    /// <summary>The directory in a mount that names the filesystem; null when devices do.</summary>
    public string? Directory { get; private init; }

    /// <summary>Label of the PFS that is mounted there; null without a directory.</summary>
    public string? MountedLabel { get; private init; }

    /// <summary>What may be given, for help.</summary>
    public const string Forms =
        "DEVICE[:DEVICE...][@LABEL], DIRECTORY[@LABEL] of a mount, or @LABEL of the filesystem before";

    /// <summary>Parses an argument. A directory in a mount means the PFS that is mounted there, as of now, or another one of
    /// the same filesystem.</summary>
    /// <exception cref="CommandException">It is malformed, or the directory is in no mount.</exception>
    public static TreeArgument Parse(string text)
    {
        if (text.StartsWith('@') && text.Length > 1) return new TreeArgument(null, text[1..], text);
        int at = text.IndexOf('@', StringComparison.Ordinal);
        bool isWhole = LinuxPath.IsDirectory(text);
        string directory = isWhole || at < 0 ? text : text[..at];
        if (!isWhole && !LinuxPath.IsDirectory(directory))
        {
            MountSpec spec = MediaOptions.Parse(text);
            return new TreeArgument(spec, spec.Label, text);
        }
        MountedVolumes mount = MountedVolumes.Find(directory);
        string label = isWhole || at < 0 || at == text.Length - 1 ? mount.Label : text[(at + 1)..];
        return new TreeArgument(new MountSpec(mount.Paths, label), label, text)
        {
            Directory = directory,
            MountedLabel = mount.Label,
        };
    }

    /// <summary>Opens the filesystem for reading.</summary>
    /// <exception cref="CommandException">It cannot be opened.</exception>
    public SnapshotFilesystem Open(Invocation invocation)
    {
        if (Devices is null)
            throw new CommandException(invocation.Row.UsageExitCode, $"{Origin}: names no device and no directory");
        VolumeSet volumes = MediaOptions.Open(invocation, Devices);
        return new SnapshotFilesystem(volumes, invocation.Loggers);
    }

    /// <summary>Finds the PFS.</summary>
    /// <exception cref="CommandException">There is none with the label.</exception>
    public PfsTree Find(SnapshotFilesystem filesystem)
    {
        byte[] label = Label is { } given
            ? ByteText.Encode(given) : filesystem.DefaultLabel ?? ByteText.Encode(MountSpec.DefaultLabel);
        return filesystem.Find(label) ?? throw new CommandException(ExitCode.NotFound,
            $"{Origin}: no PFS has the label {NameText.Escape(label)}"
            + (filesystem.ListError == Format.Hammer2Error.None ? "" : "; some cannot be read"));
    }
}
