// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Admin.Fsck;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>
/// Goal: a check finds volumes of upstream's own code clean, and reports damage at its location and nothing else.
/// Method: every image; the damage of damaged images is known byte by byte.
/// </summary>
public sealed class FsckTests
{
    public static TheoryData<string> SoundImages => VerifyTests.SoundImages;

    /// <summary>Image, code, PFS, path, key.</summary>
    public static TheoryData<string, FsckCode, string?, string?, ulong> Hurt => new()
    {
        { "dmg-data", FsckCode.CheckCode, "DATA", "/d/rand", 0x40000 },
        { "dmg-data-lz4", FsckCode.CheckCode, "DATA", "/d/text", 0x20000 },
        { "dmg-data-nocheck-lz4", FsckCode.DataDecode, "DATA", "/nc/text", 0 },
        { "dmg-nocheck-lz4len", FsckCode.DataDecode, "DATA", "/nc/text", 0 },
        { "dmg-indirect", FsckCode.CheckCode, "DATA", "/d/text", 0 },
        { "dmg-inode", FsckCode.CheckCode, "DATA", "/d/small", 0x403 },
        { "dmg-dirent", FsckCode.CheckCode, "DATA", "/d", 0xf73c30c047fc8001 },
        { "dmg-inode-root", FsckCode.CheckCode, null, "/", 0xc78fff92381d8000 },
        { "dmg-inode-sroot", FsckCode.CheckCode, null, null, 0 },
        { "dmg-freemap", FsckCode.CheckCode, null, null, 0 },
    };

    /// <summary>Image, copies that are damaged, copies that are blank.</summary>
    public static TheoryData<string, int[], int[]> DamagedHeaders => VerifyTests.DamagedHeaders;

    [Theory, MemberData(nameof(SoundImages))]
    public void A_sound_image_is_clean(string image)
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes(image);
        FsckReport report = FilesystemChecker.Check(volumes);
        Assert.Equal(0, report.Errors);
        Assert.True(report.Pfses > 0);
        Assert.NotEqual(0UL, report.BytesReachable);
        if (image != "deleted-makefs")
        {
            Assert.True(report.IsClean, report.ToString());
            return;
        }
        // Upstream's "destroy" removes one of two entries without changing the link count, by design.
        FsckFinding finding = Assert.Single(report.Findings, found => found.Severity == FsckSeverity.Warning);
        Assert.Equal((FsckCode.LinkCount, 0x413UL, "/dir_raji/hard1"), (finding.Code, finding.Inum, Path(finding)));
    }

    [Theory, MemberData(nameof(Hurt))]
    public void Damage_is_found_once_and_reported_with_its_path(
        string image, FsckCode code, string? label, string? path, ulong key)
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes(image);
        FsckReport report = FilesystemChecker.Check(volumes);
        Assert.True((report.Errors, report.Warnings) == (1, 0), report.ToString());
        FsckFinding finding = report.Findings[0];
        Assert.Equal((FsckSeverity.Error, code, label), (finding.Severity, finding.Code, finding.Label));
        Assert.Equal((path, key), (Path(finding), finding.Key));
        Assert.NotEqual(0UL, finding.Address);
        Assert.Contains(volumes.Name, finding.Location, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(DamagedHeaders))]
    public void Damaged_header_copies_are_warnings_and_blank_ones_notes(string image, int[] damaged, int[] blank)
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes(image);
        FsckReport report = FilesystemChecker.Check(volumes);
        Assert.Equal(0, report.Errors);
        Assert.Equal(damaged, Copies(report, FsckSeverity.Warning));
        Assert.Equal(blank, Copies(report, FsckSeverity.Note));
    }

    [Fact]
    public void A_device_that_is_too_short_is_an_error()
    {
        var options = new VolumeSetOptions(IsReadOnly: true, AcceptsShortDevices: true);
        using VolumeSet volumes = VolumeSet.Open([GoldenImage.Open("dmg-truncated")], options);
        FsckFinding finding = Assert.Single(
            FilesystemChecker.Check(volumes).Findings, found => found.Severity == FsckSeverity.Error);
        Assert.Equal(FsckCode.HeaderField, finding.Code);
    }

    [Fact]
    public void Findings_above_the_limit_are_counted()
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes("fuzz1003");
        FsckReport whole = FilesystemChecker.Check(volumes);
        FsckReport cut = FilesystemChecker.Check(volumes, new FsckOptions { FindingsMax = 1 });
        Assert.True(whole.Notes > 1);
        Assert.Equal(whole.Notes, cut.Notes);
        Assert.Equal(whole.Totals, cut.Totals);
        _ = Assert.Single(cut.Findings);
    }

    [Fact]
    public void Without_file_data_only_metadata_is_read()
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes("sizes");
        FsckReport whole = FilesystemChecker.Check(volumes);
        FsckReport quick = FilesystemChecker.Check(volumes, new FsckOptions { ReadsData = false });
        Assert.True(quick.IsClean, quick.ToString());
        Assert.Equal(whole.BytesReachable, quick.BytesReachable);
        Assert.True(quick.BytesRead < whole.BytesRead / 10);
    }

    [Theory]
    [InlineData(15, FsckSeverity.Note)]
    [InlineData(17, FsckSeverity.Warning)]
    public void A_torn_copy_of_an_older_header_is_a_note(ulong tid, FsckSeverity severity)
    {
        MemoryBlockDevice device = NewVolume.InMemory(3L << 30);
        byte[] header = new byte[Media.VolumeHeaderBytes];
        Assert.Equal(Hammer2Error.None, device.Read(Media.HeaderZoneBytes, header));
        var view = new VolumeHeaderView(header);
        Assert.Equal(16ul, view.Fields.MirrorTid);
        view.Fields.MirrorTid = tid;
        VolumeHeaderCandidate.StoreCrcs(view);
        header[0x4000] ^= 1;                    // a later sector is of another header
        Assert.Equal(Hammer2Error.None, device.Write(Media.HeaderZoneBytes, header));
        using var volumes = VolumeSet.Open([device]);
        FsckReport report = FilesystemChecker.Check(volumes);
        Assert.Equal([1], Copies(report, severity));
        Assert.Equal(severity == FsckSeverity.Note, report.IsClean);
    }

    [Fact]
    public void A_copy_without_a_valid_first_sector_is_not_torn()
    {
        MemoryBlockDevice device = NewVolume.InMemory(3L << 30);
        byte[] noise = new byte[Media.VolumeHeaderBytes];
        new SeededRandom(3).Fill(noise);
        Assert.Equal(Hammer2Error.None, device.Write(Media.HeaderZoneBytes, noise));
        using var volumes = VolumeSet.Open([device]);
        Assert.Equal([1], Copies(FilesystemChecker.Check(volumes), FsckSeverity.Warning));
    }

    private static string? Path(FsckFinding finding) =>
        finding.Path is null ? null : Encoding.UTF8.GetString(finding.Path);

    private static IEnumerable<int> Copies(FsckReport report, FsckSeverity severity) => report.Findings
        .Where(finding => finding.Code == FsckCode.HeaderCopy && finding.Severity == severity)
        .Select(finding => (int)finding.Key);
}
