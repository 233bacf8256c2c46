// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Hammer2.Tool.Mounts;

/// <summary>What a mount has counted at one moment, as its file <c>.hammer2/stats</c> tells it.</summary>
/// <param name="ElapsedSeconds">Seconds since the mount was made.</param>
/// <param name="Operations">Each kind of request that occurred.</param>
internal sealed record MountSample(double ElapsedSeconds, IReadOnlyList<OperationCount> Operations)
{
    /// <summary>Reads it.</summary>
    /// <param name="path">A directory in the mount.</param>
    /// <exception cref="CommandException">It is not in a mount of HAMMER2, or the caller may not ask.</exception>
    public static MountSample Read(string path)
    {
        (byte[] content, string file) = VirtualFile.Read(path, "stats");
        try
        {
            return Parse(content);
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new CommandException(ExitCode.CannotOpen, $"{file}: has no counts of a mount", failure);
        }
    }

    /// <summary>Parses the content of the file.</summary>
    internal static MountSample Parse(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        JsonElement result = document.RootElement.GetProperty("result");
        return new MountSample(result.GetProperty("elapsedSeconds").GetDouble(),
            [.. result.GetProperty("operations").EnumerateArray().Select(one => new OperationCount(
                one.GetProperty("name").GetString() ?? "", one.GetProperty("count").GetInt64(),
                one.GetProperty("errors").GetInt64(), one.GetProperty("totalMicroseconds").GetInt64(),
                [.. one.GetProperty("histogram").EnumerateArray().Select(range => range.GetInt64())]))]);
    }

    /// <summary>What was counted since another sample of the same mount: operations that occurred in between, the most
    /// frequent first. Null when it is another mount, which has counted for less time.</summary>
    public MountSample? Since(MountSample before)
    {
        if (ElapsedSeconds < before.ElapsedSeconds) return null;
        var known = before.Operations.ToDictionary(one => one.Name);
        IEnumerable<OperationCount> changes = Operations
            .Select(one => known.TryGetValue(one.Name, out OperationCount? old) ? one.Since(old) : one)
            .Where(one => one.Count > 0)
            .OrderByDescending(one => one.Count).ThenBy(one => one.Name, StringComparer.Ordinal);
        return new MountSample(ElapsedSeconds - before.ElapsedSeconds, [.. changes]);
    }
}
