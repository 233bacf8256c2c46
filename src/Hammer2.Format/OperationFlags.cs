// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>Bits of <see cref="InodeMeta.OperationFlags"/>.</summary>
/// <remarks>Upstream: <c>HAMMER2_OPFLAG_*</c>.</remarks>
[Flags]
public enum OperationFlags : byte
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>The inode holds its file data in place of references.</summary>
    DirectData = 0x01,

    /// <summary>The inode is the root of a PFS.</summary>
    PfsRoot = 0x02,
}
