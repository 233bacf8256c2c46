// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>
/// Goal: a verification finds all damage and nothing else, and reports it with its path. Method: every image is
/// verified; the damage of damaged images is known byte by byte.
/// </summary>
public sealed class VerifyTests
{
    private const ulong LongName = 0xf73c30c047fc8001;   // hash of the 100 letters in /d, plus one
    private const ulong LabelData = 0xc78fff92381d8000;  // hash of DATA

    private static readonly VerifyOptions Usual = new();

    public static TheoryData<string> SoundImages
    {
        get
        {
            var images = new TheoryData<string>();
            foreach (string file in GoldenImage.FileNames)
            {
                bool isVolume = file.Contains(".v", StringComparison.Ordinal);
                if (file.StartsWith("dmg-", StringComparison.Ordinal) && file != "dmg-base") continue;
                if (!isVolume) images.Add(file);
                else if (file.EndsWith(".v0", StringComparison.Ordinal)) images.Add(file[..^3]);
            }
            return images;
        }
    }

    /// <summary>Image, kind of block, error, PFS, paths, first and last key.</summary>
    public static TheoryData<string, BlockrefType, Hammer2Error, string?, string, ulong, ulong> Hurt => new()
    {
        { "dmg-data", BlockrefType.Data, Hammer2Error.Check, "DATA", "/d/rand", 0x40000, 0x4ffff },
        { "dmg-data-lz4", BlockrefType.Data, Hammer2Error.Check, "DATA", "/d/text", 0x20000, 0x2ffff },
        { "dmg-data-nocheck-lz4", BlockrefType.Data, Hammer2Error.Corrupt, "DATA", "/nc/text", 0, 0xffff },
        { "dmg-nocheck-lz4len", BlockrefType.Data, Hammer2Error.Corrupt, "DATA", "/nc/text", 0, 0xffff },
        { "dmg-indirect", BlockrefType.Indirect, Hammer2Error.Check, "DATA", "/d/text", 0, 0x7fffff },
        { "dmg-inode", BlockrefType.Inode, Hammer2Error.Check, "DATA", "/d/small", 0x403, 0x403 },
        { "dmg-dirent", BlockrefType.Dirent, Hammer2Error.Check, "DATA", "/d", LongName, LongName },
        // The label is in the inode that is lost.
        { "dmg-inode-root", BlockrefType.Inode, Hammer2Error.Check, null, "/", LabelData, LabelData },
        { "dmg-inode-sroot", BlockrefType.Inode, Hammer2Error.Check, null, "", 0, 0 },
        { "dmg-freemap", BlockrefType.FreemapLeaf, Hammer2Error.Check, null, "", 0, 0x3fffffff },
    };

    /// <summary>Image, copies that are damaged, copies that are blank.</summary>
    public static TheoryData<string, int[], int[]> DamagedHeaders => new()
    {
        { "dmg-volhdr0", [0], [] },
        { "dmg-volhdr-best", [3], [] },
        { "dmg-volhdr-best-magic", [], [3] },
        { "dmg-two-headers", [], [0, 2] },
        { "grown-makefs", [], [2, 3] },
        { "dmg-base", [], [] },
    };

    [Theory, MemberData(nameof(SoundImages))]
    public void A_sound_image_has_no_fault(string image)
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes(image);
        VerifyReport report = Verify.Run(volumes, Usual);
        Assert.True(report.IsClean, string.Join('\n', report.Faults.Select(fault => fault.Reason)));
        Assert.Equal(0, report.FaultsTotal);
        Assert.True(report.Pfses > 0);
        Assert.True(report.Inodes >= report.Pfses);
    }

    [Theory, MemberData(nameof(Hurt))]
    public void Damage_is_found_once_and_reported_with_its_path(
        string image, BlockrefType kind, Hammer2Error error, string? label,
        string path, ulong key, ulong keyEnd)
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes(image);
        VerifyReport report = Verify.Run(volumes, Usual);
        VerifyFault fault = Assert.Single(report.Faults);
        Assert.Equal(1, report.FaultsTotal);
        Assert.False(report.HasBadHeader);
        Assert.Equal((kind, error, label), (fault.Kind, fault.Error, fault.Label));
        Assert.Equal((key, keyEnd), (fault.Key, fault.KeyEnd));
        Assert.Equal(path.Length == 0 ? [] : [path], fault.Paths.Select(Encoding.UTF8.GetString));
        Assert.NotEqual(0UL, fault.Address);
    }

    [Theory, MemberData(nameof(DamagedHeaders))]
    public void Damaged_header_copies_are_distinguished_from_blank_ones(
        string image, int[] damaged, int[] blank)
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes(image);
        VerifyReport report = Verify.Run(volumes, Usual);
        Assert.Equal(damaged, Copies(report.Headers, header => header.IsDamaged));
        Assert.Equal(blank, Copies(report.Headers, header => header.IsBlank));
        Assert.Equal(damaged.Length > 0, report.HasBadHeader);
        Assert.Empty(report.Faults);
    }

    [Fact]
    public void Each_node_of_a_cluster_is_verified_by_itself()
    {
        string[] nodes = [.. GoldenImage.Nodes("cluster3").Select(GoldenImage.Path)];
        ToolRun run = ToolRun.Execute(["verify", "--json", .. nodes]);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(3, run.Json.GetProperty("filesystems").GetArrayLength());
    }

    [Fact]
    public void A_device_that_cannot_be_opened_does_not_prevent_verifying_the_others()
    {
        ToolRun run = ToolRun.Execute(
            "verify", "--json", GoldenImage.Path("dmg-volhdr-all"), GoldenImage.Path("dmg-data"));
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("no valid HAMMER2 volume header", run.Error, StringComparison.Ordinal);
        Assert.Equal(1, run.Json.GetProperty("filesystems")[0].GetProperty("faultsTotal").GetInt32());
    }

    [Fact]
    public void A_truncated_device_opens_only_for_rescue()
    {
        string image = GoldenImage.Path("dmg-truncated");
        ToolRun refused = ToolRun.Execute("verify", image);
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("shorter than its volume", refused.Error, StringComparison.Ordinal);

        // The missing part held one header copy and no blocks: the state of the previous header is complete.
        ToolRun run = ToolRun.Execute("verify", "--json", "--salvage", image);
        Assert.Equal(0, run.ExitCode);
        Assert.True(run.Json.GetProperty("filesystems")[0].GetProperty("inodes").GetInt32() > 10);
    }

    [Fact]
    public void Damage_shared_by_snapshots_is_reported_for_each_of_them()
    {
        using OverlayBlockDevice device = GoldenImage.OpenOverlay("pfs-snap");
        using VolumeSet volumes = VolumeSet.Open([device]);
        MapBlock shared = MediaMap.Read(volumes).OfType(BlockrefType.Data).First(block =>
            block.IsProtected && block.Objects.Select(owner => owner.Pfs).Distinct().Count() >= 3);
        device.Flip((long)shared.Address, 1);

        VerifyReport report = Verify.Run(volumes, Usual);
        Assert.Equal(
            shared.Objects.Select(owner => owner.Pfs).Distinct().Order(StringComparer.Ordinal),
            report.Faults.Select(fault => fault.Label).Distinct().Order(StringComparer.Ordinal));
        Assert.All(report.Faults, fault => Assert.Equal(shared.Address, fault.Address));
        Assert.All(report.Faults, fault => Assert.NotEmpty(fault.Paths));
    }

    [Fact]
    public void Faults_above_the_limit_are_counted()
    {
        using OverlayBlockDevice device = GoldenImage.OpenOverlay("dmg-data");
        using VolumeSet volumes = VolumeSet.Open([device]);
        VerifyReport whole = Verify.Run(volumes, Usual);
        VerifyReport cut = Verify.Run(volumes, Usual with { FaultsMax = 1, PathsMax = 1 });
        Assert.Equal(whole.FaultsTotal, cut.FaultsTotal);
        _ = Assert.Single(cut.Faults);
    }

    private static int[] Copies(IReadOnlyList<HeaderFinding> headers, Func<HeaderFinding, bool> which) =>
        [.. headers.Where(which).Select(header => header.Copy.CopyIndex)];
}
