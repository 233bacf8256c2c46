// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>
/// The errors of an operation below the vnode layer, as a set of flags: a cluster collects the errors of several nodes
/// before it decides which error the caller gets.
/// </summary>
/// <remarks>Upstream: <c>HAMMER2_ERROR_*</c>. Errors are values, not exceptions: they are collected and compared
/// between nodes, and must not unwind code that holds locks.</remarks>
[Flags]
public enum Hammer2Error
{
    /// <summary>Success.</summary>
    None = 0,

    /// <summary>The device could not read or write the bytes.</summary>
    Io = 0x0001,

    /// <summary>A check code does not match the stored bytes.</summary>
    Check = 0x0002,

    /// <summary>The bytes match their check code (or have none) but their meaning is illegal.</summary>
    Corrupt = 0x0004,

    /// <summary>No such object. A regular result, not a fault.</summary>
    NoEntry = 0x0008,

    /// <summary>The object exists already.</summary>
    Exists = 0x0010,

    /// <summary>No space left on the node.</summary>
    NoSpace = 0x0020,

    /// <summary>The media, node or mount is read-only.</summary>
    ReadOnly = 0x0040,

    /// <summary>A directory was needed and something else was found.</summary>
    NotDirectory = 0x0080,

    /// <summary>A directory was found and something else was needed.</summary>
    IsDirectory = 0x0100,

    /// <summary>The directory still has entries.</summary>
    NotEmpty = 0x0200,

    /// <summary>An argument is out of its range.</summary>
    Invalid = 0x0400,

    /// <summary>The format or this driver does not have the feature.</summary>
    NotSupported = 0x0800,

    /// <summary>The operation is not permitted (immutable, append-only, ownership).</summary>
    NotPermitted = 0x1000,

    /// <summary>No quorum of masters agrees. This stays so until nodes are added or return.</summary>
    NoQuorum = 0x2000,

    /// <summary>The node is fenced, absent or stale and must not be used.</summary>
    NodeDown = 0x4000,

    /// <summary>A number, name or link count does not fit the format.</summary>
    TooLarge = 0x8000,

    /// <summary>The object is in use.</summary>
    Busy = 0x1_0000,

    /// <summary>The request was interrupted before it changed anything.</summary>
    Interrupted = 0x2_0000,

    /// <summary>Memory or another bounded resource of this process is used up.</summary>
    NoResource = 0x4_0000,

    /// <summary>An invariant of this program is broken: its state in memory cannot be trusted.</summary>
    Internal = 0x8_0000,

    /// <summary>A PFS is held, and cannot be deleted.</summary>
    Held = 0x10_0000,

    /// <summary>Too few nodes can be written, and changes wait for more: nothing was changed, and the same is to be
    /// asked for again later.</summary>
    Stalled = 0x20_0000,

    /// <summary>Writing was ended by a request.</summary>
    Shutdown = 0x40_0000,
}

/// <summary>Classification of error sets.</summary>
public static class Hammer2ErrorExtensions
{
    /// <summary>Errors of one node's copy only: a sibling may have a good copy.</summary>
    public const Hammer2Error NodeFaults =
        Hammer2Error.Io | Hammer2Error.Check | Hammer2Error.Corrupt | Hammer2Error.NodeDown;

    /// <summary>True when another node of the cluster may have a good copy.</summary>
    public static bool IsNodeFault(this Hammer2Error error) => (error & NodeFaults) != 0;
}
