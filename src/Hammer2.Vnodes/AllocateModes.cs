// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Vnodes;

/// <summary>Modes of fallocate(2), with Linux's values.</summary>
[Flags]
public enum AllocateModes
{
    /// <summary>Allocates the range; the file grows if it ends past EOF.</summary>
    None = 0,

    /// <summary>The size does not change.</summary>
    KeepSize = 0x01,

    /// <summary>Frees the storage of the range, which then reads as zeros. Only with <see cref="KeepSize"/>.</summary>
    PunchHole = 0x02,

    /// <summary>Removes the range from the file. Not supported.</summary>
    CollapseRange = 0x08,

    /// <summary>Makes the range read as zeros.</summary>
    ZeroRange = 0x10,

    /// <summary>Inserts a hole before the range. Not supported.</summary>
    InsertRange = 0x20,
}
