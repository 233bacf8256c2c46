// SPDX-License-Identifier: BSD-3-Clause
using System.Text;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Newfs;

/// <summary>Signatures on a device are found, named, and can be erased.</summary>
public sealed class SignatureProbeTests
{
    private const long Length = 1L << 30;

    /// <summary>Offsets and magic numbers from the documents of the formats; negative offsets are relative to the end
    /// of the device.</summary>
    public static TheoryData<string, long, string> Signs => new()
    {
        { "ext2", 1024 + 56, "53EF" },
        { "XFS", 0, Hex("XFSB") },
        { "Btrfs", 65536 + 64, Hex("_BHRfS_M") },
        { "NTFS", 3, Hex("NTFS    ") },
        { "exFAT", 3, Hex("EXFAT   ") },
        { "FAT", 82, Hex("FAT32   ") },
        { "FAT", 54, Hex("FAT16   ") },
        { "F2FS", 1024, "1020F5F2" },
        { "ISO 9660", 32769, Hex("CD001") },
        { "swap", 4096 - 10, Hex("SWAPSPACE2") },
        { "LUKS", 0, Hex("LUKS") + "BABE" },
        { "LVM", 512, Hex("LABELONE") },
        { "RAID", 4096, "FC4E2BA9" },
        { "RAID", -8192, "FC4E2BA9" },
        { "RAID", -65536, "FC4E2BA9" },
        { "GPT", 512, Hex("EFI PART") },
        { "GPT", -512, Hex("EFI PART") },
        { "ZFS", 131072 + 4096, "0CB1BA0000000000" },
        { "ZFS", -262144 + 131072, "0CB1BA0000000000" },
        { "HAMMER2", 0, "112017 05324D4148".Replace(" ", "", StringComparison.Ordinal) },
        { "DragonFly disklabel", 512, "594C46C4" },
        { "MBR", 446, "80000000" + "83000000" + "00080000" + "00001000" + new string('0', 96) + "55AA" },
        { "boot sector", 510, "55AA" },
    };

    [Theory, MemberData(nameof(Signs))]
    public void A_signature_is_found_named_and_erased_by_newfs(string kind, long offset, string bytes)
    {
        var device = new MemoryBlockDevice(Length);
        Assert.Empty(SignatureProbe.Find(device));
        byte[] magic = Convert.FromHexString(bytes);
        Assert.Equal(Hammer2Error.None, device.Write(offset < 0 ? Length + offset : offset, magic));
        string found = SignatureProbe.Describe(SignatureProbe.Find(device));
        Assert.Contains(kind, found, StringComparison.Ordinal);

        NewVolume.Format([device], NewVolume.Describe(1) with { Sizes = [512UL << 20] });
        Assert.All(SignatureProbe.Find(device), left => Assert.Equal("a HAMMER2 volume", left.Kind));
    }

    [Fact]
    public void A_header_of_which_only_a_later_copy_is_left_is_found()
    {
        MemoryBlockDevice device = NewVolume.InMemory(7L << 30);
        foreach (long copy in (long[])[0, 2L << 30, 4L << 30])
            Assert.Equal(Hammer2Error.None, device.Write(copy, new byte[8]));
        Signature only = Assert.Single(SignatureProbe.Find(device));
        Assert.Equal(("a HAMMER2 volume", 6L << 30), (only.Kind, only.Offset));
    }

    [Theory, InlineData(0), InlineData(1), InlineData(511), InlineData(70_000)]
    public void Short_devices_have_no_signatures(long length) =>
        Assert.Empty(SignatureProbe.Find(new MemoryBlockDevice(length)));

    private static string Hex(string text) => Convert.ToHexString(Encoding.ASCII.GetBytes(text));
}
