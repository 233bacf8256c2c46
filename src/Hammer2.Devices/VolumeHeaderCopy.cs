// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>One of the four copies of a volume header, valid or not.</summary>
/// <param name="CopyIndex">0 to 3.</param>
/// <param name="Offset">Byte offset on the device: a multiple of 2 GiB.</param>
/// <param name="Header">The header, or null when the copy is not valid.</param>
/// <param name="Fault">The reason why it is not valid; null with a header.</param>
public sealed record VolumeHeaderCopy(int CopyIndex, long Offset, VolumeHeader? Header, string? Fault)
{
    /// <summary>The first sector of a torn header, when that sector itself is valid; null otherwise.</summary>
    public VolumeHeaderSector? TornSector { get; init; }

    /// <summary>True when all its bytes are zero: no header was ever written there.</summary>
    public bool IsBlank { get; init; }

    /// <summary>True when this is the header of another filesystem.</summary>
    public bool IsOtherFilesystem { get; init; }
}
