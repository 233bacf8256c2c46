// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>
/// Loggers of a daemon: those of the starter until the mount is live, and the system's log afterwards, when the
/// starter's error stream cannot be used any more.
/// </summary>
public sealed partial class DaemonLoggers : ILoggerFactory
{
    private const int DaemonFacility = 3 << 3;      // LOG_DAEMON
    private const int WithProcessNumber = 1;        // LOG_PID

    private readonly ILoggerFactory _starter;
    private readonly ConcurrentDictionary<string, ILogger> _loggers = new(StringComparer.Ordinal);
    private volatile bool _usesSystemLog;

    /// <summary>Uses the loggers of <paramref name="starter"/> at first; they also decide the level.</summary>
    public DaemonLoggers(ILoggerFactory starter) => _starter = starter;

    /// <summary>Sends all later messages to syslog(3), which the journal reads as well.</summary>
    public void UseSystemLog()
    {
        OpenLog(Marshal.StringToCoTaskMemUTF8("hammer2"), WithProcessNumber, DaemonFacility);
        _usesSystemLog = true;
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) =>
        _loggers.GetOrAdd(categoryName, name => new Logger(this, name, _starter.CreateLogger(name)));

    /// <summary>A logger for a mount with its own level: its messages go to the system's log regardless of the level of
    /// the starter, which still applies to the starter's error stream.</summary>
    public ILogger ForMount(string categoryName) =>
        new Logger(this, categoryName, _starter.CreateLogger(categoryName)) { HasOwnLevel = true };

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => _starter.AddProvider(provider);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The owner of the starter's factory disposes of it.
    }

    /// <summary>The priority of syslog(3) for a level.</summary>
    public static int Priority(LogLevel level) => level switch
    {
        LogLevel.Critical => 2,
        LogLevel.Error => 3,
        LogLevel.Warning => 4,
        LogLevel.Information => 6,
        _ => 7,
    };

    // The library keeps the pointer, so the name is never freed.
    [LibraryImport("libc", EntryPoint = "openlog")]
    private static partial void OpenLog(nint name, int options, int facility);

    [LibraryImport("libc", EntryPoint = "syslog", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void WriteLog(int priority, string format, string text);

    private sealed class Logger(DaemonLoggers owner, string category, ILogger starter) : ILogger
    {
        private readonly string _name = category[(category.LastIndexOf('.') + 1)..];

        public bool HasOwnLevel { get; init; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => starter.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (!owner._usesSystemLog)
            {
                starter.Log(logLevel, eventId, state, exception, formatter);
                return;
            }
            if (!HasOwnLevel && !starter.IsEnabled(logLevel)) return;
            string text = $"{_name}: {formatter(state, exception)}";
            if (exception is not null) text += $": {exception}";
            WriteLog(Priority(logLevel), "%s", ByteText.ToPrintable(text.ReplaceLineEndings(" | ")));
        }
    }
}
