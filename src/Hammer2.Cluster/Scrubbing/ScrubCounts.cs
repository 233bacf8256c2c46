// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Scrubbing;

/// <summary>What a scrub did.</summary>
internal sealed class ScrubCounts
{
    /// <summary>Bytes of blocks read.</summary>
    public ulong CheckedBytes { get; set; }

    /// <summary>Damaged blocks found.</summary>
    public ulong Faults { get; set; }

    /// <summary>Those that are right now.</summary>
    public ulong Healed { get; set; }
}
