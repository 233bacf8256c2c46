// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>The check code that protects a block.</summary>
/// <remarks>Upstream: <c>HAMMER2_CHECK_*</c>.</remarks>
public enum CheckMethod : byte
{
    /// <summary>No code; data may be overwritten in place.</summary>
    None = 0,

    /// <summary>No code; still copy-on-write.</summary>
    Disabled = 1,

    /// <summary>CRC-32C.</summary>
    Iscsi32 = 2,

    /// <summary>XXH64 with HAMMER2's seed; the default.</summary>
    XxHash64 = 3,

    /// <summary>SHA-256 folded to 192 bits.</summary>
    Sha192 = 4,

    /// <summary>CRC-32C in the first four bytes of the check area; the freemap hints follow it.</summary>
    Freemap = 5,
}
