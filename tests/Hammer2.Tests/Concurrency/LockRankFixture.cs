// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using Concurrency;
using Hammer2.Tests.Concurrency;
using Xunit;

[assembly: AssemblyFixture(typeof(LockRankFixture))]

namespace Hammer2.Tests.Concurrency;

/// <summary>
/// Fails the run when any test acquired locks against their ranks, even where the engine stopped on the exception and
/// the test expected it to stop.
/// </summary>
public sealed class LockRankFixture : IDisposable
{
    /// <summary>Begins the names of the locks of tests that violate ranks on purpose.</summary>
    internal const string Intended = "intended:";

    private readonly ConcurrentDictionary<string, string> _violations = new();

    public LockRankFixture() => HeldLocks.Violated += Note;

    /// <inheritdoc/>
    public void Dispose()
    {
        HeldLocks.Violated -= Note;
        Assert.True(_violations.IsEmpty, string.Join("\n\n", _violations.Values));
    }

    private void Note(string message)
    {
        if (!message.Contains(Intended, StringComparison.Ordinal))
            _ = _violations.TryAdd(message, message + "\n" + Environment.StackTrace);
    }
}
