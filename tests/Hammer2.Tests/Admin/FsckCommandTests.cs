// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hammer2.Devices;
using Hammer2.Testing;
using Hammer2.Tool;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>The fsck command under all its names, with the options of fsck(8).</summary>
public sealed class FsckCommandTests
{
    [Theory]
    [InlineData("hammer2", "fsck")]
    [InlineData("fsck.hammer2")]
    public void A_sound_image_exits_with_0_under_every_program_name(string program, params string[] words)
    {
        ToolRun run = ToolRun.ExecuteAs(program, [.. words, "-n", "-f", "-C0", GoldenImage.Path("basic-types")]);
        Assert.True(run.ExitCode == ExitCode.Ok, run.ToString());
        Assert.Contains(": clean", run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_exits_with_4_and_is_reported_with_its_path()
    {
        ToolRun run = ToolRun.Execute("fsck", "-n", GoldenImage.Path("dmg-data"));
        Assert.Equal(ExitCode.FsckUncorrected, run.ExitCode);
        Assert.Contains("ERROR DATA: /d/rand: ", run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_has_an_object_for_every_finding()
    {
        ToolRun run = ToolRun.Execute("fsck", "--json", GoldenImage.Path("dmg-data"), GoldenImage.Path("basic-types"));
        Assert.Equal(ExitCode.FsckUncorrected, run.ExitCode);
        JsonElement filesystems = run.Json.GetProperty("filesystems");
        Assert.Equal(2, filesystems.GetArrayLength());
        JsonElement finding = filesystems[0].GetProperty("findings").EnumerateArray().First();
        Assert.Equal("Error", finding.GetProperty("severity").GetString());
        Assert.Equal("CheckCode", finding.GetProperty("code").GetString());
        Assert.Equal("/d/rand", finding.GetProperty("path").GetString());
        Assert.True(filesystems[1].GetProperty("clean").GetBoolean());
    }

    [Fact]
    public void A_device_that_cannot_be_opened_exits_with_8_and_the_others_are_checked()
    {
        ToolRun run = ToolRun.Execute("fsck", "--json", "/does/not/exist", GoldenImage.Path("dmg-data"));
        Assert.Equal(ExitCode.FsckOperational | ExitCode.FsckUncorrected, run.ExitCode);
        Assert.Equal(1, run.Json.GetProperty("filesystems").GetArrayLength());
        Assert.Contains("/does/not/exist", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_malformed_command_line_exits_with_16()
    {
        Assert.Equal(ExitCode.FsckUsage, ToolRun.Execute("fsck").ExitCode);
        Assert.Equal(ExitCode.FsckUsage, ToolRun.Execute("fsck", "--no-such", "x").ExitCode);
    }

    [Fact]
    public void A_device_that_is_being_written_is_rejected()
    {
        using var directory = new ScratchDirectory();
        string image = Path.Combine(directory.Path, "image");
        File.Copy(GoldenImage.Path("empty-min"), image);
        using FileBlockDevice writer = FileBlockDevice.Open(image, new FileBlockDeviceOptions(IsReadOnly: false));
        ToolRun run = ToolRun.Execute("fsck", image);
        Assert.Equal(ExitCode.FsckOperational, run.ExitCode);
        Assert.Contains("being written", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_goes_to_the_requested_file()
    {
        using var directory = new ScratchDirectory();
        string path = Path.Combine(directory.Path, "progress");
        using (FileStream file = File.Create(path))
        {
            string number = file.SafeFileHandle.DangerousGetHandle().ToString();
            ToolRun run = ToolRun.Execute("fsck", "-C" + number, GoldenImage.Path("sizes"));
            Assert.True(run.ExitCode == ExitCode.Ok, run.ToString());
        }
        Assert.Matches(@"^1 \d+ 1000 /", File.ReadAllText(path));
    }

    [Theory]
    [InlineData("-y", ExitCode.FsckCorrected)]
    [InlineData("--repair", ExitCode.FsckCorrected)]
    [InlineData("-p", ExitCode.FsckCorrected)]
    [InlineData("-a", ExitCode.FsckCorrected)]
    [InlineData("-n", ExitCode.FsckUncorrected)]
    public void A_repair_exits_with_1_and_the_next_check_with_0(string option, int code)
    {
        using var directory = new ScratchDirectory();
        string image = Path.Combine(directory.Path, "image");
        CopySparse("deleted-makefs", image);
        ToolRun run = ToolRun.Execute("fsck", option, image);
        Assert.True(run.ExitCode == code, run.ToString());
        int left = code == ExitCode.FsckCorrected ? ExitCode.Ok : ExitCode.FsckUncorrected;
        Assert.Equal(left, ToolRun.Execute("fsck", image).ExitCode);
        Assert.Equal(left == 0, run.Text.Contains("REPAIRED inode 0x413", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("-a")]
    [InlineData("-p")]
    public void At_boot_file_data_is_not_read_and_a_clean_volume_prints_one_line(string option)
    {
        using var directory = new ScratchDirectory();
        string image = Path.Combine(directory.Path, "image");
        CopySparse("dmg-data", image);
        ToolRun quick = ToolRun.ExecuteAs("fsck.hammer2", option, "-C0", image);
        Assert.True(quick.ExitCode == ExitCode.Ok, quick.ToString());
        Assert.Matches($@"^{Regex.Escape(image)}: clean, \d+ inodes, [0-9.]+ [KMG]iB in use\n$", quick.Text);
        Assert.Equal("", quick.Error);

        // The JSON output tells that data was not read; with -f everything is read.
        ToolRun part = ToolRun.ExecuteAs("fsck.hammer2", option, "--json", image);
        JsonElement read = part.Json.GetProperty("filesystems")[0];
        ToolRun whole = ToolRun.ExecuteAs("fsck.hammer2", option, "-f", "--json", image);
        Assert.Equal(ExitCode.FsckUncorrected, whole.ExitCode);
        JsonElement all = whole.Json.GetProperty("filesystems")[0];
        Assert.True(read.GetProperty("bytesRead").GetUInt64() < all.GetProperty("bytesRead").GetUInt64() / 2);
        Assert.Equal(all.EnumerateObject().Select(value => value.Name).Order(),
            read.EnumerateObject().Select(value => value.Name).Order());
    }

    [Theory]
    [InlineData("dmg-dirent")]
    [InlineData("dmg-inode")]
    [InlineData("dmg-indirect")]
    [InlineData("dmg-freemap")]
    public void At_boot_damaged_metadata_is_found_and_listed(string damaged)
    {
        using var directory = new ScratchDirectory();
        string image = Path.Combine(directory.Path, "image");
        CopySparse(damaged, image);
        ToolRun run = ToolRun.ExecuteAs("fsck.hammer2", "-a", image);
        Assert.NotEqual(ExitCode.Ok, run.ExitCode);
        string expected = run.ExitCode == ExitCode.FsckCorrected ? "REPAIRED" : "ERROR";
        Assert.Contains(expected, run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_that_cannot_be_repaired_exits_with_4()
    {
        using var directory = new ScratchDirectory();
        string image = Path.Combine(directory.Path, "image");
        CopySparse("dmg-data", image);
        Assert.Equal(ExitCode.FsckUncorrected, ToolRun.Execute("fsck", "-y", image).ExitCode);
    }

    [Fact]
    public void Nodes_of_a_cluster_are_compared()
    {
        string[] nodes = [.. GoldenImage.Nodes("cluster3").Select(GoldenImage.Path)];
        ToolRun run = ToolRun.Execute(["fsck", "--json", .. nodes]);
        Assert.True(run.ExitCode == ExitCode.Ok, run.ToString());
        JsonElement cluster = run.Json.GetProperty("clusters")[0];
        Assert.True(cluster.GetProperty("clean").GetBoolean());
        Assert.Equal(3, cluster.GetProperty("nodes").GetArrayLength());
    }

    // Images are many GiB long and consist almost completely of holes.
    private static void CopySparse(string image, string to)
    {
        using Process copy = Process.Start("cp", ["--sparse=always", GoldenImage.Path(image), to]);
        copy.WaitForExit();
        Assert.Equal(0, copy.ExitCode);
    }
}
