// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>The part of a node in a cluster by the membership record.</summary>
public enum MemberRole
{
    /// <summary>It has a vote.</summary>
    Master = 1,

    /// <summary>It is a copy without a vote.</summary>
    Slave = 2,

    /// <summary>It is to become a master: it has no vote until it was made equal to the others.</summary>
    Joining = 3,
}
