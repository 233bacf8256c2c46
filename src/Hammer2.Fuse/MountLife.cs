// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;

namespace Hammer2.Fuse;

/// <summary>A live mount, as the code that requested it sees it.</summary>
internal sealed class MountLife(string target, Action stop)
{
    private readonly RankedMonitor _endLock = new(LockRank.MountEnd);
    private Action? _ended;
    private bool _hasEnded;

    /// <summary>The mount point.</summary>
    public string Target { get; } = target;

    /// <summary>True when all accepted changes are durable. Valid only after the end.</summary>
    public bool IsDurable { get; private set; }

    /// <summary>True once it was unmounted, its PFS has committed, and its devices were closed unless other mounts use
    /// them.</summary>
    public bool HasEnded
    {
        get
        {
            using (_endLock.EnterScope()) return _hasEnded;
        }
    }

    /// <summary>Unmounts.</summary>
    public void Stop() => stop();

    /// <summary>Waits for the end.</summary>
    public void Wait()
    {
        using (_endLock.EnterScope())
        {
            while (!_hasEnded) _endLock.Wait();
        }
    }

    /// <summary>Sets the one function to call at the end; called at once if the mount has ended already.</summary>
    public void WhenEnded(Action ended)
    {
        using (_endLock.EnterScope())
        {
            _ended = ended;
            if (!_hasEnded) return;
        }
        ended();
    }

    /// <summary>Records the end.</summary>
    internal void End(bool isDurable)
    {
        Action? ended;
        using (_endLock.EnterScope())
        {
            IsDurable = isDurable;
            _hasEnded = true;
            ended = _ended;
            _endLock.PulseAll();
        }
        ended?.Invoke();
    }
}
