// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Fuse;

/// <summary>A live mount, as the code that requested it sees it.</summary>
internal sealed class MountLife(string target, Action stop)
{
    private readonly object _endLock = new();
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
            lock (_endLock) return _hasEnded;
        }
    }

    /// <summary>Unmounts.</summary>
    public void Stop() => stop();

    /// <summary>Waits for the end.</summary>
    public void Wait()
    {
        lock (_endLock)
        {
            while (!_hasEnded) _ = Monitor.Wait(_endLock);
        }
    }

    /// <summary>Sets the one function to call at the end; called at once if the mount has ended already.</summary>
    public void WhenEnded(Action ended)
    {
        lock (_endLock)
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
        lock (_endLock)
        {
            IsDurable = isDurable;
            _hasEnded = true;
            ended = _ended;
            Monitor.PulseAll(_endLock);
        }
        ended?.Invoke();
    }
}
