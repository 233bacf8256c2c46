// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Transactions;

/// <summary>One node's part of a commit.</summary>
public sealed class NodeStep
{
    private readonly Action _work;

    internal NodeStep(string name, Action work)
    {
        Name = name;
        _work = work;
    }

    /// <summary>Says what it is, for the name of a thread.</summary>
    public string Name { get; }

    /// <summary>Does it. Errors and exceptions are kept by the caller that made the step.</summary>
    public void Run() => _work();
}
