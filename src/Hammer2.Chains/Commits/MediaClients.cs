// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>The clients of one device.</summary>
/// <remarks>Monitor of rank 80, held for moments and never while a client is called; a client that is being called is
/// waited for when it leaves.</remarks>
internal sealed class MediaClients
{
    private readonly RankedMonitor _lock = new(LockRank.MediaClients);
    private readonly List<IMediaClient> _clients = [];
    private readonly List<IMediaClient> _called = [];

    /// <summary>Those that there are now, in the order in which they came.</summary>
    public IReadOnlyList<IMediaClient> All
    {
        get
        {
            using (_lock.EnterScope()) return [.. _clients];
        }
    }

    public void Add(IMediaClient client)
    {
        using (_lock.EnterScope())
        {
            Invariant.Holds(!_clients.Contains(client));
            _clients.Add(client);
        }
    }

    /// <summary>Ends a client's part, once no call to it is under way. Nothing when it has none.</summary>
    public void Remove(IMediaClient client)
    {
        using (_lock.EnterScope())
        {
            _ = _clients.Remove(client);
            while (_called.Contains(client)) _lock.Wait();
        }
    }

    /// <summary>Has a client commit, unless it has left meanwhile.</summary>
    /// <returns>None; what the client answers.</returns>
    public Hammer2Error Commit(IMediaClient client)
    {
        using (_lock.EnterScope())
        {
            // What a client committed before it left is on media, and it needs nothing else any more.
            if (!_clients.Contains(client)) return Hammer2Error.None;
            _called.Add(client);
        }
        try
        {
            return client.CommitForReclaim();
        }
        finally
        {
            using (_lock.EnterScope())
            {
                _ = _called.Remove(client);
                _lock.PulseAll();
            }
        }
    }
}
