// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>Work on the nodes of a PFS while nothing is dirty, no operation runs and no commit.</summary>
/// <param name="change">A change of the view that follows; null for none.</param>
/// <returns>None; an error, after which the view stays as it is.</returns>
internal delegate Hammer2Error QuietWork(out Func<ClusterView, ClusterView>? change);
