// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Control;

/// <summary>A request to the process that serves a filesystem.</summary>
/// <param name="Version">Version of the protocol.</param>
/// <param name="Command">Name of a row in the table of requests.</param>
/// <param name="Client">Where the paths of the request mean something.</param>
internal sealed record ControlRequest(int Version, string Command, PathView Client)
{
    /// <summary>Version that this program speaks.</summary>
    public const int CurrentVersion = 1;

    /// <summary>What the command <c>mount</c> needs; null for others.</summary>
    public MountArguments? Mount { get; init; }
}

/// <summary>What decides which file a path means.</summary>
/// <param name="MountNamespace">As /proc/self/ns/mnt has it.</param>
/// <param name="Root">The root directory: numbers of its device and inode.</param>
internal sealed record PathView(string MountNamespace, string Root);

/// <summary>A mount to be made.</summary>
/// <param name="Nodes">The filesystem of each node.</param>
/// <param name="Source">What the table of mounts shows.</param>
/// <param name="Target">Directory to mount on, absolute.</param>
/// <param name="Options">Lists of options, as after <c>-o</c>; devices are among the nodes.</param>
/// <param name="IsSloppy">True to ignore options that are not known.</param>
/// <param name="LogLevel">What is logged of this mount.</param>
/// <param name="Stays">True when the requester stays until the mount has ended: it gets a second answer then, and the
/// mount ends when it leaves.</param>
internal sealed record MountArguments(IReadOnlyList<MountNodeName> Nodes, string Source, string Target,
    IReadOnlyList<string> Options, bool IsSloppy, LogLevel LogLevel, bool Stays);

/// <summary>The filesystem of one node.</summary>
/// <param name="Devices">Absolute paths of its volumes.</param>
/// <param name="Label">Label of the PFS; null where another node has it.</param>
internal sealed record MountNodeName(IReadOnlyList<string> Devices, string? Label);

/// <summary>How a request ended.</summary>
internal enum ControlStatus
{
    /// <summary>Not known to this program.</summary>
    Unknown,

    /// <summary>Done; a mount is live.</summary>
    Done,

    /// <summary>Not done, for the reason in the message.</summary>
    Refused,

    /// <summary>None of the filesystems that it names is open for writing in this process.</summary>
    Elsewhere,

    /// <summary>The process ends and lets go of its filesystems soon.</summary>
    Ending,

    /// <summary>The mount has ended, and everything is durable.</summary>
    Ended,

    /// <summary>The mount has ended, and its last changes are lost.</summary>
    EndedWithLoss,
}

/// <summary>What the process answers.</summary>
/// <param name="Version">Version of the protocol.</param>
/// <param name="Status">How the request ended.</param>
/// <param name="Process">Number of the process that answers.</param>
internal sealed record ControlAnswer(int Version, ControlStatus Status, int Process)
{
    /// <summary>Why it was refused; else empty.</summary>
    public string Message { get; init; } = "";

    /// <summary>The mount point; empty where there is none.</summary>
    public string Target { get; init; } = "";

    /// <summary>What was logged while the request was carried out.</summary>
    public IReadOnlyList<ControlLogLine> Log { get; init; } = [];
}

/// <summary>A line of the log.</summary>
/// <param name="Level">How bad it is.</param>
/// <param name="Category">What it is from.</param>
/// <param name="Text">What it says.</param>
internal sealed record ControlLogLine(LogLevel Level, string Category, string Text);

/// <summary>How requests and answers are written in JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, MaxDepth = 8, UseStringEnumConverter = true,
    Converters = [typeof(ByteTextConverter)])]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlAnswer))]
internal sealed partial class ControlJson : JsonSerializerContext;
