// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// A second copy of the header on volumes that have room for one only, up to 2 GiB: power that fails while the one
/// is written would else take the whole filesystem with it. It lies in the last 64 KiB of the first reserved
/// segment, which upstream never uses, is durable before the header itself is written, and is looked at only when
/// no header can be trusted.
/// </summary>
/// <remarks>Upstream has no such thing, and does not mind it: a volume that it writes on keeps an old spare, which
/// is why one counts only while the blocks that it leads to agree with their check codes.</remarks>
public static class SpareVolumeHeader
{
    /// <summary>Reads the spare of a device.</summary>
    /// <returns>Null when there is none that can be trusted.</returns>
    public static VolumeHeader? Read(IBlockDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.LengthBytes < Media.SpareHeaderOffset + Media.VolumeHeaderBytes) return null;
        byte[] bytes = new byte[Media.VolumeHeaderBytes];
        if (device.Read(Media.SpareHeaderOffset, bytes) != Hammer2Error.None) return null;
        if (!new VolumeHeaderCandidate(bytes, 0).TryTrust(out VolumeHeader? header, out _)) return null;
        return IsCurrent(device, header.SuperRootBlockset) && IsCurrent(device, header.FreemapBlockset)
            ? new VolumeHeader(bytes, 0, isSpare: true)
            : null;
    }

    private static bool IsCurrent(IBlockDevice device, ReadOnlySpan<Blockref> blockset)
    {
        foreach (ref readonly Blockref reference in blockset)
        {
            int length = reference.Data.SizeBytes;
            ulong place = reference.Data.Bytes;
            // A block on another volume says nothing of this one.
            if (length == 0 || place + (ulong)length > (ulong)device.LengthBytes) continue;
            if (length > Media.AllocationBytesMax) return false;
            byte[] block = new byte[length];
            if (device.Read((long)place, block) != Hammer2Error.None) return false;
            if (!CheckCode.Verify(reference, block)) return false;
        }
        return true;
    }
}
