// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// A second copy of the header on volumes up to 2 GiB, which hold one header copy only: without it, a power failure
/// while that copy is written would lose the whole filesystem. It is in the last 64 KiB of the first reserved segment,
/// which upstream does not use. It is durable before the header itself is written, and is read only when no header copy
/// is valid.
/// </summary>
/// <remarks>Upstream ignores the spare: a volume that it has written to keeps an old one. Therefore a spare is used
/// only while the blocks that it refers to match their check codes.</remarks>
public static class SpareVolumeHeader
{
    /// <summary>Reads the spare of a device.</summary>
    /// <returns>Null when there is no valid spare.</returns>
    public static VolumeHeader? Read(IBlockDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device.LengthBytes < Media.SpareHeaderOffset + Media.VolumeHeaderBytes) return null;
        byte[] bytes = new byte[Media.VolumeHeaderBytes];
        if (device.Read(Media.SpareHeaderOffset, bytes) != Hammer2Error.None) return null;
        if (!new VolumeHeaderCandidate(bytes, 0).TryValidate(out VolumeHeader? header, out _)) return null;
        // The references of other volumes than the root volume lead nowhere.
        bool isCurrent = header.Fields.VolumeIndex != 0
            || (IsCurrent(device, header, header.SuperRootBlockset)
                && IsCurrent(device, header, header.FreemapBlockset));
        return isCurrent
            ? new VolumeHeader(bytes, 0, isSpare: true)
            : null;
    }

    private static bool IsCurrent(IBlockDevice device, VolumeHeader header, ReadOnlySpan<Blockref> blockset)
    {
        ulong end = Math.Min(header.Fields.VolumeBytes, (ulong)device.LengthBytes);
        foreach (ref readonly Blockref reference in blockset)
        {
            int length = reference.Data.SizeBytes;
            ulong offset = reference.Data.Bytes;
            // A block on another volume cannot be checked here.
            if (length == 0 || offset + (ulong)length > end) continue;
            if (length > Media.AllocationBytesMax) return false;
            byte[] block = new byte[length];
            if (device.Read((long)offset, block) != Hammer2Error.None) return false;
            if (!CheckCode.Verify(reference, block)) return false;
        }
        return true;
    }
}
