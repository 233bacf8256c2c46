// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>A signature of a filesystem, partition table or other content on a device.</summary>
/// <param name="Kind">The kind of content, for messages.</param>
/// <param name="Offset">Offset of the signature, in bytes.</param>
/// <param name="LengthBytes">Length of the signature, in bytes: zeroing them makes the content unrecognizable.</param>
public readonly record struct Signature(string Kind, long Offset, int LengthBytes);

/// <summary>
/// Finds filesystems, partition tables, members of arrays and encrypted containers on a device by their magic numbers,
/// so that nothing is overwritten without asking.
/// </summary>
/// <remarks>
/// The offsets and magic numbers are defined by the formats. A signature means that there may be such content, not that
/// it is intact. Ranges that cannot be read have no signatures.
/// </remarks>
public static class SignatureProbe
{
    private const long Kibi = 1024;
    private const long ZfsLabelBytes = 256 * Kibi;
    private const ulong ZfsUberblock = 0x00BAB10C;
    private const int ZfsUberblocks = 128;
    private const int BootSectorBytes = 512;

    private static readonly Magic[] Table =
    [
        new("an ext2, ext3 or ext4 filesystem", 0x438, [0x53, 0xEF]),
        new("an XFS filesystem", 0, "XFSB"u8),
        new("a Btrfs filesystem", 0x10040, "_BHRfS_M"u8),
        new("an NTFS filesystem", 3, "NTFS    "u8),
        new("an exFAT filesystem", 3, "EXFAT   "u8),
        new("a FAT filesystem", 0x36, "FAT12   "u8),
        new("a FAT filesystem", 0x36, "FAT16   "u8),
        new("a FAT filesystem", 0x52, "FAT32   "u8),
        new("an F2FS filesystem", 0x400, [0x10, 0x20, 0xF5, 0xF2]),
        new("a JFS filesystem", 0x8000, "JFS1"u8),
        new("a ReiserFS filesystem", 0x10034, "ReIsErFs"u8),
        new("a ReiserFS filesystem", 0x10034, "ReIsEr2Fs"u8),
        new("a ReiserFS filesystem", 0x10034, "ReIsEr3Fs"u8),
        new("a NILFS2 filesystem", 0x406, [0x34, 0x34]),
        new("a bcachefs filesystem", 0x1018, BcachefsId),
        new("a bcache device", 0x1018, BcacheId),
        new("a SquashFS filesystem", 0, "hsqs"u8),
        new("an EROFS filesystem", 0x400, [0xE2, 0xE1, 0xF5, 0xE0]),
        new("an ISO 9660 filesystem", 0x8001, "CD001"u8),
        new("a UDF filesystem", 0x8001, "BEA01"u8),
        new("an HFS+ filesystem", 0x400, "H+"u8),
        new("an HFS+ filesystem", 0x400, "HX"u8),
        new("an APFS container", 0x20, "NXSB"u8),
        new("a UFS filesystem", 0x255C, [0x54, 0x19, 0x01, 0x00]),
        new("a UFS2 filesystem", 0x1055C, [0x19, 0x01, 0x54, 0x19]),
        new("an OCFS2 filesystem", 0x2000, "OCFSV2"u8),
        new("a GFS2 filesystem", 0x10000, [0x01, 0x16, 0x19, 0x70]),
        new("a HAMMER filesystem", 0, [0x31, 0x30, 0x52, 0xC5, 0x4D, 0x4D, 0x41, 0xC8]),
        new("swap space", 0xFF6, "SWAPSPACE2"u8),
        new("swap space", 0x1FF6, "SWAPSPACE2"u8),
        new("swap space", 0x3FF6, "SWAPSPACE2"u8),
        new("swap space", 0xFFF6, "SWAPSPACE2"u8),
        new("a suspended system", 0xFF6, "S1SUSPEND"u8),
        new("an encrypted LUKS container", 0, [.. "LUKS"u8, 0xBA, 0xBE]),
        new("an encrypted LUKS container", 0x4000, [.. "SKUL"u8, 0xBA, 0xBE]),
        new("a BitLocker volume", 3, "-FVE-FS-"u8),
        new("an LVM physical volume", 0, "LABELONE"u8),
        new("an LVM physical volume", 0x200, "LABELONE"u8),
        new("an LVM physical volume", 0x400, "LABELONE"u8),
        new("an LVM physical volume", 0x600, "LABELONE"u8),
        new("a member of a RAID array", 0, RaidMagic),
        new("a member of a RAID array", 0x1000, RaidMagic),
        new("a member of a RAID array", -0x2000, RaidMagic, 0x1000),
        new("a member of a RAID array", -0x10000, RaidMagic, 0x10000),
        new("a GPT partition table", 0x200, "EFI PART"u8),
        new("a GPT partition table", 0x1000, "EFI PART"u8),
        new("a GPT partition table", -0x200, "EFI PART"u8),
        new("a GPT partition table", -0x1000, "EFI PART"u8),
        new("a DragonFly disklabel", 0x200, [0x59, 0x4C, 0x46, 0xC4]),
        new("a BSD disklabel", 0x200, [0x57, 0x45, 0x56, 0x82]),
        new("a BlueStore device", 0, "bluestore block device"u8),
        new("a VMFS volume", 0x100000, [0x0D, 0xD0, 0x01, 0xC0]),
    ];

    private static ReadOnlySpan<byte> RaidMagic => [0xFC, 0x4E, 0x2B, 0xA9];

    private static ReadOnlySpan<byte> BcacheId =>
        [0xC6, 0x85, 0x73, 0xF6, 0x4E, 0x1A, 0x45, 0xCA, 0x82, 0x65, 0xF5, 0x7F, 0x48, 0xBA, 0x6D, 0x81];

    private static ReadOnlySpan<byte> BcachefsId =>
        [0xC6, 0x85, 0x73, 0xF6, 0x66, 0xCE, 0x90, 0xA9, 0xD9, 0x6A, 0x60, 0xCF, 0x80, 0x3D, 0xF7, 0xEF];

    /// <summary>All signatures on a device.</summary>
    public static IReadOnlyList<Signature> Find(IBlockDevice device)
    {
        var found = new List<Signature>();
        AddHammer2(device, found);
        foreach (Magic magic in Table)
        {
            long offset = magic.OffsetOn(device.LengthBytes);
            if (Has(device, offset, magic.Bytes)) found.Add(new Signature(magic.Kind, offset, magic.Bytes.Length));
        }
        AddZfs(device, found);
        AddBootRecord(device, found);
        return found;
    }

    /// <summary>The kinds of the signatures, each once, for messages.</summary>
    public static string Describe(IReadOnlyList<Signature> signatures)
    {
        var kinds = new List<string>();
        foreach (Signature signature in signatures)
            if (!kinds.Contains(signature.Kind)) kinds.Add(signature.Kind);
        return string.Join(" and ", kinds);
    }

    private static void AddHammer2(IBlockDevice device, List<Signature> found)
    {
        Span<byte> either = stackalloc byte[2 * sizeof(ulong)];
        _ = BitConverter.TryWriteBytes(either, VolumeHeaderView.MagicValue);
        _ = BitConverter.TryWriteBytes(either[sizeof(ulong)..], VolumeHeaderView.MagicSwapped);
        for (int copy = 0; copy < Media.HeaderCopies; copy++)
        {
            long offset = copy * Media.HeaderZoneBytes;
            if (Has(device, offset, either[..sizeof(ulong)]) || Has(device, offset, either[sizeof(ulong)..]))
                found.Add(new Signature("a HAMMER2 volume", offset, sizeof(ulong)));
        }
    }

    // Each of the four labels, two at either end of the device, has a ring of uberblocks in its second half.
    private static void AddZfs(IBlockDevice device, List<Signature> found)
    {
        long end = device.LengthBytes / ZfsLabelBytes * ZfsLabelBytes;
        Span<byte> magic = stackalloc byte[sizeof(ulong)];
        _ = BitConverter.TryWriteBytes(magic, ZfsUberblock);
        foreach (long label in (ReadOnlySpan<long>)[0, ZfsLabelBytes, end - (2 * ZfsLabelBytes), end - ZfsLabelBytes])
        {
            for (int index = 0; index < ZfsUberblocks; index++)
            {
                long offset = label + (ZfsLabelBytes / 2) + (index * Kibi);
                if (Has(device, offset, magic)) found.Add(new Signature("a ZFS pool", offset, magic.Length));
            }
        }
    }

    // A boot sector of a filesystem ends with the same signature. A partition table has at least one entry with a type
    // and a length, and the active flag of each entry is 0 or 0x80.
    private static void AddBootRecord(IBlockDevice device, List<Signature> found)
    {
        const int TableOffset = 446;
        const int EntryBytes = 16;
        const int MarkOffset = 510;
        Span<byte> sector = stackalloc byte[BootSectorBytes];
        if (device.LengthBytes < BootSectorBytes || device.Read(0, sector) != Hammer2Error.None) return;
        if (sector[MarkOffset] != 0x55 || sector[MarkOffset + 1] != 0xAA) return;
        bool hasPartition = false, isTable = true;
        for (int at = TableOffset; at < MarkOffset; at += EntryBytes)
        {
            ReadOnlySpan<byte> entry = sector.Slice(at, EntryBytes);
            isTable &= (entry[0] & 0x7F) == 0;
            hasPartition |= entry[4] != 0 && entry[12..].ContainsAnyExcept((byte)0);
        }
        found.Add(new Signature(
            isTable && hasPartition ? "an MBR partition table" : "a boot sector", MarkOffset, 2));
    }

    private static bool Has(IBlockDevice device, long offset, ReadOnlySpan<byte> magic)
    {
        if (offset < 0 || offset > device.LengthBytes - magic.Length) return false;
        Span<byte> bytes = stackalloc byte[64];
        bytes = bytes[..magic.Length];
        return device.Read(offset, bytes) == Hammer2Error.None && bytes.SequenceEqual(magic);
    }

    /// <summary>Magic bytes at an offset; a negative offset is relative to the end of the device, rounded down to a
    /// unit.</summary>
    private sealed class Magic(string kind, long offset, ReadOnlySpan<byte> bytes, long unit = 1)
    {
        public string Kind { get; } = kind;

        public byte[] Bytes { get; } = bytes.ToArray();

        public long OffsetOn(long lengthBytes) => offset >= 0 ? offset : (lengthBytes / unit * unit) + offset;
    }
}
