// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Hammer2.Devices.Nbd;

/// <summary>
/// The name of a remote device: <c>nbd://HOST[:PORT]/EXPORT</c>, <c>nbds://</c> for TLS, or
/// <c>nbd+unix:///EXPORT?socket=PATH</c>, with options after a question mark.
/// </summary>
/// <remarks>Bytes that have a meaning in it, or in the specification of a mount, are written as %XX: above all : and @
/// in names of exports and paths.</remarks>
/// <param name="Text">The address as it was given.</param>
/// <param name="IsTls">The connection is encrypted, and the server proves its name.</param>
/// <param name="Host">Name or number of the server; empty for a socket of this machine.</param>
/// <param name="Port">TCP port.</param>
/// <param name="SocketPath">Path of a socket of this machine; null for a host.</param>
/// <param name="Export">Name of the export; empty for the server's default.</param>
/// <param name="Options">What stands after the question mark.</param>
public sealed record NbdAddress(
    string Text, bool IsTls, string Host, int Port, string? SocketPath, string Export, NbdAddressOptions Options)
{
    private const string SchemeEnd = "://";
    private const int ExportBytesMax = 4096;

    private static readonly string[] s_schemes = ["nbd", "nbds", "nbd+unix", "nbds+unix"];

    /// <summary>The server for messages: host and port, or the path of the socket.</summary>
    internal string Server => SocketPath ?? (Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)
        + string.Create(CultureInfo.InvariantCulture, $":{Port}");

    /// <summary>Equal for two addresses of one export that name its server alike.</summary>
    internal DeviceIdentity Identity => new(0, 0, 0, 0) { Remote = $"{Server.ToLowerInvariant()}/{Export}" };

    /// <summary>True when a text is the name of a remote device, well-formed or not.</summary>
    public static bool IsAddress(string text) => SchemeLength(text) > 0;

    /// <summary>Tells how many characters at the start of a text are the scheme, host and port of an address, in which
    /// a colon does not end the name of a device; 0 when none are.</summary>
    public static int PrefixLength(ReadOnlySpan<char> text)
    {
        int at = SchemeLength(text);
        if (at == 0) return 0;
        if (at < text.Length && text[at] == '[')
        {
            int close = text[at..].IndexOf(']');
            at = close < 0 ? text.Length : at + close + 1;
        }
        int rest = text[at..].IndexOfAny(":/?@");
        at = rest < 0 ? text.Length : at + rest;
        if (at == text.Length || text[at] != ':') return at;
        int digits = text[(at + 1)..].IndexOfAnyExceptInRange('0', '9');
        int end = digits < 0 ? text.Length : at + 1 + digits;
        return end > at + 1 && (end == text.Length || ":/?@".Contains(text[end], StringComparison.Ordinal)) ? end : at;
    }

    /// <summary>Parses an address.</summary>
    /// <exception cref="FormatException">It is malformed, or has an option that is not known.</exception>
    public static NbdAddress Parse(string text)
    {
        int at = SchemeLength(text);
        if (at == 0) throw Wrong(text, "no address of a remote device");
        string scheme = text[..(at - SchemeEnd.Length)].ToLowerInvariant();
        bool isLocal = scheme.EndsWith("+unix", StringComparison.Ordinal);
        int prefix = PrefixLength(text);
        (string host, int port) = SplitHost(text, text[at..prefix]);
        int query = text.IndexOf('?', prefix);
        string path = query < 0 ? text[prefix..] : text[prefix..query];
        if (path.Length > 0 && path[0] != '/') throw Wrong(text, $"'{path}' follows the host");
        NbdAddressOptions options = ParseOptions(text, query < 0 ? "" : text[(query + 1)..], out string? socket);
        if (isLocal && socket is null) throw Wrong(text, "socket=PATH is missing");
        if (isLocal && host.Length > 0) throw Wrong(text, "a socket of this machine has no host: three slashes");
        if (!isLocal && socket is not null) throw Wrong(text, "socket= belongs to nbd+unix:///");
        if (!isLocal && host.Length == 0) throw Wrong(text, "the host is missing");
        string export = path.Length > 0 ? Decode(text, path[1..]) : "";
        if (Encoding.UTF8.GetByteCount(export) > ExportBytesMax) throw Wrong(text, "the export is too long");
        return new NbdAddress(text, scheme.StartsWith("nbds", StringComparison.Ordinal), host, port, socket, export,
            options);
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static int SchemeLength(ReadOnlySpan<char> text)
    {
        foreach (string scheme in s_schemes)
        {
            if (text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
                && text[scheme.Length..].StartsWith(SchemeEnd, StringComparison.Ordinal))
                return scheme.Length + SchemeEnd.Length;
        }
        return 0;
    }

    private static (string Host, int Port) SplitHost(string text, string authority)
    {
        int bracket = authority.StartsWith('[') ? authority.IndexOf(']', StringComparison.Ordinal) : 0;
        if (bracket < 0) throw Wrong(text, "']' is missing");
        int colon = authority.IndexOf(':', bracket);
        string host = colon < 0 ? authority : authority[..colon];
        if (bracket > 0 && host.Length != bracket + 1) throw Wrong(text, "a port may follow ']'");
        if (bracket > 0) host = host[1..bracket];
        if (colon < 0) return (host, NbdProtocol.DefaultPort);
        return ushort.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture,
            out ushort port) && port > 0
            ? (host, port)
            : throw Wrong(text, "the port must be 1 to 65535");
    }

    private static NbdAddressOptions ParseOptions(string text, string query, out string? socket)
    {
        var options = new NbdAddressOptions();
        socket = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string word in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? word : word[..equals];
            string value = equals < 0 ? "" : Decode(text, word[(equals + 1)..]);
            if (!seen.Add(name)) throw Wrong(text, $"{name} is given twice");
            if (value.Length == 0) throw Wrong(text, $"{name}: a value is missing");
            if (name == "socket") socket = value;
            else options = options.With(name, value) ?? throw Wrong(text, $"{name}={value}: no such option");
        }
        return options;
    }

    // %XX, of UTF-8.
    private static string Decode(string text, string part)
    {
        for (int at = part.IndexOf('%', StringComparison.Ordinal); at >= 0;
            at = part.IndexOf('%', at + 1))
        {
            bool isByte = at + 2 < part.Length && Uri.IsHexDigit(part[at + 1]) && Uri.IsHexDigit(part[at + 2]);
            if (!isByte) throw Wrong(text, "two hexadecimal digits must follow %");
        }
        string decoded = Uri.UnescapeDataString(part);
        return decoded.Contains('\0', StringComparison.Ordinal) ? throw Wrong(text, "%00 is in no name") : decoded;
    }

    private static FormatException Wrong(string text, string why) => new($"{text}: {why}");
}
