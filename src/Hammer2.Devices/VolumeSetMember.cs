// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>A device with its header, before it becomes a volume.</summary>
internal sealed class VolumeSetMember(IBlockDevice device, VolumeHeaderCopies copies)
{
    internal IBlockDevice Device { get; } = device;

    internal VolumeHeaderCopies Copies { get; } = copies;

    internal ref readonly VolumeHeaderSector Fields => ref Copies.Newest.Fields;

    internal ulong Start { get; set; }

    /// <summary>The length of the volume: that of its header, or what growing or an added volume has made of
    /// it.</summary>
    internal ulong LengthBytes { get; set; } = copies.Newest.Fields.VolumeBytes;
}
