// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Concurrency;

namespace Hammer2.Fuse.Administration;

/// <summary>A long request that runs in the background.</summary>
internal sealed class BackgroundJob
{
    private readonly RankedLock _lock = new(LockRank.BackgroundJob);        // guards the two fields below
    private volatile RequestAnswer? _answer;
    private Action? _ended;
    private volatile bool _isCancelled;
    private long _doneBytes;
    private long _totalBytes;

    /// <summary>A request that begins now.</summary>
    /// <param name="number">Its number in this mount, from 1.</param>
    /// <param name="request">Its name.</param>
    /// <param name="startedAt">The time.</param>
    public BackgroundJob(ulong number, string request, DateTimeOffset startedAt)
    {
        Number = number;
        Request = request;
        StartedAt = startedAt;
    }

    /// <summary>Its number in this mount, from 1.</summary>
    public ulong Number { get; }

    /// <summary>The name of the request.</summary>
    public string Request { get; }

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>True once it is to end early.</summary>
    public bool IsCancelled => _isCancelled;

    /// <summary>Bytes done so far.</summary>
    public long DoneBytes => Volatile.Read(ref _doneBytes);

    /// <summary>Bytes to do; 0 when that is not known.</summary>
    public long TotalBytes => Volatile.Read(ref _totalBytes);

    /// <summary>The answer; null while it runs.</summary>
    public RequestAnswer? Answer => _answer;

    /// <summary>Has it end early; it answers EINTR then.</summary>
    public void Cancel() => _isCancelled = true;

    /// <summary>Tells how far it is.</summary>
    public void Report(long doneBytes, long totalBytes)
    {
        Volatile.Write(ref _totalBytes, totalBytes);
        Volatile.Write(ref _doneBytes, doneBytes);
    }

    /// <summary>Has an action called once when it has ended, on its thread; never when it has ended
    /// already.</summary>
    public void WhenEnded(Action action)
    {
        using (_lock.EnterScope())
            if (_answer is null) _ended += action;
    }

    /// <summary>Ends it.</summary>
    internal void End(RequestAnswer answer)
    {
        Action? ended;
        using (_lock.EnterScope()) (_answer, ended, _ended) = (answer, _ended, null);
        ended?.Invoke();
    }
}
