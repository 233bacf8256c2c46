// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Tool.Output;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Tool.CommandLine;

/// <summary>One run of a command: its arguments and its output.</summary>
internal sealed class Invocation : IDisposable
{
    private readonly Dictionary<string, string[]> _values;
    private readonly List<string> _errors = [];
    private LoggerFactory? _loggers;
    private JsonReport? _json;

    /// <summary>Takes the values by the name of their row; a flag that was given has an empty array.</summary>
    public Invocation(CommandRow row, Dictionary<string, string[]> values, Terminal terminal)
    {
        Row = row;
        _values = values;
        Terminal = terminal;
    }

    /// <summary>The command that runs.</summary>
    public CommandRow Row { get; }

    /// <summary>The output of the command.</summary>
    public Terminal Terminal { get; }

    /// <summary>Describes the state of the work if the command were interrupted now. Called on another
    /// thread.</summary>
    public Func<string> Interrupted { get; set; } = static () => "nothing was changed";

    /// <summary>The unit in which sizes are printed.</summary>
    public ByteUnit Unit =>
        Has(CommonOptions.Raw) ? ByteUnit.Raw : Has(CommonOptions.Si) ? ByteUnit.Si : ByteUnit.Iec;

    /// <summary>Loggers that write to standard error; created on first use.</summary>
    public ILoggerFactory Loggers => _loggers ??= StandardErrorLogger.CreateFactory(Terminal, LogLevel);

    /// <summary>The minimum level of log messages; warning by default.</summary>
    public LogLevel LogLevel => Text(CommonOptions.LogLevel) switch
    {
        "trace" => LogLevel.Trace,
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "error" => LogLevel.Error,
        "none" => LogLevel.None,
        _ => LogLevel.Warning,
    };

    /// <summary>True when the option was given.</summary>
    public bool Has(OptionRow option) => _values.ContainsKey(option.Name);

    /// <summary>The value of an option, the last one when it was given twice; null when it was not given.</summary>
    public string? Text(OptionRow option) =>
        _values.TryGetValue(option.Name, out string[]? values) && values.Length > 0 ? values[^1] : null;

    /// <summary>All values of an option that may be given several times.</summary>
    public IReadOnlyList<string> Texts(OptionRow option) => _values.GetValueOrDefault(option.Name, []);

    /// <summary>The value of an optional argument; null when it was omitted.</summary>
    public string? OptionalText(ArgumentRow argument) =>
        _values.TryGetValue(argument.Name, out string[]? values) && values.Length > 0 ? values[0] : null;

    /// <summary>The value of a required argument.</summary>
    public string Text(ArgumentRow argument) =>
        OptionalText(argument) ?? throw new CommandException(Row.UsageExitCode, $"{argument.Name} is missing");

    /// <summary>All values of an argument that may be given several times.</summary>
    public IReadOnlyList<string> Texts(ArgumentRow argument) => _values.GetValueOrDefault(argument.Name, []);

    /// <summary>A whole number, decimal or hexadecimal with 0x; null when the option was not given.</summary>
    public ulong? Number(OptionRow option)
    {
        if (Text(option) is not { } text) return null;
        if (TryParseNumber(text, out ulong number)) return number;
        throw new CommandException(Row.UsageExitCode, $"{option.Name} {text}: not a number");
    }

    /// <summary>Parses a number: decimal, or hexadecimal after 0x.</summary>
    public static bool TryParseNumber(string text, out ulong number) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    /// <summary>A report in the requested format, JSON or text.</summary>
    /// <remarks>A command opens one.</remarks>
    public Report OpenReport() => Has(CommonOptions.Json)
        ? _json = new JsonReport(Terminal)
        : new TextReport(Terminal, Unit);

    /// <summary>Writes one line to standard error, with control characters escaped. JSON has it among its
    /// errors.</summary>
    public void Warn(string message)
    {
        string text = ByteText.ToPrintable(message);
        _errors.Add(text);
        Terminal.Error.WriteLine("hammer2: " + text);
    }

    /// <summary>Completes the JSON with the errors; without a report, writes JSON of the errors alone.</summary>
    public void CompleteReport()
    {
        if (!Has(CommonOptions.Json) || (_json is null && _errors.Count == 0)) return;
        _json ??= new JsonReport(Terminal);
        _json.Complete(_errors);
    }

    /// <inheritdoc/>
    public void Dispose() => _loggers?.Dispose();
}
