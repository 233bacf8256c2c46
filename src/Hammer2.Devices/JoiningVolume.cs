// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>A device with the header of one more volume than its filesystem has: the root volume's header, which
/// decides, does not count it yet.</summary>
/// <remarks>Its header has the mirror_tid that the root volume's had when the device was prepared: a root volume with
/// an older header is one from before, not one that power failed on. An extension of this driver; upstream refuses such
/// a device beside the others, and opens the others without it.</remarks>
public sealed class JoiningVolume
{
    private JoiningVolume(IBlockDevice device, VolumeHeaderCopies copies)
    {
        Device = device;
        Copies = copies;
    }

    /// <summary>The device.</summary>
    public IBlockDevice Device { get; }

    /// <summary>Its headers.</summary>
    internal VolumeHeaderCopies Copies { get; }

    /// <summary>The volume on a device whose header is there.</summary>
    internal static JoiningVolume Of(IBlockDevice device, VolumeHeaderCopies copies) => new(device, copies);

    /// <summary>True when a header is that of the volume that a filesystem would get next, as an addition that was
    /// interrupted leaves it.</summary>
    internal static bool IsNext(VolumeHeader root, VolumeHeader header)
    {
        ref readonly VolumeHeaderSector has = ref root.Fields;
        ref readonly VolumeHeaderSector fields = ref header.Fields;
        return has.Version > 1 && fields.Version == has.Version && fields.FilesystemId == has.FilesystemId
            && fields.VolumeIndex == has.VolumesTotal && fields.VolumesTotal == has.VolumesTotal + 1
            && fields.MirrorTid <= has.MirrorTid;
    }

    /// <summary>Writes the headers of a new volume to a device and makes them durable. Whatever else looks like a
    /// header there is erased before.</summary>
    /// <param name="root">The root volume's header.</param>
    /// <param name="device">The device.</param>
    /// <param name="start">Where the volume begins in the address space.</param>
    /// <param name="lengthBytes">Its length.</param>
    /// <param name="joining">The volume; null after an error.</param>
    /// <returns>None; what the device answers.</returns>
    public static Hammer2Error Prepare(
        VolumeHeader root, IBlockDevice device, ulong start, ulong lengthBytes, out JoiningVolume? joining)
    {
        joining = null;
        Hammer2Error error = Erase(device);
        byte[] zeros = new byte[Media.BufferBytes];
        // Verifies that the device is as long as it reports.
        if (error == Hammer2Error.None) error = device.Write((long)lengthBytes - zeros.Length, zeros);
        if (error == Hammer2Error.None) error = device.Flush();
        if (error != Hammer2Error.None) return error;
        VolumeHeader header = MakeHeader(root, start, lengthBytes);
        foreach (long offset in CopyOffsets(lengthBytes))
        {
            error = device.Write(offset, header.Bytes);
            if (error != Hammer2Error.None) return error;
        }
        error = device.Flush();
        if (error == Hammer2Error.None) joining = new JoiningVolume(device, VolumeHeaderCopies.Read(device));
        return error;
    }

    /// <summary>Erases every header on a device, so that it belongs to no filesystem.</summary>
    /// <returns>None; what the device answers.</returns>
    public static Hammer2Error Erase(IBlockDevice device)
    {
        byte[] zeros = new byte[Media.VolumeHeaderBytes];
        Hammer2Error error = Hammer2Error.None;
        foreach (long offset in CopyOffsets((ulong)device.LengthBytes))
            error |= device.Write(offset, zeros);
        if (device.LengthBytes >= Media.SpareHeaderOffset + Media.VolumeHeaderBytes)
            error |= device.Write(Media.SpareHeaderOffset, zeros);
        return error | device.Flush();
    }

    // As newfs writes those of other volumes than the root volume, but for the tid.
    private static VolumeHeader MakeHeader(VolumeHeader root, ulong start, ulong lengthBytes)
    {
        byte[] bytes = new byte[Media.VolumeHeaderBytes];
        var header = new VolumeHeaderView(bytes);
        ref readonly VolumeHeaderSector known = ref root.Fields;
        header.Fields = new VolumeHeaderSector
        {
            Magic = known.Magic,
            VolumeBytes = lengthBytes,
            Version = known.Version,
            Flags = known.Flags,
            FreemapVersion = known.FreemapVersion,
            PeerType = known.PeerType,
            VolumeIndex = known.VolumesTotal,
            VolumesTotal = (byte)(known.VolumesTotal + 1),
            FilesystemId = known.FilesystemId,
            FilesystemType = known.FilesystemType,
            AllocatorBytes = known.AllocatorBytes,
            MirrorTid = known.MirrorTid,
            FreemapTid = known.FreemapTid,
            TotalBytes = start + lengthBytes,
        };
        root.VolumeStarts.CopyTo(header.VolumeStarts);
        header.VolumeStarts[known.VolumesTotal] = start;
        foreach (ref Blockref filler in header.SuperRootBlockset) filler.Type = BlockrefType.Invalid;
        return VolumeHeaderCandidate.Seal(bytes, copyIndex: 0);
    }

    private static IEnumerable<long> CopyOffsets(ulong lengthBytes)
    {
        for (long at = 0; at < Media.HeaderCopies * Media.HeaderZoneBytes; at += Media.HeaderZoneBytes)
            if ((ulong)(at + Media.VolumeHeaderBytes) <= lengthBytes) yield return at;
    }
}
