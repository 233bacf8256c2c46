// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Cluster.Transactions;

/// <summary>How the nodes' parts of a commit are run. Tests run them one by one in an order of theirs.</summary>
public interface INodeRunner
{
    /// <summary>Runs all steps and returns when the last one is done. They touch different devices.</summary>
    void RunAll(IReadOnlyList<NodeStep> steps);
}
