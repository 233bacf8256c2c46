// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Tool.Mounts;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Tool.CommandLine;

/// <summary>The options of commands that open media, and how they open them.</summary>
internal static class MediaOptions
{
    /// <summary>One filesystem.</summary>
    public static readonly ArgumentRow Volume =
        new("VOLUME", "all devices of one filesystem, DEVICE[:DEVICE...], in any order; or a directory in a mount")
        {
            Completes = Completion.File,
        };

    /// <summary>One or several filesystems, such as the nodes of a cluster.</summary>
    public static readonly ArgumentRow Volumes =
        new("VOLUME", "filesystems, each as DEVICE[:DEVICE...] or a directory in a mount; the nodes of a cluster are several")
        {
            Repeats = true,
            Completes = Completion.File,
        };

    /// <summary>The same for commands that take no mounts.</summary>
    public static readonly ArgumentRow UnmountedVolumes = Volumes with
    {
        Help = "filesystems, each as DEVICE[:DEVICE...]; the nodes of a cluster are several",
    };

    public static readonly OptionRow Offset =
        new("--offset", "the filesystem starts at this byte of each device") { ValueName = "BYTES" };

    public static readonly OptionRow Partition =
        new("--partition", "the partition that holds the filesystem, such as p2, s1 or s1d") { ValueName = "NAME" };

    public static readonly OptionRow Salvage =
        new("--salvage", "open a device that is shorter than its volume; blocks past its end cannot be read");

    /// <summary>The options of every command that opens media.</summary>
    public static readonly OptionRow[] All = [Offset, Partition, Salvage];

    /// <summary>Parses a specification.</summary>
    /// <exception cref="CommandException">It has no device, or its label is invalid.</exception>
    public static MountSpec Parse(string text)
    {
        try
        {
            return MountSpec.Parse(text);
        }
        catch (Exception failure) when (failure is FormatException or ArgumentException)
        {
            throw new CommandException(ExitCode.Usage, failure.Message, failure);
        }
    }

    /// <summary>Parses a specification for a command that only reads. A directory in a mount stands for the devices of
    /// its first node and the PFS that is mounted.</summary>
    /// <exception cref="CommandException">It has no device, or its label is invalid; the mount does not tell its
    /// devices.</exception>
    public static MountSpec ParseReadable(string text) => IsMount(text) ? MountDevices.Of(text) : Parse(text);

    /// <summary>True for a directory, which cannot be a device but stand for a mount.</summary>
    public static bool IsMount(string text) => LinuxPath.IsDirectory(text);

    /// <summary>Opens a filesystem read-only without a lock, so that it may be in use.</summary>
    /// <exception cref="CommandException">It cannot be opened.</exception>
    public static VolumeSet Open(Invocation invocation, MountSpec spec) => Open(invocation, spec, Read(invocation));

    /// <summary>Opens a filesystem for writing; it must not be in use.</summary>
    /// <exception cref="CommandException">It cannot be opened, or is in use.</exception>
    public static VolumeSet OpenForWriting(Invocation invocation, MountSpec spec) =>
        Open(invocation, spec, Read(invocation) with { IsReadOnly = false, TakesLock = true });

    private static VolumeSet Open(Invocation invocation, MountSpec spec, MediaSourceOptions options)
    {
        ILogger logger = invocation.Loggers.CreateLogger("Hammer2.Devices");
        try
        {
            return MediaSource.Open(spec.Paths, options, logger);
        }
        catch (MediaException failure)
        {
            throw new CommandException(ExitCode.CannotOpen, failure.Message, failure);
        }
    }

    /// <summary>
    /// Opens each volume in turn, passes it to an action and closes it. A volume that cannot be opened is reported and
    /// the others are still processed; returns the worst exit code.
    /// </summary>
    public static int ForEach(Invocation invocation, Func<MountSpec, VolumeSet, int> action) =>
        ForEach(invocation, null, action);

    /// <summary>The same, with another action for directories in mounts, which gets their paths.</summary>
    public static int ForEach(
        Invocation invocation, Func<string, int>? mountAction, Func<MountSpec, VolumeSet, int> action)
    {
        int worst = ExitCode.Ok;
        foreach (string text in invocation.Texts(Volumes))
        {
            try
            {
                worst = Math.Max(worst, mountAction is not null && IsMount(text)
                    ? mountAction(text)
                    : OpenFor(invocation, text, action));
            }
            catch (CommandException failure) when (failure.Code is ExitCode.CannotOpen or ExitCode.Failed)
            {
                invocation.Warn(failure.Message);
                worst = Math.Max(worst, failure.Code);
            }
        }
        return worst;
    }

    private static int OpenFor(Invocation invocation, string text, Func<MountSpec, VolumeSet, int> action)
    {
        MountSpec spec = ParseReadable(text);
        using VolumeSet volumes = Open(invocation, spec);
        return action(spec, volumes);
    }

    /// <summary>The options for opening media read-only without a lock.</summary>
    public static MediaSourceOptions Read(Invocation invocation)
    {
        ulong? offset = invocation.Number(Offset);
        if (offset > long.MaxValue)
            throw new CommandException(invocation.Row.UsageExitCode, $"{Offset.Name} is more than a device can have");
        return new MediaSourceOptions(
            TakesLock: false,
            PartitionOffset: (long?)offset,
            Partition: invocation.Text(Partition),
            AcceptsShortDevices: invocation.Has(Salvage));
    }
}
