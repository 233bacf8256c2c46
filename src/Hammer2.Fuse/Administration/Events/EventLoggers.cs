// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Administration.Events;

/// <summary>Loggers of a mount whose messages from level Information on become its events, whatever level is
/// logged.</summary>
/// <param name="inner">Where the messages go besides.</param>
/// <param name="events">The events.</param>
internal sealed class EventLoggers(ILoggerFactory inner, EventRing events) : ILoggerFactory
{
    /// <summary>The events.</summary>
    public EventRing Events => events;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(inner.CreateLogger(categoryName), events,
        categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <summary>The inner loggers are disposed of by their owner.</summary>
    public void Dispose()
    {
    }

    private sealed class Logger(ILogger inner, EventRing events, string source) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => IsEvent(logLevel) || inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (inner.IsEnabled(logLevel)) inner.Log(logLevel, eventId, state, exception, formatter);
            if (!IsEvent(logLevel)) return;
            string text = formatter(state, exception);
            events.Add(logLevel, source, exception is null ? text : $"{text}: {exception.Message}");
        }

        private static bool IsEvent(LogLevel level) => level is >= LogLevel.Information and < LogLevel.None;
    }
}
