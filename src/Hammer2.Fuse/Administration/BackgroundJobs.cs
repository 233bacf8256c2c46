// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Concurrency;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Administration;

/// <summary>The long requests of a mount that run in the background, each on a thread of its own.</summary>
internal sealed class BackgroundJobs
{
    /// <summary>The most that run at once.</summary>
    public const int JobsMax = 8;

    private readonly VnodeOps _vnodes;
    private readonly ILogger _logger;
    private readonly IScheduler _scheduler;
    private readonly RankedMonitor _lock = new(LockRank.BackgroundJobs);    // guards the fields below; pulsed
    private readonly List<BackgroundJob> _running = [];
    private ulong _startedTotal;
    private bool _isStopping;

    /// <summary>No jobs.</summary>
    public BackgroundJobs(VnodeOps vnodes, ILogger logger, TimeProvider time, IScheduler scheduler)
    {
        _vnodes = vnodes;
        _logger = logger;
        Time = time;
        _scheduler = scheduler;
    }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Those that run now, the oldest first.</summary>
    public IReadOnlyList<BackgroundJob> Running
    {
        get
        {
            using (_lock.EnterScope()) return [.. _running];
        }
    }

    /// <summary>Starts a request that was checked.</summary>
    /// <param name="request">Its name.</param>
    /// <param name="run">Does it, tells the job how far it is, and ends when that is cancelled.</param>
    /// <returns>Null when too many run, or the mount is ending.</returns>
    public BackgroundJob? TryStart(string request, Func<BackgroundJob, RequestAnswer> run)
    {
        BackgroundJob job;
        using (_lock.EnterScope())
        {
            if (_isStopping || _running.Count >= JobsMax) return null;
            job = new BackgroundJob(++_startedTotal, request, Time.GetUtcNow());
            _running.Add(job);
        }
        string name = "job-" + job.Number.ToString(CultureInfo.InvariantCulture);
        _ = _scheduler.Start(name, () => Run(job, run));
        return job;
    }

    /// <summary>Cancels all jobs, waits until they have ended, and starts no further ones.</summary>
    public void Stop()
    {
        using (_lock.EnterScope())
        {
            _isStopping = true;
            foreach (BackgroundJob job in _running) job.Cancel();
            while (_running.Count > 0) _lock.Wait();
        }
    }

    private void Run(BackgroundJob job, Func<BackgroundJob, RequestAnswer> run)
    {
        RequestAnswer? answer = null;
        try
        {
            Errno error = _vnodes.RunInBackground(job.Request, () =>
            {
                answer = run(job);
                return answer.Error;
            });
            answer ??= RequestAnswer.Refused(job.Request, error, "it ended by a defect; the log tells more");
            AdministrationLog.JobEnded(_logger, job.Request, job.Number, answer.Error, answer.Message);
        }
        finally
        {
            answer ??= RequestAnswer.Refused(job.Request, Errno.EIO, "it ended by a defect; the log tells more");
            job.End(answer);
            using (_lock.EnterScope())
            {
                _ = _running.Remove(job);
                _lock.PulseAll();
            }
        }
    }
}
