// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.IO;
using System.Text.Json;

namespace Hammer2.Benchmarks.Mount;

/// <summary>
/// One filesystem in the comparison. In the commands <c>{image}</c> and <c>{mountpoint}</c> stand for the
/// quoted paths; <c>Process</c> is the program name of its daemon, empty for one inside the kernel.
/// </summary>
internal sealed record Contender(string Name, string Image, string Mount, string Unmount, string Process)
{
    private const string UsualUnmount = "umount {mountpoint}";

    /// <summary>This project's program over a HAMMER2 image.</summary>
    internal static Contender Hammer2(string program, string image, string label)
        => new("hammer2", image,
            $"{Shell.Quote(program)} mount -o ro {{image}}{Shell.Quote("@" + label)} {{mountpoint}}", UsualUnmount,
            Path.GetFileName(program));

    /// <summary>The low-level FUSE server for squashfs: the peer to be measured against.</summary>
    internal static Contender SquashFuse(string image)
        => new("squashfuse_ll", image, "squashfuse_ll {image} {mountpoint}", UsualUnmount, "squashfuse_ll");

    /// <summary>Squashfs inside the kernel, through a loop device: what no FUSE server can reach.</summary>
    internal static Contender KernelSquashfs(string image)
        => new("kernel-squashfs", image, "mount -t squashfs -o ro,loop {image} {mountpoint}", UsualUnmount,
            string.Empty);

    /// <summary>Reads further contenders: <c>{"name": {"image": "...", "mount": "...", "unmount": "...",
    /// "process": "..."}}</c>; unmount and process may be left out.</summary>
    internal static List<Contender> FromFile(string path)
    {
        List<Contender> contenders = [];
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            foreach (JsonProperty entry in document.RootElement.EnumerateObject())
            {
                contenders.Add(new Contender(entry.Name, Member(entry, "image"), Member(entry, "mount"),
                    Member(entry, "unmount", UsualUnmount), Member(entry, "process", string.Empty)));
            }
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            throw new UsageException($"{path}: {problem.Message}");
        }
        return contenders;
    }

    /// <summary>A command with its places filled in.</summary>
    internal static string Fill(string command, string image, string mountPoint)
        => command.Replace("{image}", Shell.Quote(image), StringComparison.Ordinal)
            .Replace("{mountpoint}", Shell.Quote(mountPoint), StringComparison.Ordinal);

    private static string Member(JsonProperty entry, string name, string? otherwise = null)
    {
        if (entry.Value.TryGetProperty(name, out JsonElement value)) return value.GetString() ?? string.Empty;
        return otherwise ?? throw new UsageException($"contender '{entry.Name}' lacks \"{name}\"");
    }
}
