// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using Hammer2.Devices;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>The devices and the label of the PFS that is mounted where a directory is, as the files in the virtual directory
/// of the mount say. Of a cluster, those of its first node.</summary>
internal sealed record MountedVolumes(IReadOnlyList<string> Paths, string Label)
{
    private const string VirtualDirectory = ".hammer2";

    /// <summary>Finds the mount above a directory, and has it commit what was written, so that the devices have
    /// it.</summary>
    /// <exception cref="CommandException">No directory above is the root of a mount of HAMMER2 whose virtual directory
    /// the caller may use; or the mount cannot commit.</exception>
    public static MountedVolumes Find(string directory)
    {
        string? at = LinuxPath.GetFull(directory);
        for (; at is not null; at = Path.GetDirectoryName(at))
        {
            string inside = Path.Combine(at, VirtualDirectory);
            if (!LinuxPath.IsFile(Path.Combine(inside, "volumes"))) continue;
            try
            {
                Commit(Path.Combine(inside, "control"), directory);
                return Parse(File.ReadAllBytes(Path.Combine(inside, "volumes")), directory);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException
                or KeyNotFoundException or InvalidOperationException)
            {
                throw new CommandException(ExitCode.CannotOpen, $"{directory}: {failure.Message}", failure);
            }
        }
        throw new CommandException(ExitCode.CannotOpen, $"{directory}: is not in a HAMMER2 mount whose directory "
            + $"{VirtualDirectory} this user may read; name the devices instead");
    }

    private static void Commit(string control, string directory)
    {
        try
        {
            using var file = new FileStream(control, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            file.Write("sync\n"u8);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The kernel opens no file of a read-only mount for writing, and there is nothing to commit.
            if (!IsReadOnly(control))
                throw new CommandException(ExitCode.Failed, $"{directory}: cannot commit: {failure.Message}", failure);
        }
    }

    private static bool IsReadOnly(string control)
    {
        string mount = Path.GetDirectoryName(Path.GetDirectoryName(control))!.Replace(" ", "\\040", StringComparison.Ordinal);
        bool isReadOnly = false;
        foreach (string line in File.ReadLines("/proc/self/mountinfo"))
        {
            string[] fields = line.Split(' ');
            // The last line of a directory is the mount that is seen there.
            if (fields.Length > 5 && fields[4] == mount) isReadOnly = fields[5].Split(',')[0] == "ro";
        }
        return isReadOnly;
    }

    private static MountedVolumes Parse(byte[] answer, string directory)
    {
        using JsonDocument document = JsonDocument.Parse(answer);
        JsonElement result = document.RootElement.GetProperty("result");
        var paths = new List<string>();
        foreach (JsonElement volume in result.GetProperty("volumes").EnumerateArray())
        {
            string path = TextOf(volume, "path");
            if (!DeviceOpener.IsRemote(path) && (!path.StartsWith('/') || !LinuxPath.Exists(path)))
                throw new CommandException(ExitCode.CannotOpen, $"{directory}: is mounted from {path}, which is not there; "
                    + "name the devices instead");
            paths.Add(path);
        }
        return new MountedVolumes(paths, TextOf(result, "label"));
    }

    private static string TextOf(JsonElement element, string name) =>
        ByteText.Decode(NameText.Unescape(element.GetProperty(name).GetString()!));
}
