// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>
/// The right of one commit to write metadata to one or several devices: from before its first block of metadata
/// until each header is durable or the attempt is abandoned. Commits of other PFSs wait for it.
/// </summary>
/// <remarks>
/// The turns of several devices are entered in one order that is the same for all threads, so that two clusters which
/// share devices never wait for each other in a circle. Rank 12. The turn belongs to the thread that entered it, which
/// must also leave it; threads that work for it may use the devices meanwhile. Leaving abandons what was not published.
/// </remarks>
public sealed class CommitTurn : IDisposable
{
    private readonly List<MediaCommitter> _entered;

    private CommitTurn(List<MediaCommitter> entered) => _entered = entered;

    /// <summary>Waits until no other commit has any of the devices, and enters them all.</summary>
    /// <param name="committers">The devices in any order. Null stands for a device that takes no part; one that is
    /// there twice is entered once.</param>
    /// <remarks>Entry: this thread has no turn, of any device.</remarks>
    public static CommitTurn Enter(IReadOnlyList<MediaCommitter?> committers)
    {
        ArgumentNullException.ThrowIfNull(committers);
        List<MediaCommitter> ordered = MediaCommitter.InOrder(committers);
        foreach (MediaCommitter committer in ordered) Invariant.Holds(!committer.IsTurnMine);
        foreach (MediaCommitter committer in ordered) committer.EnterTurn();
        return new CommitTurn(ordered);
    }

    /// <summary>The same for one device.</summary>
    public static CommitTurn Enter(MediaCommitter committer) => Enter([committer]);

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = _entered.Count - 1; i >= 0; i--) _entered[i].LeaveTurn();
        _entered.Clear();
    }
}
