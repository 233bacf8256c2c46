// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Cluster.Transactions;

namespace Hammer2.Tests.Transactions;

/// <summary>Runs the nodes' parts of commits one by one; holds a commit back while a test wants it.</summary>
internal sealed class SteppedRunner : INodeRunner, IDisposable
{
    private readonly ManualResetEventSlim _mayRun = new(initialState: true);
    private readonly ManualResetEventSlim _isHeld = new();

    /// <summary>Holds back what runs next, until <see cref="Release"/>.</summary>
    public void Hold()
    {
        _isHeld.Reset();
        _mayRun.Reset();
    }

    /// <summary>Waits until a commit is held back.</summary>
    public bool AwaitHeld() => _isHeld.Wait(TimeSpan.FromSeconds(60));

    /// <summary>Lets it go on.</summary>
    public void Release() => _mayRun.Set();

    public void RunAll(IReadOnlyList<NodeStep> steps)
    {
        if (!_mayRun.IsSet) _isHeld.Set();
        _mayRun.Wait();
        foreach (NodeStep step in steps) step.Run();
    }

    public void Dispose()
    {
        _mayRun.Dispose();
        _isHeld.Dispose();
    }
}
