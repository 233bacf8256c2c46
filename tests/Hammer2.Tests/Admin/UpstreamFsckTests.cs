// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Hammer2.Admin.Scan;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tool;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>
/// Goal: fsck_hammer2 reports the same counts and faults as upstream's program of that name, with upstream's options,
/// and never writes. Method: compares its output with upstream's for the same images.
/// </summary>
public sealed class UpstreamFsckTests
{
    private static readonly Regex Zone = new(@"^zone\.\d [0-9a-f]{16}", RegexOptions.Multiline);
    private static readonly Regex Sums = new(@"^\s+\d+ blockref \([^)]*\)", RegexOptions.Multiline);
    private static readonly Regex Faults =
        new(@"^\s+[0-9a-f]{16} \w+ +[0-9a-f]{16}/\d+ +Bad \w+", RegexOptions.Multiline);

    public static TheoryData<string> Recorded =>
        [.. Directory.GetFiles(RepositoryRoot.Below("images"), "*.fsck.txt").Order()
            .Select(path => Path.GetFileName(path)[..^".fsck.txt".Length])];

    [Theory, MemberData(nameof(Recorded))]
    public void The_output_equals_that_of_upstream(string image)
    {
        string expected = File.ReadAllText(RepositoryRoot.Below("images", $"{image}.fsck.txt"));
        ToolRun run = Run(image);
        bool wasSound = expected.Contains("exit code 0", StringComparison.Ordinal);
        Assert.True(run.ExitCode == (wasSound ? 0 : 1), run + "\n" + expected);
        if (wasSound) Assert.Equal(SumsOf(expected), SumsOf(run.Text));
        // Upstream stops at the first damage of a tree, this program continues.
        Assert.Subset(ListOf(Faults, run.Error).ToHashSet(), ListOf(Faults, expected).ToHashSet());
    }

    [Theory]
    [InlineData("-p")]
    [InlineData("-p", "-y")]
    [InlineData("-f", "-v")]
    public void Nothing_is_written(params string[] options)
    {
        using var directory = new ScratchDirectory();
        string image = directory.Below("image");
        using (Process copy = Process.Start("cp", ["--sparse=always", GoldenImage.Path("deleted-makefs"), image]))
            copy.WaitForExit();
        byte[] before = Hash(image);
        ToolRun run = ToolRun.ExecuteAs("fsck_hammer2", [.. options, image]);
        // There is no -y, as in upstream.
        Assert.Equal(options.Contains("-y") ? 1 : 0, run.ExitCode);
        Assert.Equal(before, Hash(image));
    }

    [Fact]
    public void Each_requested_PFS_is_scanned_separately()
    {
        ToolRun all = Run("pfs-snap", "-p"), one = Run("pfs-snap", "-p", "-l", "DATA");
        ToolRun none = Run("pfs-snap", "-p", "-l", "NO");
        Assert.True(all.ExitCode == 0, all.ToString());
        Assert.Contains("\tSNAP.1\n\t\t", all.Text, StringComparison.Ordinal);
        Assert.True(one.ExitCode == 0, one.ToString());
        Assert.DoesNotContain("SNAP.1", one.Text, StringComparison.Ordinal);
        Assert.Contains("\tDATA\n\t\t", one.Text, StringComparison.Ordinal);
        Assert.Equal(1, none.ExitCode);
    }

    [Fact]
    public void Pfses_are_printed_and_nothing_is_scanned()
    {
        ToolRun run = Run("pfs-snap", "-P");
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"\tMASTER +[0-9a-f-]{36} DATA\n", run.Text);
        Assert.Matches(@"\tSNAPSHOT +[0-9a-f-]{36} SNAP\.1\n", run.Text);
        Assert.DoesNotContain("blockref", run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_best_zone_is_scanned_on_request()
    {
        ToolRun all = Run("dmg-base"), best = Run("dmg-base", "-b");
        Assert.Equal(12, Regex.Count(all.Text, @"^zone\.\d", RegexOptions.Multiline));
        Assert.Equal(3, Regex.Count(best.Text, @"^zone\.3 0000000180000010$", RegexOptions.Multiline));
        Assert.Equal(3, Regex.Count(best.Text, @"^zone\.", RegexOptions.Multiline));
    }

    [Fact]
    public void Empty_references_are_counted_on_request()
    {
        string without = Run("basic-types").Text, with = Run("basic-types", "-e").Text;
        Assert.DoesNotContain("empty", without, StringComparison.Ordinal);
        Match sums = Regex.Match(
            with, @"(\d+) blockref \((\d+) inode, (\d+) indirect, (\d+) data, (\d+) dirent, (\d+) empty\)");
        ulong[] numbers = [.. sums.Groups.Values.Skip(1).Select(group => ulong.Parse(group.Value))];
        Assert.Equal(numbers[0], numbers[1] + numbers[2] + numbers[3] + numbers[4] + numbers[5]);
        Assert.InRange(numbers[5], 1UL, 100_000UL);
    }

    [Fact]
    public void Damaged_blocks_are_shown_on_request_unless_quiet()
    {
        Assert.Contains("slot", Regex.Replace(Run("dmg-indirect", "-v").Error, @"^\t\t *\d+ [0-9a-f]{16} data", "slot",
            RegexOptions.Multiline), StringComparison.Ordinal);
        Assert.Equal(Run("dmg-indirect").Error, Run("dmg-indirect", "-v", "-q").Error);
    }

    [Fact]
    public void Below_damage_nothing_is_followed_unless_forced()
    {
        ulong Count(params string[] options) => ulong.Parse(Regex.Matches(
            Run("dmg-inode-root", options).Text, @"(\d+) blockref \(\d+ inode")[^1].Groups[1].Value);
        Assert.True(Count("-b") < Count("-b", "-f"));
    }

    [Theory]
    [InlineData("pfs-many")]
    [InlineData("indirect-big")]
    [InlineData("matrix")]
    public void Totals_do_not_depend_on_the_cache(string image)
    {
        using OverlayBlockDevice device = GoldenImage.OpenOverlay(image);
        VolumeSet volumes = VolumeSet.Open([device]);
        BlockScanTotals[] totals = [.. ((long[])[1, 7, 100, long.MaxValue]).Select(from => new BlockScan(
            volumes, new BlockScanOptions { CacheThreshold = from }).Scan(volumes.Header.SuperRootBlockset).Totals)];
        Assert.True(totals[0].References > 0);
        Assert.All(totals, total => Assert.Equal(totals[0], total));
    }

    [Fact]
    public void Exponentially_many_references_are_scanned_in_time()
    {
        // Sixty levels of a block with 32 references to the next: more paths than could ever be followed.
        const int Levels = 60;
        using OverlayBlockDevice device = GoldenImage.OpenOverlay("basic-types");
        VolumeSet volumes = VolumeSet.Open([device]);
        Blockref reference = volumes.Header.SuperRootBlockset[0];
        for (int level = 0; level < Levels; level++)
        {
            byte[] block = new byte[4096];
            MemoryMarshal.Cast<byte, Blockref>(block.AsSpan()).Fill(reference);
            ulong address = (ulong)(0x4000000 + (level * 4096));
            Assert.Equal(Hammer2Error.None, device.Write((long)address, block));
            reference = new Blockref
            {
                Type = BlockrefType.Indirect,
                Methods = new BlockMethods(CheckMethod.Disabled, CompressionMethod.None),
                Data = new DataOffset(address, 12),
            };
        }
        BlockScanReport report = new BlockScan(volumes).Scan([reference]);
        Assert.Equal(0, report.FaultsTotal);
    }

    [Fact]
    public void A_block_that_refers_back_to_itself_is_a_fault()
    {
        using OverlayBlockDevice device = GoldenImage.OpenOverlay("basic-types");
        VolumeSet volumes = VolumeSet.Open([device]);
        var reference = new Blockref
        {
            Type = BlockrefType.Indirect,
            Methods = new BlockMethods(CheckMethod.Disabled, CompressionMethod.None),
            Data = new DataOffset(0x4000000, 12),
        };
        byte[] block = new byte[4096];
        MemoryMarshal.Cast<byte, Blockref>(block.AsSpan()).Fill(reference);
        Assert.Equal(Hammer2Error.None, device.Write(0x4000000, block));
        BlockScanReport report = new BlockScan(volumes).Scan([reference]);
        Assert.Contains("above it", report.Faults[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_malformed_command_line_and_a_missing_device_exit_with_1()
    {
        Assert.Equal(ExitCode.Damage, ToolRun.ExecuteAs("fsck_hammer2").ExitCode);
        Assert.Equal(ExitCode.Damage, ToolRun.ExecuteAs("fsck_hammer2", "--no-such", "x").ExitCode);
        ToolRun missing = ToolRun.ExecuteAs("fsck_hammer2", "/does/not/exist");
        Assert.Equal(ExitCode.Damage, missing.ExitCode);
        Assert.Contains("/does/not/exist", missing.Error, StringComparison.Ordinal);
    }

    private static ToolRun Run(string image, params string[] options) =>
        ToolRun.ExecuteAs("fsck_hammer2", [.. options, string.Join(':', GoldenImage.Paths(image))]);

    // The last line of totals in each zone: those before it are progress output of upstream.
    private static List<string> SumsOf(string text) =>
        [.. Zone.Split(text).Select(part => ListOf(Sums, part).LastOrDefault("none"))];

    private static List<string> ListOf(Regex pattern, string text) =>
        [.. pattern.Matches(text).Select(match => Regex.Replace(match.Value, @"\s+", " ").Trim())];

    private static byte[] Hash(string path)
    {
        using FileStream file = File.OpenRead(path);
        return SHA256.HashData(file);
    }
}
