// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Membership;

/// <summary>The role of a node in a cluster by its stored type.</summary>
public enum NodeRole
{
    /// <summary>Has a vote and may be read when it has the commit in use.</summary>
    Master,

    /// <summary>A master that is being resynchronized (0x63): has no vote and is never read.</summary>
    Returning,

    /// <summary>A copy without a vote (SLAVE, SOFT_SLAVE, SOFT_MASTER), read only where there is no
    /// master.</summary>
    Slave,

    /// <summary>The node could not be opened, or has no usable root.</summary>
    Absent,
}
