// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Microsoft.Extensions.Logging;

namespace Hammer2.Testing;

/// <summary>Keeps log lines, up to a bound, so that a test can check what was reported.</summary>
public sealed class LogCapture : ILoggerFactory, ILogger
{
    private const int LinesMax = 20_000;

    private readonly Lock _lock = new();
    private readonly List<(LogLevel Level, string Text)> _lines = [];

    /// <summary>All lines so far at or above a level.</summary>
    public IReadOnlyList<string> Lines(LogLevel least)
    {
        var found = new List<string>();
        lock (_lock)
        {
            foreach ((LogLevel level, string text) in _lines)
            {
                if (level >= least)
                    found.Add(text);
            }
        }
        return found;
    }

    /// <summary>True when a line at or above a level contains a text.</summary>
    public bool Contains(LogLevel least, string part)
    {
        foreach (string line in Lines(least))
        {
            if (line.Contains(part, StringComparison.Ordinal))
                return true;
        }
        return false;
    }

    /// <summary>Forgets all lines.</summary>
    public void Clear()
    {
        lock (_lock)
            _lines.Clear();
    }

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        string text = formatter(state, exception);
        lock (_lock)
        {
            if (_lines.Count < LinesMax)
                _lines.Add((logLevel, text));
        }
    }

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider)
        => throw new NotSupportedException("what is logged is kept here and goes nowhere else");

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing to release: a test reads the lines after the mount was closed.
    }
}
