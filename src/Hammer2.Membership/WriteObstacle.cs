// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Membership;

/// <summary>Why a cluster must not be written.</summary>
public enum WriteObstacle
{
    /// <summary>It may be written.</summary>
    None,

    /// <summary>Two sets of nodes each hold commits that the other lacks, and neither outvotes the other.</summary>
    Split,

    /// <summary>More masters are here than the cluster has by its own word: two quorums without a common node could
    /// form.</summary>
    TooManyMasters,

    /// <summary>Only slaves are here.</summary>
    SlavesOnly,

    /// <summary>Fewer masters are here than make a quorum.</summary>
    NoQuorum,

    /// <summary>The nodes do not say how many masters there are, and there is evidence of several.</summary>
    MastersUnknown,

    /// <summary>A quorum is here, but some of it may have lost a newer volume header.</summary>
    Uncertain,

    /// <summary>The membership record of the cluster is of a version that this driver does not know.</summary>
    UnknownRecord,

    /// <summary>Fewer nodes hold the commit that is shown than make a quorum.</summary>
    TooFewSynced,
}
