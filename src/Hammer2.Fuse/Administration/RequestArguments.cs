// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Devices;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Fuse.Administration;

/// <summary>The checked arguments of a request. Immutable once bound.</summary>
internal sealed class RequestArguments
{
    /// <summary>No arguments.</summary>
    public static readonly RequestArguments None = new([]);

    private const int PathBytesMax = 4095;

    private readonly Dictionary<string, object> _values;

    private RequestArguments(Dictionary<string, object> values) => _values = values;

    /// <summary>Arguments with values of the types of a row's parameters, as a door that decodes structs has them:
    /// string, ulong, <see cref="MediaUuid"/>, bool.</summary>
    public static RequestArguments Of(params ReadOnlySpan<(string Name, object Value)> arguments)
    {
        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach ((string name, object value) in arguments) values.Add(name, value);
        return new RequestArguments(values);
    }

    /// <summary>Checks names and values against the parameters of a row.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="given">Names and values as text; without a name, the value of the first parameter.</param>
    /// <param name="arguments">The arguments.</param>
    /// <returns>Null; or why they are rejected.</returns>
    public static string? Bind(IReadOnlyList<RequestParameter> parameters,
        IReadOnlyList<KeyValuePair<string, string>> given, out RequestArguments arguments)
    {
        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        arguments = new RequestArguments(values);
        foreach ((string word, string text) in given)
        {
            string name = word.Length == 0 && parameters.Count > 0 ? parameters[0].Name : word;
            if (name.Length == 0) return $"{text}: it has no parameters";
            if (Find(parameters, name) is not { } parameter) return $"it has no parameter {name}";
            if (Parse(parameter.Type, text) is not { } value)
                return $"{name}={text}: {FormOf(parameter.Type)} is needed";
            if (!values.TryAdd(name, value)) return $"{name} is given twice";
        }
        return FaultOf(parameters, arguments);
    }

    /// <summary>Checks that nothing is missing.</summary>
    /// <returns>Null; or what is missing.</returns>
    public static string? FaultOf(IReadOnlyList<RequestParameter> parameters, RequestArguments arguments)
    {
        foreach (RequestParameter parameter in parameters)
            if (parameter.IsRequired && !arguments._values.ContainsKey(parameter.Name))
                return $"{parameter.Name}=... is missing";
        return null;
    }

    /// <summary>A label, a string of <see cref="ByteText"/>; null when it was not given.</summary>
    public string? Label(string name) => _values.GetValueOrDefault(name) as string;

    /// <summary>A path, a string of <see cref="ByteText"/>; null when it was not given.</summary>
    public string? Path(string name) => Label(name);

    /// <summary>A number; null when it was not given.</summary>
    public ulong? Number(string name) => _values.GetValueOrDefault(name) as ulong?;

    /// <summary>A UUID; null when it was not given.</summary>
    public MediaUuid? Uuid(string name) => _values.GetValueOrDefault(name) as MediaUuid?;

    /// <summary>The arguments as text for people.</summary>
    public override string ToString()
    {
        var words = new List<string>();
        foreach ((string name, object value) in _values)
        {
            if (value is not false)
                words.Add(value is true ? name : string.Create(CultureInfo.InvariantCulture, $"{name}={value}"));
        }
        return ByteText.ToPrintable(string.Join(' ', words));
    }

    /// <summary>A flag; false when it was not given.</summary>
    public bool Flag(string name) => _values.GetValueOrDefault(name) is true;

    private static RequestParameter? Find(IReadOnlyList<RequestParameter> parameters, string name)
    {
        foreach (RequestParameter parameter in parameters)
            if (parameter.Name == name) return parameter;
        return null;
    }

    private static object? Parse(ParameterType type, string text)
    {
        switch (type)
        {
            case ParameterType.Label:
                bool isLabel = text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal)
                    && ByteText.ByteCount(text) <= Media.NameBytesMax;
                return isLabel ? text : null;
            case ParameterType.Hold:
                return PfsHolds.IsName(ByteText.Encode(text)) ? text : null;
            case ParameterType.Path or ParameterType.Device:
                bool isRemote = type == ParameterType.Device && DeviceOpener.IsRemote(text);
                bool isPath = (text.StartsWith('/') || isRemote) && !text.Contains('\0', StringComparison.Ordinal)
                    && ByteText.ByteCount(text) <= PathBytesMax;
                return isPath ? text : null;
            case ParameterType.Number:
                bool isHexadecimal = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
                return ulong.TryParse(isHexadecimal ? text.AsSpan(2) : text,
                    isHexadecimal ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture,
                    out ulong number) ? number : null;
            case ParameterType.Uuid:
                return Guid.TryParseExact(text, "D", out Guid id) ? MediaUuid.From(id) : null;
            case ParameterType.Flag:
                return text switch { "yes" or "true" => true, "no" or "false" => false, _ => null };
            default:
                throw new ArgumentOutOfRangeException(nameof(type));
        }
    }

    private static string FormOf(ParameterType type) => type switch
    {
        ParameterType.Label => "a label of 1 to 255 bytes",
        ParameterType.Hold => "a name of 1 to 63 printable characters of ASCII without blank and slash",
        ParameterType.Path => "an absolute path",
        ParameterType.Device => "an absolute path, or the address of a device of a server",
        ParameterType.Number => "a number",
        ParameterType.Uuid => "a UUID",
        _ => "yes or no",
    };
}
