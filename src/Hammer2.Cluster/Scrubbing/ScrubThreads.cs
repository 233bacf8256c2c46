// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Cluster.Scrubbing;

/// <summary>Scrubs the filesystems of the nodes of a PFS, each in a thread of its own.</summary>
/// <remarks>A scrub that ran when the PFS was unmounted, or power failed, goes on when it is mounted for writing again.
/// Without a scheduler for threads <see cref="Run"/> is called instead.</remarks>
internal sealed class ScrubThreads : IDisposable
{
    private readonly ScrubOutside _outside;
    private readonly Func<string, Func<Hammer2Error>, Hammer2Error> _guard;
    private readonly RankedLock _lock = new(LockRank.Scrubs);
    private readonly Dictionary<PresentNode, Job> _jobs = [];
    private volatile bool _isClosed;

    /// <param name="outside">What scrubs take from outside.</param>
    /// <param name="guard">Runs work, and stops the PFS when it throws.</param>
    public ScrubThreads(ScrubOutside outside, Func<string, Func<Hammer2Error>, Hammer2Error> guard)
    {
        _outside = outside;
        _guard = guard;
    }

    /// <summary>True while a scrub of a node runs.</summary>
    public bool IsRunning(PresentNode node)
    {
        using (_lock.EnterScope()) return _jobs.TryGetValue(node, out Job? job) && !job.IsEnded;
    }

    /// <summary>Starts a scrub.</summary>
    /// <param name="node">The node.</param>
    /// <param name="options">How.</param>
    /// <returns>None; NodeDown when the node is not synced; Busy when one runs on its filesystem.</returns>
    public Hammer2Error Start(PresentNode node, ScrubOptions options)
    {
        if (!node.IsSynced || node.Device.Committer is not { } committer) return Hammer2Error.NodeDown;
        using (_lock.EnterScope())
        {
            if (_isClosed || !committer.Upkeep.TryBeginScrub()) return Hammer2Error.Busy;
            if (_jobs.Remove(node, out Job? last)) last.Thread?.Join();
            var job = new Job();
            _jobs.Add(node, job);
            job.Thread = _outside.Scheduler.Start("scrub", () => RunJob(job, node, options, committer));
        }
        return Hammer2Error.None;
    }

    /// <summary>Scrubs a node on this thread.</summary>
    /// <returns>As <see cref="NodeScrub.Run"/>; Busy when one runs on its filesystem.</returns>
    public Hammer2Error Run(PresentNode node, ScrubOptions options, Func<bool> isCancelled)
    {
        MediaCommitter committer = node.Device.Committer!;
        if (!committer.Upkeep.TryBeginScrub()) return Hammer2Error.Busy;
        try
        {
            return _guard("a scrub", new NodeScrub(node, options, _outside, isCancelled).Run);
        }
        finally
        {
            committer.Upkeep.EndScrub();
        }
    }

    /// <summary>Stops the scrub of a node. It goes on where it was when it is started again.</summary>
    /// <returns>False when none runs.</returns>
    /// <remarks>Waits for the slice that it is in.</remarks>
    public bool Stop(PresentNode node)
    {
        Job? job;
        using (_lock.EnterScope())
        {
            if (!_jobs.Remove(node, out job)) return false;
            job.IsCancelled = true;
        }
        bool wasRunning = !job.IsEnded;
        job.Thread?.Join();
        if (wasRunning && job.Result == Hammer2Error.Interrupted)
            _ = node.Device.Committer!.Upkeep.Update(static record => record.Fields.State = ScrubState.Stopped);
        return wasRunning;
    }

    /// <summary>Goes on with scrubs that did not come to their end.</summary>
    public void Resume()
    {
        foreach (PresentNode node in _outside.Nodes.View.Synced)
        {
            UpkeepFields last = node.Device.Committer!.Upkeep.Current.Fields;
            if (last.State == ScrubState.Running) _ = Start(node, new ScrubOptions(last.RateBytes));
        }
    }

    /// <summary>Ends all threads after the slice that they are in.</summary>
    public void Dispose()
    {
        _isClosed = true;
        List<Job> jobs;
        using (_lock.EnterScope()) jobs = [.. _jobs.Values];
        foreach (Job job in jobs) job.Thread?.Join();
    }

    private void RunJob(Job job, PresentNode node, ScrubOptions options, MediaCommitter committer)
    {
        Func<bool> isCancelled = () => _isClosed || job.IsCancelled;
        try
        {
            job.Result = _guard("a scrub", () => new NodeScrub(node, options, _outside, isCancelled).Run());
        }
        finally
        {
            committer.Upkeep.EndScrub();
            job.IsEnded = true;
        }
    }

    private sealed class Job
    {
        private volatile bool _isCancelled, _isEnded;
        private int _result;

        public IStartedThread? Thread { get; set; }

        public bool IsCancelled { get => _isCancelled; set => _isCancelled = value; }

        public bool IsEnded { get => _isEnded; set => _isEnded = value; }

        public Hammer2Error Result
        {
            get => (Hammer2Error)Volatile.Read(ref _result);
            set => Volatile.Write(ref _result, (int)value);
        }
    }
}
