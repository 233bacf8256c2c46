// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>The state of one granule of 16 KiB in the freemap.</summary>
/// <remarks>A granule that is only partly used is allocated.</remarks>
public enum GranuleState
{
    /// <summary>Free to be allocated.</summary>
    Free = 0,

    /// <summary>Undefined by the format; not available.</summary>
    Reserved = 1,

    /// <summary>Staged: found unreachable by one pass of bulkfree, freed by the next pass if it is still
    /// unreachable.</summary>
    PossiblyFree = 2,

    /// <summary>In use, wholly or in part.</summary>
    Allocated = 3,
}
