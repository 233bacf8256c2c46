// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>For how long an operation keeps the thread that serves it.</summary>
internal enum FuseDuration
{
    /// <summary>For some microseconds, as a rule.</summary>
    Short,

    /// <summary>It reads from a device: expected to take as long as the last one that did.</summary>
    Read,

    /// <summary>It changes names: expected to take as long as the last one that did, and may wait for space or be
    /// throttled.</summary>
    Change,

    /// <summary>It may wait for a device, for a commit or for space.</summary>
    Long,
}
