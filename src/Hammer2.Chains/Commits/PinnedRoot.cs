// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Chains.Commits;

/// <summary>
/// A committed state that stays readable while newer commits are written: bulkfree leaves everything alone that it
/// leads to. Disposing of it ends that.
/// </summary>
/// <remarks>It holds space: what was deleted since is not freed. The bound says how long it should last; a pin that is
/// past its bound is not broken, since its reader would get other bytes, but is named in the log by each bulkfree.
/// A pin does not outlive its process.</remarks>
public sealed class PinnedRoot : IDisposable
{
    private Action<PinnedRoot>? _remove;

    internal PinnedRoot(
        Action<PinnedRoot> remove, Chain root, ulong mirrorTid, string purpose, DateTimeOffset since, TimeSpan bound)
    {
        _remove = remove;
        Root = root;
        MirrorTid = mirrorTid;
        Purpose = purpose;
        Since = since;
        Bound = bound;
    }

    /// <summary>The volume header's references as of that commit: the super-root has key 0 below it.</summary>
    public Chain Root { get; }

    /// <summary>mirror_tid of that commit.</summary>
    public ulong MirrorTid { get; }

    /// <summary>What it is for, in words for people.</summary>
    public string Purpose { get; }

    /// <summary>When it was pinned.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>How long it should last at most.</summary>
    public TimeSpan Bound { get; }

    /// <summary>True when it has lasted longer than it should.</summary>
    public bool IsOverdue(DateTimeOffset now) => now - Since > Bound;

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _remove, null)?.Invoke(this);
}
