// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>What one of the four places of a volume header holds.</summary>
/// <param name="CopyIndex">0 to 3.</param>
/// <param name="Offset">Byte offset on the device: a multiple of 2 GiB.</param>
/// <param name="Header">The header, or null when there is none that can be trusted.</param>
/// <param name="Fault">Why not; null with a header.</param>
public sealed record VolumeHeaderCopy(int CopyIndex, long Offset, VolumeHeader? Header, string? Fault)
{
    /// <summary>The first sector of a header that is not whole, when that sector is; null otherwise.</summary>
    public VolumeHeaderSector? TornSector { get; init; }

    /// <summary>True when all its bytes are zero: no header was ever written there.</summary>
    public bool IsBlank { get; init; }

    /// <summary>True when it holds the header of another filesystem.</summary>
    public bool IsStranger { get; init; }
}

/// <summary>
/// The copies of the volume header that a device has room for, and the one to use: the newest that is whole.
/// </summary>
/// <remarks>
/// Writers go round the copies, so the newest may be the one that was being written when power failed; the
/// one before it then describes the filesystem as it was one flush earlier, complete. How many copies there
/// are is taken from the size of the device: the header's own word for it cannot be trusted before it is
/// chosen. Upstream: <c>hammer2_init_volume_header</c>. Where there is but one, and it was torn, this driver's
/// <see cref="SpareVolumeHeader"/> stands in.
/// </remarks>
public sealed class VolumeHeaderCopies
{
    // Each that was torn is one ahead of the one before it.
    private const ulong TornTidsMax = 1 << 16;

    private readonly List<VolumeHeaderCopy> _copies;

    private VolumeHeaderCopies(string deviceName, List<VolumeHeaderCopy> copies, VolumeHeader newest)
    {
        DeviceName = deviceName;
        _copies = copies;
        Newest = newest;
    }

    /// <summary>The device the copies were read from.</summary>
    public string DeviceName { get; }

    /// <summary>All copies the device has room for, in the order of their places.</summary>
    public IReadOnlyList<VolumeHeaderCopy> Copies => _copies;

    /// <summary>The trusted copy with the greatest mirror_tid; of equal ones the first.</summary>
    public VolumeHeader Newest { get; }

    /// <summary>The greatest mirror_tid that a torn header of this filesystem shows, or 0 when there is none. The next
    /// header may come to lie where that one is: with another mirror_tid it cannot be taken for part of it.</summary>
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

    /// <summary>Reads all copies of a device and chooses.</summary>
    /// <exception cref="NotHammer2Exception">No copy can be trusted; the message says why for
    /// each.</exception>
    public static VolumeHeaderCopies Read(IBlockDevice device)
    {
        List<VolumeHeaderCopy> copies = ReadAll(device);
        RefuseStrangers(copies);
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
    /// Says which copy was taken and what is wrong with the others, or null when nothing is.
    /// </summary>
    public string? DescribeFallback()
    {
        var text = new StringBuilder();
        foreach (VolumeHeaderCopy copy in _copies)
        {
            // A device may be longer than the volume on it, which then has no copies there.
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
        string which = Newest.IsSpare ? "the spare copy" : $"copy {Newest.CopyIndex}";
        return string.Create(CultureInfo.InvariantCulture,
            $"{DeviceName}: volume header {which} at 0x{offset:x} "
            + $"with mirror_tid 0x{Newest.Fields.MirrorTid:x} is used; {text}");
    }

    /// <summary>Reads all copies the device has room for, without choosing.</summary>
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

    // A small image written over a disk that held a larger HAMMER2 volume leaves that one's later copies in
    // place, and they may well be newer. Every tool writes copy 0 first, so that one names the filesystem.
    private static void RefuseStrangers(List<VolumeHeaderCopy> copies)
    {
        VolumeHeader? first = copies.Count == 0 ? null : copies[0].Header;
        for (int index = 1; index < copies.Count && first != null; index++)
        {
            VolumeHeader? header = copies[index].Header;
            if (header != null && header.Fields.FilesystemId != first.Fields.FilesystemId)
            {
                string fault = $"it belongs to another filesystem, {header.Fields.FilesystemId}";
                copies[index] = copies[index] with { Header = null, Fault = fault, IsStranger = true };
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
        return candidate.TryTrust(out VolumeHeader? header, out string? reason)
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
