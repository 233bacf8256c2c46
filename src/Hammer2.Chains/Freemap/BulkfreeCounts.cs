// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Chains.Freemap;

/// <summary>The results of passes of bulkfree, in granules of 16 KiB.</summary>
public record struct BulkfreeCounts
{
    /// <summary>Allocated but unreachable: staged, to be freed by the next pass if still unreachable.</summary>
    public long StagedGranules { get; set; }

    /// <summary>Staged by the last pass: a further pass would free them.</summary>
    public long LastStagedGranules { get; set; }

    /// <summary>Freed.</summary>
    public long FreedGranules { get; set; }

    /// <summary>Reachable but not marked as allocated: damage, which was repaired.</summary>
    public long MissingGranules { get; set; }

    /// <summary>The sum of two counts.</summary>
    public static BulkfreeCounts operator +(in BulkfreeCounts left, in BulkfreeCounts right) => new()
    {
        StagedGranules = left.StagedGranules + right.StagedGranules,
        LastStagedGranules = left.LastStagedGranules + right.LastStagedGranules,
        FreedGranules = left.FreedGranules + right.FreedGranules,
        MissingGranules = left.MissingGranules + right.MissingGranules,
    };
}
