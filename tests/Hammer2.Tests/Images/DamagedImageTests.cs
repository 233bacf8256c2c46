// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Images;

/// <summary>
/// Goal: damage affects only the damaged object, and the message names the location. Method: the dmg- images are one
/// image with a single damage each; all objects except the one that upstream's checker or the image's description names
/// must equal the listing of the intact image.
/// </summary>
public sealed class DamagedImageTests
{
    private static string LongName { get; } = "/d/" + new string('n', 100);

    /// <summary>Image, affected path, and whether upstream's checker reports the block.</summary>
    public static TheoryData<string, string, bool> HurtObjects => new()
    {
        { "dmg-data", "/d/rand", true },
        { "dmg-data-lz4", "/d/text", true },
        { "dmg-data-nocheck-lz4", "/nc/text", false },
        { "dmg-nocheck-lz4len", "/nc/text", false },
        { "dmg-indirect", "/d/text", true },
        { "dmg-inode", "/d/small", true },
    };

    [Theory, MemberData(nameof(HurtObjects))]
    public void A_damaged_object_returns_EIO_and_all_others_are_read(string image, string path, bool isSeenByFsck)
    {
        using TestMount mount = TestMount.OpenImage(image, "DATA");
        List<TreeEntry> found = TreeReader.Read(mount.Ops);
        TreeEntry? hurt = found.Find(entry => entry.Path == path);
        Assert.NotNull(hurt);
        Assert.Equal(Errno.EIO, hurt.Error);

        AssertAllBut(path, found);
        string place = isSeenByFsck ? $"0x{BadBlock(image):x}" : "does not decode";
        Assert.True(mount.Log.Contains(LogLevel.Error, place),
            string.Join('\n', mount.Log.Lines(LogLevel.Error)));
        Assert.True(mount.Log.Contains(LogLevel.Error, $"{image}.img"));
    }

    [Fact]
    public void The_log_names_the_PFS_the_path_and_the_byte_of_the_device()
    {
        using var disk = new MemoryBlockDevice(1L << 33, "disk");
        long shift = CopyTo(disk, "dmg-data");
        using TestMount mount = TestMount.OpenDevice(
            new PartitionBlockDevice(disk, shift, disk.LengthBytes - shift, "disk:p1"), "DATA");
        Assert.Equal(Errno.None, mount.Find("/d/rand", out VnodeAttributes file));
        byte[] bytes = new byte[file.SizeBytes];
        Assert.Equal(Errno.EIO, mount.Ops.Read(file.Inum, 0, bytes, out _));
        ulong address = BadBlock("dmg-data");
        string lines = string.Join('\n', mount.Log.Lines(LogLevel.Error));
        Assert.True(mount.Log.Contains(LogLevel.Error, string.Create(CultureInfo.InvariantCulture,
            $"disk: Data block at byte {(long)address + shift} (0x{(long)address + shift:x}) of the device, ")), lines);
        Assert.True(mount.Log.Contains(
            LogLevel.Error, $"offset 0x{address:x} of the filesystem, PFS DATA, "), lines);
        Assert.Equal(lines.Split('\n')[^1], mount.Mount.LastFault);

        mount.Log.Clear();
        mount.Ops.ReportDamage(file.Inum);
        mount.Ops.ReportDamage(file.Inum);
        Assert.Equal([$"PFS DATA: /d/rand (inode 0x{file.Inum:x}) returned EIO"], mount.Log.Lines(LogLevel.Error));
    }

    [Fact]
    public void The_path_in_the_log_is_that_of_the_name_that_was_looked_up()
    {
        using TestMount mount = TestMount.OpenImage("dmg-inode", "DATA");
        Assert.Equal(Errno.EIO, mount.Find("/d/small", out _));
        Assert.Equal(Errno.None, mount.Find("/d", out VnodeAttributes directory));
        mount.Log.Clear();
        mount.Ops.ReportDamage(directory.Inum, "small"u8);
        mount.Ops.ReportDamage(directory.Inum);
        mount.Ops.ReportDamage(VnodeOps.RootInum);
        mount.Ops.ReportDamage(0x123456);
        Assert.Equal(
            [
                $"PFS DATA: /d/small (inode 0x{directory.Inum:x}) returned EIO",
                $"PFS DATA: /d (inode 0x{directory.Inum:x}) returned EIO",
                "PFS DATA: / (inode 0x1) returned EIO",
                "PFS DATA: inode 0x123456, whose path is not known, returned EIO",
            ], mount.Log.Lines(LogLevel.Error));
    }

    // Offset of the image on the disk.
    private static long CopyTo(MemoryBlockDevice disk, string image)
    {
        const long Shift = 3L << 20;
        using FileBlockDevice file = GoldenImage.Open(image);
        byte[] piece = new byte[1 << 20];
        for (long offset = 0; offset < file.LengthBytes; offset += piece.Length)
        {
            Assert.Equal(Hammer2Error.None, file.Read(offset, piece));
            if (piece.AsSpan().ContainsAnyExcept((byte)0))
                Assert.Equal(Hammer2Error.None, disk.Write(Shift + offset, piece));
        }
        return Shift;
    }

    [Fact]
    public void A_damaged_name_hides_its_entry_only_and_the_listing_ends_with_EIO()
    {
        using TestMount mount = TestMount.OpenImage("dmg-dirent", "DATA");
        List<TreeEntry> found = TreeReader.Read(mount.Ops);
        Assert.Equal(Errno.EIO, found.Find(entry => entry.Path == "/d")!.Error);
        Assert.Equal(Errno.EIO, mount.Find(LongName, out _));
        Assert.Equal(Errno.ENOENT, mount.Find("/d/missing", out _));

        found = found.ConvertAll(entry => entry.Path == "/d" ? entry with { Error = Errno.None } : entry);
        AssertAllBut(LongName, found);
        Assert.True(mount.Log.Contains(LogLevel.Error, $"0x{BadBlock("dmg-dirent"):x}"));
    }

    [Fact]
    public void A_damaged_freemap_does_not_affect_reading()
    {
        using TestMount mount = TestMount.OpenImage("dmg-freemap", "DATA");
        ManifestComparison.AssertEqual(Manifest.Read("dmg-base", "DATA"), TreeReader.Read(mount.Ops));
        Assert.Empty(mount.Log.Lines(LogLevel.Error));
    }

    [Theory]
    [InlineData("dmg-two-headers", 3, "copy 0 at 0x0: all bytes are zero; copy 2 at 0x100000000: all")]
    [InlineData("dmg-volhdr-best", 2, "copy 3 at 0x180000000: CRC of sector")]
    [InlineData("dmg-volhdr-best-magic", 2, "copy 3 at 0x180000000: all bytes are zero")]
    [InlineData("dmg-volhdr0", 3, "copy 0 at 0x0: CRC of sector 0 does not match")]
    public void The_newest_valid_header_is_used_and_a_warning_gives_the_reason(string image, int copy, string why)
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes(image);
        string note = Assert.Single(volumes.Notes);
        Assert.Contains(why, note, StringComparison.Ordinal);
        Assert.Contains($"volume header copy {copy} at", note, StringComparison.Ordinal);
        Assert.Equal(copy, volumes.Header.CopyIndex);

        using TestMount mount = TestMount.OpenImage(image, "DATA");
        ManifestComparison.AssertEqual(Manifest.Read(image, "DATA"), TreeReader.Read(mount.Ops));
    }

    [Fact]
    public void Without_a_valid_header_opening_fails_with_a_reason_for_each_copy()
    {
        NotHammer2Exception refusal = Assert.Throws<NotHammer2Exception>(
            () => GoldenImage.OpenVolumes("dmg-volhdr-all"));
        for (int copy = 0; copy < 4; copy++)
        {
            long offset = copy * 2L << 30;
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"copy {copy} at 0x{offset:x}: CRC"),
                refusal.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("dmg-inode-root", "no PFS has the label DATA")]
    [InlineData("dmg-inode-sroot", "no PFS has the label DATA; there are: none")]
    public void A_damaged_root_prevents_the_mount(string image, string message)
    {
        PfsException refusal = Assert.Throws<PfsException>(() => TestMount.OpenImage(image, "DATA"));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_PFSs_of_the_device_are_usable_when_one_root_is_damaged()
    {
        using TestMount mount = TestMount.OpenImage("dmg-inode-root", "LOCAL");
        Assert.Equal(Errno.None, Assert.Single(TreeReader.Read(mount.Ops)).Error);
        Assert.True(mount.Log.Contains(LogLevel.Error, $"0x{BadBlock("dmg-inode-root"):x}"));
    }

    [Theory]
    [InlineData("dmg-trunc-mid")]
    [InlineData("dmg-truncated")]
    public void A_truncated_image_is_rejected_unless_opened_for_rescue(string image)
    {
        VolumeSetException refusal = Assert.Throws<VolumeSetException>(() => GoldenImage.OpenVolumes(image));
        Assert.Contains("the device is shorter than its volume", refusal.Message, StringComparison.Ordinal);

        var options = new VolumeSetOptions(IsReadOnly: true, AcceptsShortDevices: true);
        VolumeSet volumes = VolumeSet.Open([GoldenImage.Open(image)], options);
        Assert.Contains(
            volumes.Notes, note => note.Contains("are missing at its end", StringComparison.Ordinal));
        using TestMount mount = TestMount.Open([volumes], "DATA");
        // Only the header copy before the cut exists, with the state that it refers to.
        Assert.DoesNotContain(
            TreeReader.Read(mount.Ops), entry => entry.Error is not (Errno.None or Errno.EIO));
    }

    private static void AssertAllBut(string path, List<TreeEntry> found)
    {
        Manifest manifest = Manifest.Read("dmg-base", "DATA");
        List<string> differences = ManifestComparison.Differences(manifest, found);
        Assert.NotEmpty(differences);
        differences.RemoveAll(line => line.StartsWith($"{path}: ", StringComparison.Ordinal));
        ManifestComparison.AssertNone(manifest, differences);
    }

    // Upstream's checker prints the raw data offset, with the radix in its low bits.
    private static ulong BadBlock(string image)
    {
        foreach (string line in File.ReadLines(RepositoryRoot.Below("images", $"{image}.fsck.txt")))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (line.Contains("Bad HAMMER2_CHECK", StringComparison.Ordinal))
                return ulong.Parse(words[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & ~0x3FUL;
        }
        throw new InvalidDataException($"{image}.fsck.txt names no bad block");
    }
}
