// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Membership;

/// <summary>The part that a node's stored type gives it in a cluster.</summary>
public enum NodeRole
{
    /// <summary>Holds a vote and may be read when it holds the commit that is shown.</summary>
    Master,

    /// <summary>A master that is being resynchronized (0x63): has no vote and is never read.</summary>
    Returning,

    /// <summary>A copy without a vote (SLAVE, SOFT_SLAVE, SOFT_MASTER), read only where there is no
    /// master.</summary>
    Slave,

    /// <summary>Could not be opened, or has no usable root.</summary>
    Absent,
}
