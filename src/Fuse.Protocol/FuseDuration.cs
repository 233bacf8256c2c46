// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>How long serving an operation takes.</summary>
internal enum FuseDuration
{
    /// <summary>Usually some microseconds.</summary>
    Short,

    /// <summary>Reads from a device: expected to take as long as the last such operation.</summary>
    Read,

    /// <summary>Changes names: expected to take as long as the last such operation, and may wait for space or be
    /// throttled.</summary>
    Change,

    /// <summary>May wait for a device, for a commit or for space.</summary>
    Long,
}
