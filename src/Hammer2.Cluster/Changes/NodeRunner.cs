// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Hammer2.Cluster.Changes;

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

    /// <summary>Does it. Errors are kept by whoever made the step.</summary>
    public void Run() => _work();
}

/// <summary>How the nodes' parts of a commit are run. Tests run them one by one in an order of theirs.</summary>
public interface INodeRunner
{
    /// <summary>Runs all steps and returns when the last one is done. They touch different devices.</summary>
    void RunAll(IReadOnlyList<NodeStep> steps);
}

/// <summary>One step runs here; the others side by side on threads, since devices are what is slow.</summary>
internal sealed class ThreadedRunner : INodeRunner
{
    public static readonly ThreadedRunner Instance = new();

    public void RunAll(IReadOnlyList<NodeStep> steps)
    {
        var threads = new List<Thread>();
        for (int i = 1; i < steps.Count; i++)
        {
            NodeStep step = steps[i];
            var thread = new Thread(step.Run) { Name = step.Name };
            thread.Start();
            threads.Add(thread);
        }
        if (steps.Count > 0) steps[0].Run();
        foreach (Thread thread in threads) thread.Join();
    }
}

/// <summary>How a PFS is written.</summary>
public sealed record PfsWriteOptions
{
    /// <summary>Chance from outside: tells assemblies apart that give themselves the same epoch.</summary>
    public byte EpochTag { get; init; }

    /// <summary>Threads that encode and write file data in the background. With none, writers do it with their
    /// next write, in an order that depends on nothing but the calls.</summary>
    public int Workers { get; init; }

    /// <summary>Most bytes of file data that stay in memory because they may change again; 64 MiB unless told
    /// otherwise.</summary>
    public long OpenBytesMax { get; init; } = 64L << 20;

    /// <summary>False when every block is to be stored, even if an equal one was written lately.</summary>
    public bool Deduplicates { get; init; } = true;

    /// <summary>How the nodes' parts of a commit run; by default side by side.</summary>
    public INodeRunner Runner { get; init; } = ThreadedRunner.Instance;
}
