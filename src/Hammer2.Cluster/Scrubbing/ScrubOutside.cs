// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Hammer2.Cluster.Healing;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.Scrubbing;

/// <summary>Bulkfree on one node.</summary>
/// <returns>As <see cref="SpaceReclaim.Run"/>.</returns>
internal delegate Hammer2Error NodeReclaim(PresentNode node, ReclaimOptions options, out ReclaimResult result);

/// <summary>What scrubs take from outside.</summary>
/// <param name="Nodes">The nodes of the PFS.</param>
/// <param name="Healing">Heals places of the PFS by commits.</param>
/// <param name="Reclaim">Bulkfree on one node.</param>
/// <param name="Time">The clock.</param>
/// <param name="Scheduler">Starts threads and makes them wait.</param>
internal sealed record ScrubOutside(
    ClusterNodes Nodes, HealingWork Healing, NodeReclaim Reclaim, TimeProvider Time, IScheduler Scheduler);
