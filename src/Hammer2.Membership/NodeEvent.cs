// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Membership;

/// <summary>What can happen to a node of a mounted cluster.</summary>
public enum NodeEvent
{
    /// <summary>A device that may be the node answers, or a user puts the node online.</summary>
    DeviceFound,

    /// <summary>Its device is gone.</summary>
    DeviceLost,

    /// <summary>A user puts the node offline.</summary>
    TakenOffline,

    /// <summary>It is the node, and what it holds is known.</summary>
    Identified,

    /// <summary>The device is not the node, or holds nothing that can be read.</summary>
    IdentityRefused,

    /// <summary>A write, a flush or a volume header failed on it.</summary>
    WriteFailed,

    /// <summary>It has no space for what others have space for.</summary>
    SpaceExhausted,

    /// <summary>It has space again.</summary>
    SpaceFreed,

    /// <summary>It is to be resynchronized.</summary>
    ResyncStarted,

    /// <summary>A synced node is there to be read, with a pinned commit.</summary>
    SourceChosen,

    /// <summary>The source is not synced any more, or its pinned commit cannot be read.</summary>
    SourceLost,

    /// <summary>Everything up to the pinned commit was copied.</summary>
    PassDone,

    /// <summary>What changed since the last pass is little enough to hold up new changes for it.</summary>
    DeltaSmall,

    /// <summary>The last changes were copied.</summary>
    FinalPassDone,

    /// <summary>The digests over the trees of node and source are equal.</summary>
    DigestEqual,

    /// <summary>The digests differ.</summary>
    DigestDiffers,

    /// <summary>All of its tree was read and found whole: it lost no newer commit that it could have
    /// held.</summary>
    TreeProven,

    /// <summary>A user said that its side of a split is given up.</summary>
    GivenUp,

    /// <summary>It has been in its state for longer than that state may last.</summary>
    DeadlinePassed,
}
