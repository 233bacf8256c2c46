// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Fuse.Control;

/// <summary>
/// Messages as bytes: four bytes with the length, little-endian, then JSON. Incoming messages are validated here; for a
/// malformed one there is a reason and no message.
/// </summary>
internal static class ControlCodec
{
    /// <summary>Bytes of the length.</summary>
    public const int PrefixBytes = 4;

    /// <summary>Longest message, without its length.</summary>
    public const int MessageBytesMax = 1 << 20;

    private const int PathBytesMax = 4096;
    private const int VolumesMax = 64;
    private const int OptionListsMax = 1024;

    /// <summary>A request with its length.</summary>
    /// <exception cref="ControlException">It is longer than a message may be.</exception>
    public static byte[] Encode(ControlRequest request) => Encode(request, ControlJson.Default.ControlRequest);

    /// <summary>An answer with its length.</summary>
    /// <exception cref="ControlException">As for requests.</exception>
    public static byte[] Encode(ControlAnswer answer) => Encode(answer, ControlJson.Default.ControlAnswer);

    /// <summary>Reads the length of a message.</summary>
    /// <returns>False when it is longer than a message may be, or empty.</returns>
    public static bool TryReadLength(ReadOnlySpan<byte> prefix, out int length)
    {
        uint announced = BinaryPrimitives.ReadUInt32LittleEndian(prefix);
        length = announced is > 0 and <= MessageBytesMax ? (int)announced : 0;
        return length > 0;
    }

    /// <summary>Reads a request.</summary>
    /// <returns>False when it is malformed; then with the reason.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> json, [NotNullWhen(true)] out ControlRequest? request,
        [NotNullWhen(false)] out string? fault)
    {
        request = Decode(json, ControlJson.Default.ControlRequest, out fault);
        if (request is not null) fault = FaultOf(request);
        if (fault is not null) request = null;
        return request is not null;
    }

    /// <summary>Reads an answer.</summary>
    /// <returns>Null when it is malformed.</returns>
    public static ControlAnswer? DecodeAnswer(ReadOnlySpan<byte> json)
    {
        ControlAnswer? answer = Decode(json, ControlJson.Default.ControlAnswer, out _);
        if (answer is null) return null;
        foreach (ControlLogLine? line in answer.Log)
            if (line is null) return null;
        return answer;
    }

    private static byte[] Encode<T>(T message, JsonTypeInfo<T> type)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(message, type);
        if (json.Length > MessageBytesMax) throw new ControlException("the request is too long");
        byte[] bytes = new byte[PrefixBytes + json.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)json.Length);
        json.CopyTo(bytes, PrefixBytes);
        return bytes;
    }

    private static T? Decode<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, out string? fault)
        where T : class
    {
        try
        {
            T? message = JsonSerializer.Deserialize(json, type);
            fault = message is null ? "it is null" : null;
            return message;
        }
        catch (JsonException failure)
        {
            fault = failure.Message;
            return null;
        }
    }

    // The JSON reader does not check elements of lists, numbers of elements, and the contents of strings.
    private static string? FaultOf(ControlRequest request)
    {
        // Another version may have other fields; it is rejected for its version.
        if (request.Version != ControlRequest.CurrentVersion || request.Mount is not { } mount) return null;
        if (mount.Nodes.Count is 0 or > Media.NodesMax) return $"{mount.Nodes.Count} nodes";
        foreach (MountNodeName? node in mount.Nodes)
            if (FaultOf(node) is { } fault) return fault;
        if (mount.Options.Count > OptionListsMax) return "too many options";
        foreach (string? list in mount.Options)
            if (list is null || HasNul(list)) return "a list of options that is none";
        if (!Enum.IsDefined(mount.LogLevel)) return "the log level is not known";
        if (HasNul(mount.Source)) return "the source is no text";
        return IsPath(mount.Target) ? null : "the target is not an absolute path";
    }

    private static string? FaultOf(MountNodeName? node)
    {
        if (node is null || node.Devices.Count is 0 or > VolumesMax) return "a node without devices, or with too many";
        foreach (string? device in node.Devices)
            if (device is null || !IsDevice(device)) return "a device that is neither an absolute path nor an address";
        return node.Label is null
            || (node.Label.Length > 0 && !HasNul(node.Label)
                && Linux.Text.ByteText.ByteCount(node.Label) <= MountSpec.LabelBytesMax)
            ? null : "a label that is none";
    }

    private static bool IsDevice(string name) => DeviceOpener.IsRemote(name) ? IsShort(name) : IsPath(name);

    private static bool IsPath(string path) => path.StartsWith('/') && IsShort(path);

    private static bool IsShort(string path) => !HasNul(path) && Linux.Text.ByteText.ByteCount(path) < PathBytesMax;

    private static bool HasNul(string text) => text.Contains('\0', StringComparison.Ordinal);
}

/// <summary>An exchange with the process that serves a filesystem failed. The message is for the user.</summary>
internal sealed class ControlException(string message) : Exception(message);
