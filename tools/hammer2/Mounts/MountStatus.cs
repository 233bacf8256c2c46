// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Hammer2.Tool.Mounts;

/// <summary>The state of a mount, as its file <c>.hammer2/status</c> tells it.</summary>
internal sealed record MountStatus(string Health, IReadOnlyList<string> Reasons, string Label, bool IsReadOnly,
    string Commit, ulong RepairedReads, ulong HealedPlaces, ulong UnhealedPlaces, ulong LeftOutInodes, ulong Stalls,
    ulong TotalBytes, ulong FreeBytes, ulong LiveBytes, ulong ReservedBytes, ulong UnwrittenBytes,
    ulong UncommittedBytes, ulong? StagedBytes, DateTimeOffset? LastCommitAt, IReadOnlyList<MountStatus.Node> Nodes,
    IReadOnlyList<MountStatus.Job> Jobs, JsonElement Scrubs, JsonElement Errors)
{
    private const string FileName = "status";

    /// <summary>A node of the mounted PFS.</summary>
    internal sealed record Node(string Name, string Role, string State, string Commit, ulong? Behind, double? Percent,
        string Reason, string LeftWhen);

    /// <summary>A long request that runs in the background; of a total of 0 it is not known how far it is.</summary>
    internal sealed record Job(string Request, ulong ElapsedSeconds, ulong DoneBytes, ulong TotalBytes)
    {
        /// <summary>How far it is, in percent, for people; a dash where that is not known.</summary>
        public string Progress => TotalBytes == 0
            ? "-" : $"{(ulong)(100 * ((UInt128)DoneBytes) / TotalBytes)} %";
    }

    /// <summary>Bytes of other PFSs and snapshots, and of blocks that bulkfree has not freed yet.</summary>
    public ulong OtherBytes
    {
        get
        {
            ulong used = TotalBytes - Math.Min(FreeBytes, TotalBytes);
            return used - Math.Min(LiveBytes, used);
        }
    }

    /// <summary>Reads it.</summary>
    /// <param name="path">A directory in the mount.</param>
    /// <exception cref="CommandException">It is not in a mount of HAMMER2, or the caller may not ask.</exception>
    public static MountStatus Read(string path)
    {
        (byte[] content, string file) = VirtualFile.Read(path, FileName);
        try
        {
            return Parse(content);
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new CommandException(ExitCode.CannotOpen, $"{file}: is not the state of a mount", failure);
        }
    }

    /// <summary>Parses the content of the file.</summary>
    internal static MountStatus Parse(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        JsonElement status = document.RootElement.GetProperty("result"), space = status.GetProperty("space");
        return new MountStatus(Text(status, "health"),
            [.. status.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString() ?? "")],
            Text(status, "label"), status.GetProperty("isReadOnly").GetBoolean(), Text(status, "commit"),
            Number(status, "repairedReads"), Number(status, "healedPlaces"), Number(status, "unhealedPlaces"),
            Number(status, "leftOutInodes"), Number(status, "stalls"), Number(space, "totalBytes"),
            Number(space, "freeBytes"), Number(status, "liveBytes"), Number(space, "reservedBytes"),
            Number(space, "unwrittenBytes"), Number(space, "uncommittedBytes"),
            space.GetProperty("stagedBytes") is { ValueKind: JsonValueKind.Number } staged ? staged.GetUInt64() : null,
            status.GetProperty("lastCommitAt") is { ValueKind: JsonValueKind.String } at
                ? at.GetDateTimeOffset() : null,
            [.. status.GetProperty("nodes").EnumerateArray().Select(NodeOf)],
            [.. status.GetProperty("jobs").EnumerateArray().Select(JobOf)],
            status.GetProperty("scrubs").Clone(), status.GetProperty("errors").Clone());
    }

    private static Node NodeOf(JsonElement node) =>
        new(Text(node, "name"), Text(node, "role"), Text(node, "state"), Text(node, "commit"),
            node.GetProperty("behind") is { ValueKind: JsonValueKind.Number } behind ? behind.GetUInt64() : null,
            node.GetProperty("resync") is { ValueKind: JsonValueKind.Object } resync
                ? resync.GetProperty("percent").GetDouble() : null,
            Text(node, "reason"), Text(node, "leftWhen"));

    private static Job JobOf(JsonElement job) => new(Text(job, "request"), Number(job, "elapsedSeconds"),
        Number(job, "doneBytes"), Number(job, "totalBytes"));

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString() ?? "";

    private static ulong Number(JsonElement of, string name) => of.GetProperty(name).GetUInt64();
}
