// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Transactions;

namespace Hammer2.Cluster.Resync;

/// <summary>What one unit of a resynchronization may do, so that commits of other PFSs on the device do not wait long
/// for it, and that what it needs is reserved before.</summary>
/// <param name="halvings">How many times smaller than the largest unit it is, as a power of two: 0 to
/// <see cref="HalvingsMax"/>.</param>
internal sealed class UnitBudget(int halvings)
{
    /// <summary>The smallest unit is a sixteenth of the largest.</summary>
    public const int HalvingsMax = 4;

    // A commit of another PFS waits some 50 ms for such a unit.
    private const int LargestDataBytes = 16 << 20;
    private const int LargestChanges = 512;
    private const int LeavesMax = 50_000;

    private readonly long _dataBytesMax = LargestDataBytes >> halvings;
    private readonly int _changesMax = LargestChanges >> halvings;
    private int _leaves;

    /// <summary>Bytes of file data copied.</summary>
    public long DataBytes { get; private set; }

    /// <summary>Leaves changed.</summary>
    public int Changes { get; private set; }

    /// <summary>The most bytes that the unit can allocate.</summary>
    public long ReservedBytes => SpaceCost.OfOperation(_dataBytesMax, _changesMax);

    /// <summary>True when the unit has to end before the next leaf.</summary>
    public bool IsSpent => DataBytes >= _dataBytesMax || Changes >= _changesMax || _leaves >= LeavesMax;

    /// <summary>Counts a leaf that was looked at.</summary>
    public void CountLeaf() => _leaves++;

    /// <summary>Counts a leaf that was changed.</summary>
    public void CountChange() => Changes++;

    /// <summary>Counts copied file data.</summary>
    public void CountData(int bytes) => DataBytes += bytes;
}
