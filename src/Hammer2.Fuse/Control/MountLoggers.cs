// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Control;

/// <summary>
/// Loggers of one mount that another process requested. Messages go to the log of the daemon, at the level of the
/// mount; those before <see cref="TakeLines"/> are also collected for the requester.
/// </summary>
internal sealed class MountLoggers(DaemonLoggers daemon, LogLevel level) : ILoggerFactory
{
    private const int LinesMax = 200;
    private const int LineCharactersMax = 500;

    private readonly DaemonLoggers _daemon = daemon;
    private readonly LogLevel _level = level;
    private readonly RankedLock _linesLock = new(LockRank.MountMessages);
    private List<ControlLogLine>? _lines = [];

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>Not supported.</summary>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    /// <summary>Returns the messages logged so far. Later ones only go to the daemon.</summary>
    public IReadOnlyList<ControlLogLine> TakeLines()
    {
        using (_linesLock.EnterScope())
        {
            List<ControlLogLine> lines = _lines ?? [];
            _lines = null;
            return lines;
        }
    }

    /// <summary>Loggers stay usable: the mount outlives the request.</summary>
    public void Dispose()
    {
    }

    private void Add(LogLevel lineLevel, string category, string text)
    {
        using (_linesLock.EnterScope())
        {
            if (_lines is null || _lines.Count >= LinesMax) return;
            string shown = text.Length <= LineCharactersMax ? text : text[..LineCharactersMax] + "...";
            _lines.Add(new ControlLogLine(lineLevel, category, shown));
        }
    }

    private sealed class Logger(MountLoggers owner, string category) : ILogger
    {
        private readonly ILogger _daemon = owner._daemon.ForMount(category);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && logLevel >= owner._level;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            _daemon.Log(logLevel, eventId, state, exception, formatter);
            string text = formatter(state, exception);
            owner.Add(logLevel, category, exception is null ? text : $"{text}: {exception}");
        }
    }
}
