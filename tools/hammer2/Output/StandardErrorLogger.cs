// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using Hammer2.Fuse;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Tool.Output;

/// <summary>
/// Log lines on standard error, one per event: with a priority in front where the journal reads them, with a
/// time where a person does.
/// </summary>
internal sealed class StandardErrorLogger : ILogger
{
    private readonly Terminal _terminal;
    private readonly Lock _gate;
    private readonly string _category;

    private StandardErrorLogger(Terminal terminal, Lock gate, string category)
    {
        _terminal = terminal;
        _gate = gate;
        _category = category[(category.LastIndexOf('.') + 1)..];
    }

    /// <summary>A factory whose loggers write to the terminal what is at least as bad as the level.</summary>
    public static LoggerFactory CreateFactory(Terminal terminal, LogLevel level) =>
        new([new Provider(terminal)], new LoggerFilterOptions { MinLevel = level });

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        var line = new StringBuilder();
        if (_terminal.ErrorIsJournal)
        {
            // The journal splits events at line ends, so that each line needs its priority: keep to one.
            line.Append('<').Append(DaemonLoggers.Priority(logLevel)).Append('>');
        }
        else
        {
            DateTimeOffset now = _terminal.Time.GetLocalNow();
            line.Append(now.ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture)).Append(Name(logLevel)).Append(' ');
        }
        line.Append(_category).Append(": ").Append(formatter(state, exception));
        if (exception is not null) line.Append(": ").Append(exception);
        string text = ByteText.ToPrintable(line.ToString().ReplaceLineEndings(" | "));
        try
        {
            lock (_gate) _terminal.Error.WriteLine(text);
        }
        catch (IOException)
        {
            // Nobody is left to tell: a daemon must live on when its log is closed.
        }
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Critical => "critical",
        LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        LogLevel.Information => "info",
        LogLevel.Debug => "debug",
        _ => "trace",
    };

    private sealed class Provider(Terminal terminal) : ILoggerProvider
    {
        private readonly Lock _gate = new();

        public ILogger CreateLogger(string categoryName) => new StandardErrorLogger(terminal, _gate, categoryName);

        public void Dispose()
        {
        }
    }
}
