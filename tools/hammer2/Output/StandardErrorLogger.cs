// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using System.Text;
using Concurrency;
using Hammer2.Fuse;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Tool.Output;

/// <summary>
/// Log lines on standard error, one per event: with a priority prefix for the journal, with a time otherwise.
/// </summary>
internal sealed class StandardErrorLogger : ILogger
{
    private readonly Terminal _terminal;
    private readonly RankedLock _writeLock;
    private readonly string _category;

    private StandardErrorLogger(Terminal terminal, RankedLock writeLock, string category)
    {
        _terminal = terminal;
        _writeLock = writeLock;
        _category = category[(category.LastIndexOf('.') + 1)..];
    }

    /// <summary>Creates a factory of loggers that write events of at least the given level to the terminal.</summary>
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
            // The journal splits events at line ends and each line would need a priority: write one line.
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
            using (_writeLock.EnterScope()) _terminal.Error.WriteLine(text);
        }
        catch (IOException)
        {
            // The error cannot be reported anywhere: a daemon must continue when its log is closed.
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
        private readonly RankedLock _writeLock = new(LockRank.LogOutput);

        public ILogger CreateLogger(string categoryName) => new StandardErrorLogger(terminal, _writeLock, categoryName);

        public void Dispose()
        {
        }
    }
}
