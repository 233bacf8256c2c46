// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Cluster.Transactions;

/// <summary>When bulkfree is begun before anything waits for space.</summary>
internal static class ReclaimTiming
{
    private const ulong SmallShare = 4;

    /// <summary>True once less than a quarter of the volume is free, and less than half of what was free after the last
    /// bulkfree: where nothing can be freed, bulkfree runs ever more rarely in relation to what was written.</summary>
    /// <param name="freeBytes">Free now.</param>
    /// <param name="totalBytes">Size of the volume.</param>
    /// <param name="freeAfterLastBytes">Free after the last bulkfree, or at mount.</param>
    public static bool IsDue(ulong freeBytes, ulong totalBytes, ulong freeAfterLastBytes) =>
        freeBytes < totalBytes / SmallShare && freeBytes < freeAfterLastBytes / 2;
}
