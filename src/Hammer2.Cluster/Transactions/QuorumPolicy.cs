// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Cluster.Transactions;

/// <summary>What becomes of changes once fewer nodes than a quorum can be written.</summary>
public enum QuorumPolicy
{
    /// <summary>They are refused as on a read-only filesystem, until the PFS is mounted again. What was accepted and
    /// not committed is lost.</summary>
    ReadOnly,

    /// <summary>As <see cref="ReadOnly"/>, but each change fails with an I/O error.</summary>
    Error,

    /// <summary>They wait until enough of the nodes have returned that were synced. What was accepted is kept, and
    /// committed then.</summary>
    Stall,
}

/// <summary>The policy of a PFS in use, which can be changed at any time.</summary>
public sealed class QuorumPolicySetting(QuorumPolicy policy = QuorumPolicy.ReadOnly)
{
    private int _policy = (int)policy;

    /// <summary>The policy.</summary>
    public QuorumPolicy Policy
    {
        get => (QuorumPolicy)Volatile.Read(ref _policy);
        internal set => Volatile.Write(ref _policy, (int)value);
    }
}
