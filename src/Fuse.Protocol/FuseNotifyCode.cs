// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>Unsolicited messages to the kernel. Source: <c>enum fuse_notify_code</c>.</summary>
public enum FuseNotifyCode
{
    /// <summary>A polled file became ready.</summary>
    Poll = 1,

    /// <summary>Drop cached attributes and a range of cached data of a node.</summary>
    InvalidateInode = 2,

    /// <summary>Drop a cached name.</summary>
    InvalidateEntry = 3,

    /// <summary>Put data into a node's page cache.</summary>
    Store = 4,

    /// <summary>Ask for data from a node's page cache.</summary>
    Retrieve = 5,

    /// <summary>A name was removed behind the kernel's back.</summary>
    Delete = 6,
}
