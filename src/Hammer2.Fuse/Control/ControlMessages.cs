// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Control;

/// <summary>A request to the process that serves a filesystem.</summary>
/// <param name="Version">Version of the protocol.</param>
/// <param name="Command">Name of a row in the table of requests.</param>
/// <param name="Client">The namespace in which the paths of the request are valid.</param>
internal sealed record ControlRequest(int Version, string Command, PathView Client)
{
    /// <summary>The version of this program.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Arguments of the command <c>mount</c>; null for others.</summary>
    public MountArguments? Mount { get; init; }
}

/// <summary>The namespace in which a path is resolved.</summary>
/// <param name="MountNamespace">The link target of /proc/self/ns/mnt.</param>
/// <param name="Root">Device and inode number of the root directory.</param>
internal sealed record PathView(string MountNamespace, string Root);

/// <summary>A mount to be made.</summary>
/// <param name="Nodes">The filesystem of each node.</param>
/// <param name="Source">The device as shown in the mount table.</param>
/// <param name="Target">Directory to mount on, absolute.</param>
/// <param name="Options">Lists of options, as after <c>-o</c>; devices are among the nodes.</param>
/// <param name="IsSloppy">True to ignore options that are not known.</param>
/// <param name="LogLevel">Lowest level to log for this mount.</param>
/// <param name="Stays">True when the requester stays connected until the mount has ended: it gets a second answer then,
/// and its disconnecting unmounts.</param>
internal sealed record MountArguments(IReadOnlyList<MountNodeName> Nodes, string Source, string Target,
    IReadOnlyList<string> Options, bool IsSloppy, LogLevel LogLevel, bool Stays);

/// <summary>The filesystem of one node.</summary>
/// <param name="Devices">Absolute paths of its volumes.</param>
/// <param name="Label">Label of the PFS; null when another node has it.</param>
internal sealed record MountNodeName(IReadOnlyList<string> Devices, string? Label);

/// <summary>The result of a request.</summary>
internal enum ControlStatus
{
    /// <summary>A status unknown to this program.</summary>
    Unknown,

    /// <summary>Done; a mount is live.</summary>
    Done,

    /// <summary>Not done, for the reason in the message.</summary>
    Refused,

    /// <summary>None of the filesystems that it names is open for writing in this process.</summary>
    Elsewhere,

    /// <summary>The process is ending and closes its filesystems soon.</summary>
    Ending,

    /// <summary>The mount has ended, and everything is durable.</summary>
    Ended,

    /// <summary>The mount has ended, and its last changes are lost.</summary>
    EndedWithLoss,
}

/// <summary>The answer to a request.</summary>
/// <param name="Version">Version of the protocol.</param>
/// <param name="Status">The result.</param>
/// <param name="Process">Process id of the answering process.</param>
internal sealed record ControlAnswer(int Version, ControlStatus Status, int Process)
{
    /// <summary>The reason of a refusal; otherwise empty.</summary>
    public string Message { get; init; } = "";

    /// <summary>The mount point; empty for none.</summary>
    public string Target { get; init; } = "";

    /// <summary>Messages logged while the request was served.</summary>
    public IReadOnlyList<ControlLogLine> Log { get; init; } = [];
}

/// <summary>A log message.</summary>
/// <param name="Level">Its level.</param>
/// <param name="Category">Its category.</param>
/// <param name="Text">Its text.</param>
internal sealed record ControlLogLine(LogLevel Level, string Category, string Text);

/// <summary>The JSON serialization of requests and answers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, MaxDepth = 8, UseStringEnumConverter = true,
    Converters = [typeof(ByteTextConverter)])]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlAnswer))]
internal sealed partial class ControlJson : JsonSerializerContext;
