// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Extensions.Logging;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>Puts what the driver logs among the events of a simulation.</summary>
internal sealed class TraceLog(SimulatedCluster cluster) : ILoggerFactory, ILogger
{
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) cluster.Say($"  {formatter(state, exception)} {exception}");
    }

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("there is one log");

    public void Dispose()
    {
        // The simulation keeps what was logged.
    }
}
