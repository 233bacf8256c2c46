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
    /// <summary>How requests come: io_uring, or device.</summary>
    public string Transport { get; init; } = "";

    /// <summary>Queues of io_uring.</summary>
    public long Queues { get; init; }

    /// <summary>Requests that wait for nodes now.</summary>
    public long StalledRequests { get; init; }

    /// <summary>Memory of the process, in bytes.</summary>
    public ulong ResidentBytes { get; init; }

    /// <summary>The caches.</summary>
    public IReadOnlyList<CacheCount> Caches { get; init; } = [];

    /// <summary>The commits; null for a read-only mount.</summary>
    public CommitCount? Commits { get; init; }

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
            [.. result.GetProperty("operations").EnumerateArray().Select(OperationOf)])
        {
            Transport = result.GetProperty("transport").GetString() ?? "",
            Queues = Number(result, "queues"),
            StalledRequests = Number(result, "stalledRequests"),
            ResidentBytes = result.GetProperty("residentBytes").GetUInt64(),
            Caches = [.. result.GetProperty("caches").EnumerateArray().Select(CacheOf)],
            Commits = result.GetProperty("commits") is { ValueKind: JsonValueKind.Object } commits
                ? new CommitCount(Number(commits, "count"), Number(commits, "failed"), Number(commits, "totalMicroseconds"))
                : null,
        };
    }

    /// <summary>What was counted since another sample of the same mount: operations that occurred in between, the most
    /// frequent first. Null when it is another mount, which has counted for less time.</summary>
    public MountSample? Since(MountSample before)
    {
        if (ElapsedSeconds < before.ElapsedSeconds) return null;
        var known = before.Operations.ToDictionary(one => one.Name);
        var caches = before.Caches.ToDictionary(one => one.Name);
        IEnumerable<OperationCount> changes = Operations
            .Select(one => known.TryGetValue(one.Name, out OperationCount? old) ? one.Since(old) : one)
            .Where(one => one.Count > 0)
            .OrderByDescending(one => one.Count).ThenBy(one => one.Name, StringComparer.Ordinal);
        return this with
        {
            ElapsedSeconds = ElapsedSeconds - before.ElapsedSeconds,
            Operations = [.. changes],
            Caches = [.. Caches.Select(one => caches.TryGetValue(one.Name, out CacheCount? old)
                ? one with { Hits = one.Hits - old.Hits, Misses = one.Misses - old.Misses } : one)],
            // A mount that became writable in between has counted from nothing.
            Commits = Commits is { } commits && before.Commits is { } former
                ? new CommitCount(commits.Count - former.Count, commits.Failed - former.Failed,
                    commits.TotalMicroseconds - former.TotalMicroseconds)
                : Commits,
        };
    }

    private static OperationCount OperationOf(JsonElement one) => new(one.GetProperty("name").GetString() ?? "",
        Number(one, "count"), Number(one, "errors"), Number(one, "totalMicroseconds"),
        [.. one.GetProperty("histogram").EnumerateArray().Select(range => range.GetInt64())]);

    private static CacheCount CacheOf(JsonElement one) => new(one.GetProperty("name").GetString() ?? "",
        one.GetProperty("heldBytes").GetUInt64(), one.GetProperty("maxBytes").GetUInt64(),
        Number(one, "hits"), Number(one, "misses"));

    private static long Number(JsonElement of, string name) => of.GetProperty(name).GetInt64();
}
