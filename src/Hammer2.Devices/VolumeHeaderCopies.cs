// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// The copies of the volume header that fit on a device, and the one to use: the newest valid one.
/// </summary>
/// <remarks>
/// Copies are written in rotation. When power fails while one is written, the one before it still describes the
/// filesystem completely, as of one flush earlier. The number of copies is computed from the size of the device, since
/// the size field of a header cannot be used before the header is validated. When a volume has one copy only and it is
/// torn, this driver's <see cref="SpareVolumeHeader"/> is used. Upstream: <c>hammer2_init_volume_header</c>.
/// </remarks>
public sealed class VolumeHeaderCopies
{
    // The largest plausible distance between a torn header's mirror_tid and the newest valid one.
    private const ulong TornTidsMax = 1 << 16;

    private readonly List<VolumeHeaderCopy> _copies;

    private VolumeHeaderCopies(string deviceName, List<VolumeHeaderCopy> copies, VolumeHeader newest)
    {
        DeviceName = deviceName;
        _copies = copies;
        Newest = newest;
    }

    /// <summary>The device that the copies were read from.</summary>
    public string DeviceName { get; }

    /// <summary>All copies that fit on the device, ordered by offset.</summary>
    public IReadOnlyList<VolumeHeaderCopy> Copies => _copies;

    /// <summary>The valid copy with the greatest mirror_tid; the first of equal ones.</summary>
    public VolumeHeader Newest { get; }

    /// <summary>The greatest mirror_tid in a torn header of this filesystem, or 0 when there is none. The next header
    /// may be written over the torn one and must have another mirror_tid, so that remains of the two cannot be
    /// confused.</summary>
    public ulong TornTid
    {
        get
        {
            ref readonly VolumeHeaderSector newest = ref Newest.Fields;
            ulong greatest = 0;
            foreach (VolumeHeaderCopy copy in _copies)
            {
                if (copy.TornSector is not { } torn || torn.FilesystemId != newest.FilesystemId) continue;
                if (torn.MirrorTid - newest.MirrorTid <= TornTidsMax) greatest = Math.Max(greatest, torn.MirrorTid);
            }
            return greatest;
        }
    }

    /// <summary>Reads all copies of a device and chooses the newest valid one.</summary>
    /// <exception cref="NotHammer2Exception">No copy is valid; the message gives the reason for each.</exception>
    public static VolumeHeaderCopies Read(IBlockDevice device)
    {
        List<VolumeHeaderCopy> copies = ReadAll(device);
        RejectOtherFilesystems(copies);
        VolumeHeader? newest = null;
        foreach (VolumeHeaderCopy copy in copies)
        {
            if (copy.Header != null
                && (newest == null || copy.Header.Fields.MirrorTid > newest.Fields.MirrorTid))
            {
                newest = copy.Header;
            }
        }
        newest ??= SpareVolumeHeader.Read(device);
        if (newest == null)
            throw new NotHammer2Exception(device.Name, DescribeAbsence(device, copies));
        return new VolumeHeaderCopies(device.Name, copies, newest);
    }

    /// <summary>
    /// A message about the copy in use and the faults of the others; null when all are valid.
    /// </summary>
    public string? DescribeFallback()
    {
        var text = new StringBuilder();
        foreach (VolumeHeaderCopy copy in _copies)
        {
            // A device may be longer than its volume; there are no copies past the end of the volume.
            bool isOutside = (ulong)copy.Offset + Media.VolumeHeaderBytes > Newest.Fields.VolumeBytes;
            if (copy.Fault == null || isOutside)
                continue;
            _ = text.Append(text.Length == 0 ? "" : "; ");
            _ = text.Append(CultureInfo.InvariantCulture,
                $"copy {copy.CopyIndex} at 0x{copy.Offset:x}: {copy.Fault}");
        }
        if (text.Length == 0)
            return null;
        long offset = Newest.IsSpare ? Media.SpareHeaderOffset : Newest.CopyIndex * Media.HeaderZoneBytes;
        string which = Newest.IsSpare ? "the spare copy of the volume header"
            : $"volume header copy {Newest.CopyIndex}";
        return string.Create(CultureInfo.InvariantCulture,
            $"{DeviceName}: {which} at 0x{offset:x} "
            + $"with mirror_tid 0x{Newest.Fields.MirrorTid:x} is used; {text}");
    }

    /// <summary>Reads all copies that fit on the device, without choosing.</summary>
    internal static List<VolumeHeaderCopy> ReadAll(IBlockDevice device)
    {
        var copies = new List<VolumeHeaderCopy>(Media.HeaderCopies);
        for (int index = 0; index < Media.HeaderCopies; index++)
        {
            long offset = index * Media.HeaderZoneBytes;
            if (offset < device.LengthBytes)
                copies.Add(ReadCopy(device, index, offset));
        }
        return copies;
    }

    // A small image written over a disk that held a larger HAMMER2 volume leaves later copies of the old volume, which
    // may be newer. Every tool writes copy 0 first, so copy 0 decides which filesystem this is.
    private static void RejectOtherFilesystems(List<VolumeHeaderCopy> copies)
    {
        VolumeHeader? first = copies.Count == 0 ? null : copies[0].Header;
        for (int index = 1; index < copies.Count && first != null; index++)
        {
            VolumeHeader? header = copies[index].Header;
            if (header != null && header.Fields.FilesystemId != first.Fields.FilesystemId)
            {
                string fault = $"it belongs to another filesystem, {header.Fields.FilesystemId}";
                copies[index] = copies[index] with { Header = null, Fault = fault, IsOtherFilesystem = true };
            }
        }
    }

    private static VolumeHeaderCopy ReadCopy(IBlockDevice device, int index, long offset)
    {
        if (device.LengthBytes - offset < Media.VolumeHeaderBytes)
            return new VolumeHeaderCopy(index, offset, null, "the device ends within it");
        byte[] bytes = GC.AllocateUninitializedArray<byte>(Media.VolumeHeaderBytes);
        if (device.Read(offset, bytes) != Hammer2Error.None)
            return new VolumeHeaderCopy(index, offset, null, "it cannot be read (I/O error)");
        var candidate = new VolumeHeaderCandidate(bytes, index);
        return candidate.TryValidate(out VolumeHeader? header, out string? reason)
            ? new VolumeHeaderCopy(index, offset, header, null)
            : new VolumeHeaderCopy(index, offset, null, reason)
            {
                TornSector = candidate.FirstSector,
                IsBlank = !bytes.AsSpan().ContainsAnyExcept((byte)0),
            };
    }

    private static string DescribeAbsence(IBlockDevice device, List<VolumeHeaderCopy> copies)
    {
        var text = new StringBuilder("no valid HAMMER2 volume header");
        if (device.LengthBytes < Media.VolumeHeaderBytes)
        {
            return text.Append(CultureInfo.InvariantCulture,
                $": the device has {device.LengthBytes} bytes, a header {Media.VolumeHeaderBytes}")
                .ToString();
        }
        string separator = ": ";
        foreach (VolumeHeaderCopy copy in copies)
        {
            _ = text.Append(CultureInfo.InvariantCulture,
                $"{separator}copy {copy.CopyIndex} at 0x{copy.Offset:x}: {copy.Fault}");
            separator = "; ";
        }
        return text.ToString();
    }
}
