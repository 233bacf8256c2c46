// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// 64 KiB read from the offset of a volume header copy. Becomes a <see cref="VolumeHeader"/> only when its magic number
/// and its three CRCs are valid.
/// </summary>
public readonly struct VolumeHeaderCandidate
{
    private const int Sector0CrcBytes = 0x1FC;
    private const int Sector1Offset = 0x200;
    private const int SectorBytes = 0x200;

    private readonly byte[] _bytes;
    private readonly int _copyIndex;

    /// <summary>Takes ownership of 65536 bytes, which must not be changed afterwards, and the index of the
    /// copy.</summary>
    public VolumeHeaderCandidate(byte[] bytes, int copyIndex)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Media.VolumeHeaderBytes);
        _bytes = bytes;
        _copyIndex = copyIndex;
    }

    /// <summary>
    /// Validates the bytes.
    /// </summary>
    /// <param name="header">The header, or null when the bytes are not valid.</param>
    /// <param name="reason">The reason why they are not valid, or null.</param>
    public bool TryValidate(
        [NotNullWhen(true)] out VolumeHeader? header, [NotNullWhen(false)] out string? reason)
    {
        reason = FindFault();
        header = reason == null ? new VolumeHeader(_bytes, _copyIndex) : null;
        return header != null;
    }

    /// <summary>The fields of sector 0 when its magic number and its own CRC are valid; null otherwise.</summary>
    internal VolumeHeaderSector? FirstSector
    {
        get
        {
            ref readonly VolumeHeaderSector fields = ref MemoryMarshal.AsRef<VolumeHeaderSector>(_bytes);
            bool isWhole = fields.Magic == VolumeHeaderView.MagicValue
                && fields.CrcSector0 == IscsiCrc32.Compute(_bytes.AsSpan(0, Sector0CrcBytes));
            return isWhole ? fields : null;
        }
    }

    /// <summary>Sets the CRCs of a header that was made from a valid one; it is not validated again.</summary>
    /// <param name="bytes">The 65536 bytes, which must not be changed afterwards.</param>
    /// <param name="copyIndex">The copy that it will be written to, 0 to 3.</param>
    public static VolumeHeader Seal(byte[] bytes, int copyIndex)
    {
        var view = new VolumeHeaderView(bytes);
        Invariant.Holds(view.Fields.Magic == VolumeHeaderView.MagicValue);
        StoreCrcs(view);
        return new VolumeHeader(bytes, copyIndex);
    }

    /// <summary>Sets the CRCs of a header that differs from a valid one in its first page; what follows is shared by
    /// both.</summary>
    /// <param name="last">The valid one.</param>
    /// <param name="firstPage">The first page, which must not be changed afterwards.</param>
    /// <param name="copyIndex">The copy that it will be written to, 0 to 3.</param>
    public static VolumeHeader SealNext(VolumeHeader last, byte[] firstPage, int copyIndex)
    {
        ArgumentNullException.ThrowIfNull(last);
        ArgumentOutOfRangeException.ThrowIfNotEqual(firstPage.Length, VolumeHeaderView.FirstPageBytes);
        var view = new VolumeHeaderView(firstPage);
        Invariant.Holds(view.Fields.Magic == VolumeHeaderView.MagicValue);
        StoreSectorCrcs(view);
        return last.WithFirstPage(firstPage, copyIndex);
    }

    /// <summary>Sets the three CRCs of a header, in the order in which they cover each other.</summary>
    public static void StoreCrcs(VolumeHeaderView header)
    {
        StoreSectorCrcs(header);
        header.CrcHeader = IscsiCrc32.Compute(header.Bytes[..VolumeHeaderView.CrcHeaderOffset]);
    }

    private static void StoreSectorCrcs(VolumeHeaderView header)
    {
        header.Fields.CrcSector1 = IscsiCrc32.Compute(header.Bytes.Slice(Sector1Offset, SectorBytes));
        header.Fields.CrcSector0 = IscsiCrc32.Compute(header.Bytes[..Sector0CrcBytes]);
    }

    private string? FindFault()
    {
        ReadOnlySpan<byte> bytes = _bytes;
        ref readonly VolumeHeaderSector fields = ref MemoryMarshal.AsRef<VolumeHeaderSector>(bytes);
        if (fields.Magic == VolumeHeaderView.MagicSwapped)
            return "written by a machine of the other byte order, which is not supported";
        if (fields.Magic == 0 && !bytes.ContainsAnyExcept((byte)0))
            return "all bytes are zero";
        if (fields.Magic != VolumeHeaderView.MagicValue)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"no HAMMER2 magic number, found 0x{fields.Magic:x16} "
                + $"expected 0x{VolumeHeaderView.MagicValue:x16}");
        }
        uint whole = MemoryMarshal.Read<uint>(bytes[VolumeHeaderView.CrcHeaderOffset..]);
        return Compare("sector 0", fields.CrcSector0, bytes[..Sector0CrcBytes])
            ?? Compare("sector 1", fields.CrcSector1, bytes.Slice(Sector1Offset, SectorBytes))
            ?? Compare("the whole header", whole, bytes[..VolumeHeaderView.CrcHeaderOffset]);
    }

    private static string? Compare(string part, uint found, ReadOnlySpan<byte> covered)
    {
        uint expected = IscsiCrc32.Compute(covered);
        return found == expected
            ? null
            : string.Create(CultureInfo.InvariantCulture,
                $"CRC of {part} does not match, found 0x{found:x8} expected 0x{expected:x8}");
    }
}
