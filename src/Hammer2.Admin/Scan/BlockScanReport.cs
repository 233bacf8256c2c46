// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin.Scan;

/// <summary>A reference whose block is missing, unreadable or damaged.</summary>
/// <param name="Reference">The reference.</param>
/// <param name="Reason">The fault.</param>
public sealed record BlockScanFault(Blockref Reference, string Reason);

/// <summary>The result of scanning one tree.</summary>
public sealed class BlockScanReport
{
    private readonly List<BlockScanFault> _faults = [];
    private BlockScanTotals _totals;

    /// <summary>Totals of the tree.</summary>
    public BlockScanTotals Totals => _totals;

    /// <summary>The listed faults.</summary>
    public IReadOnlyList<BlockScanFault> Faults => _faults;

    /// <summary>Number of faults, listed or not.</summary>
    public long FaultsTotal { get; private set; }

    internal void Add(in BlockScanTotals totals) => _totals.Add(totals);

    internal void Add(in Blockref reference, string reason, int listedMax)
    {
        FaultsTotal++;
        if (_faults.Count < listedMax) _faults.Add(new BlockScanFault(reference, reason));
    }
}
