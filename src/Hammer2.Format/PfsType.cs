// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>The role of a PFS root in its cluster, in the low nibble of the stored byte.</summary>
/// <remarks>Upstream: <c>HAMMER2_PFSTYPE_*</c>. The high nibble is the role that it is changing to.</remarks>
public enum PfsType : byte
{
    /// <summary>Not a PFS.</summary>
    None = 0,

    /// <summary>A partial copy that caches some of the data.</summary>
    Cache = 1,

    /// <summary>A synchronized copy without a vote.</summary>
    Slave = 3,

    /// <summary>A slave that may be mounted by itself.</summary>
    SoftSlave = 4,

    /// <summary>A master that may be mounted by itself.</summary>
    SoftMaster = 5,

    /// <summary>A copy that counts towards the quorum.</summary>
    Master = 6,

    /// <summary>The super-root of a device.</summary>
    SuperRoot = 8,

    /// <summary>A placeholder in memory, never on media.</summary>
    Dummy = 9,
}
