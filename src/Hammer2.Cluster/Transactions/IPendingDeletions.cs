// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Transactions;

/// <summary>Knows of deletions that will be asked for soon: an operation that hits ENOSPC waits for them.</summary>
/// <remarks>Implementations are thread-safe. Called with no lock held.</remarks>
public interface IPendingDeletions
{
    /// <summary>Deletions so far that are not pending any more, whether the file was deleted or not.</summary>
    long EndedTotal { get; }

    /// <summary>Waits for the deletions that are pending now, for a bounded time.</summary>
    /// <param name="endedBefore">An earlier <see cref="EndedTotal"/>.</param>
    /// <param name="written">The file that the caller writes to: when its own deletion is pending, it may wait for the
    /// caller, which then does not wait.</param>
    /// <returns>True when some deletion ended since then.</returns>
    bool Await(long endedBefore, ulong written);
}
