// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>A node that is resynchronized, as a writer of its device: what a unit allocates is committed when the unit
/// has ended.</summary>
/// <remarks>Lock: a unit, rank 11.</remarks>
internal sealed class UnitClient(string label) : IMediaClient
{
    private readonly RankedLock _unitLock = new(LockRank.ResyncUnit);

    /// <inheritdoc/>
    public string Label => label;

    /// <inheritdoc/>
    public Hammer2Error CommitForReclaim()
    {
        // Waits for a running unit. Nothing is shared with blocks of an earlier one but what that committed.
        using (EnterUnit()) return Hammer2Error.None;
    }

    /// <summary>Held while a unit runs.</summary>
    public RankedLock.Scope EnterUnit() => _unitLock.EnterScope();
}
