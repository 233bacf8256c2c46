// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Admin.Resolve;

/// <summary>What a part of the address space is for.</summary>
public enum SpaceRole
{
    /// <summary>Blocks are allocated there.</summary>
    Allocatable,

    /// <summary>A copy of the volume header.</summary>
    Header,

    /// <summary>The spare of a volume header.</summary>
    SpareHeader,

    /// <summary>The record of a prepared commit.</summary>
    PreparedRecord,

    /// <summary>Which process writes the volume.</summary>
    WriterMark,

    /// <summary>Error counters and the last scrub.</summary>
    UpkeepRecord,

    /// <summary>One of the eight places of a block of the freemap.</summary>
    Freemap,

    /// <summary>Reserved, and not used.</summary>
    Reserved,

    /// <summary>The boot area.</summary>
    Boot,

    /// <summary>The auxiliary area.</summary>
    Auxiliary,

    /// <summary>What newfs allocated.</summary>
    Static,
}
