// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hammer2.Devices;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Hammer2.Tests.Devices;
using Hammer2.Tool;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Extract;
using Hammer2.Tool.Newfs;
using Hammer2.Tool.Populate;
using Linux.Text;
using Xunit;

namespace Hammer2.Tests.Newfs;

/// <summary>
/// Goal: newfs makes the filesystem that its command line describes, overwrites nothing without being asked, and
/// populates a filesystem with everything in a directory. Method: whole runs of the program on sparse files; sources
/// are the trees of the golden images, whose listings are known.
/// </summary>
public sealed class NewfsCommandTests
{
    private static readonly bool IsRoot = Environment.UserName == "root";

    [Fact]
    public void A_missing_file_is_created_sparse_with_the_requested_filesystem()
    {
        using var scratch = new ScratchDirectory();
        string image = scratch.Below("new.img");
        ToolRun run = ToolRun.ExecuteAs("mkfs.hammer2", "-s", "3g", "-L", "ROOT", "-L", "boot", "-b", "16m",
            "-r", "24m", "-c", "zlib:7", "-C", "sha192", "--json", image);
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(3L << 30, new FileInfo(image).Length);
        JsonElement info = ToolRun.Execute("info", image, "--json").Json.GetProperty("filesystems")[0];
        Assert.Equal(run.Json.GetProperty("filesystems")[0].GetProperty("fsid").GetString(),
            info.GetProperty("fsid").GetString());
        Assert.Equal((16L << 20, 24L << 20),
            (info.GetProperty("bootBytes").GetInt64(), info.GetProperty("auxBytes").GetInt64()));
        Dictionary<string, (string, string)> pfs = Listed(image).ToDictionary(
            row => row.GetProperty("label").GetString()!,
            row => (row.GetProperty("compression").GetString()!, row.GetProperty("check").GetString()!));
        Assert.Equal(["LOCAL", "ROOT", "boot"], pfs.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("autozero", "xxhash64"), pfs["boot"]);
        Assert.Equal("sha192", pfs["ROOT"].Item2);
        Assert.StartsWith("zlib", pfs["ROOT"].Item1, StringComparison.Ordinal);
        Assert.Equal(0, ToolRun.Execute("fsck", image).ExitCode);
    }

    [Fact]
    public void Existing_content_is_named_and_only_overwritten_when_forced()
    {
        using var scratch = new ScratchDirectory();
        string image = scratch.Below("used.img");
        NewVolume.InFile(image);
        byte[] before = FirstBytes(image);
        ToolRun refused = ToolRun.Execute("newfs", image);
        Assert.Equal(ExitCode.CannotOpen, refused.ExitCode);
        Assert.Contains("a HAMMER2 volume", refused.Error, StringComparison.Ordinal);
        ToolRun dry = ToolRun.Execute("newfs", "-f", "-n", image);
        Assert.True(dry.ExitCode == 0, dry.ToString());
        Assert.Equal(before, FirstBytes(image));
        ToolRun forced = ToolRun.Execute("newfs", "-f", "-d", image);
        Assert.True(forced.ExitCode == 0, forced.ToString());
        Assert.Contains("a HAMMER2 volume", forced.Text, StringComparison.Ordinal);
        Assert.NotEqual(before, FirstBytes(image));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(512)]
    [InlineData((512L << 20) - 1)]
    public void A_file_with_any_other_content_is_only_overwritten_when_forced(long offset)
    {
        using var scratch = new ScratchDirectory();
        string file = scratch.Below("notes");
        using (FileStream content = File.Create(file))
        {
            content.SetLength(NewVolume.UsualBytes);
            content.Position = offset;
            content.WriteByte((byte)'n');
        }
        ToolRun refused = ToolRun.Execute("newfs", file);
        Assert.Equal(ExitCode.CannotOpen, refused.ExitCode);
        Assert.Contains($"byte {offset} is not zero", refused.Error, StringComparison.Ordinal);
        using (FileStream content = File.OpenRead(file))
        {
            content.Position = offset;
            Assert.Equal('n', content.ReadByte());
            Assert.Equal(offset == 0 ? 'n' : 0, FirstBytes(file)[0]);
        }
        ToolRun forced = ToolRun.Execute("newfs", "--force", file);
        Assert.True(forced.ExitCode == 0, forced.ToString());
    }

    [Fact]
    public void A_file_of_zeros_is_accepted_sparse_or_not()
    {
        using var scratch = new ScratchDirectory();
        string file = scratch.Below("zeros");
        using (FileStream content = File.Create(file))
        {
            content.SetLength(NewVolume.UsualBytes);
            content.Position = 3 << 20;
            content.Write(new byte[2 << 20]);
        }
        ToolRun run = ToolRun.Execute("newfs", file);
        Assert.True(run.ExitCode == 0, run.ToString());
    }

    [Fact]
    public void Root_directories_belong_to_the_caller_or_to_the_given_owner()
    {
        using var scratch = new ScratchDirectory();
        string image = scratch.Below("new.img");
        ToolRun made = ToolRun.Execute("newfs", "-s", "512m", image);
        Assert.True(made.ExitCode == 0, made.ToString());
        Assert.Equal((LinuxFiles.geteuid(), LinuxFiles.getegid()), OwnerOf(image + "@DATA"));
        foreach ((string option, uint user, uint group) in ((string, uint, uint)[])[
            ("1234:4321", 1234, 4321), ("1234", 1234, LinuxFiles.getegid())])
        {
            made = ToolRun.Execute("newfs", "-f", "--owner", option, image);
            Assert.True(made.ExitCode == 0, made.ToString());
            Assert.Equal((user, group), OwnerOf(image + "@DATA"));
            Assert.Equal((user, group), OwnerOf(image + "@LOCAL"));
        }
        Directory.CreateDirectory(scratch.Below("source"));
        made = ToolRun.Execute("newfs", "-f", "--owner", "7:8", "--populate", scratch.Below("source"), image);
        Assert.True(made.ExitCode == 0, made.ToString());
        Assert.Equal((7u, 8u), OwnerOf(image + "@DATA"));
        foreach (string wrong in (string[])["root", "1:2:3", "-1", "4294967295", ":5", ""])
            Assert.Equal(ExitCode.Usage, ToolRun.Execute("newfs", "-f", "--owner", wrong, image).ExitCode);
    }

    [Fact]
    public void A_label_of_arbitrary_bytes_is_stored_and_escaped_in_output()
    {
        using var scratch = new ScratchDirectory();
        string image = scratch.Below("new.img");
        string label = ByteText.Decode([.. "\u001b[2J"u8, 0xFF]);
        ToolRun made = ToolRun.Execute("newfs", "-s", "512m", "-L", label, image);
        Assert.True(made.ExitCode == 0, made.ToString());
        Assert.Contains("\\x1b[2J\\xff", made.Text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', made.Text);
        Assert.Contains(Listed(image), row => row.GetProperty("label").GetString() == "\\x1b[2J\\xff");
        Assert.True(ToolRun.Execute("ls", $"{image}@{label}").ExitCode == 0);
        string tooLong = ByteText.Decode(Enumerable.Repeat((byte)0xFF, 256).ToArray());
        ToolRun refused = ToolRun.Execute("newfs", "-f", "-L", tooLong, image);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains("has 256 bytes", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', refused.Error);
    }

    [Fact]
    public void The_progress_bar_of_populate_shows_the_share_of_bytes()
    {
        using var scratch = new ScratchDirectory();
        string source = scratch.Below("source");
        Directory.CreateDirectory(source);
        File.WriteAllBytes(Path.Combine(source, "a"), new byte[3 << 18]);
        File.WriteAllBytes(Path.Combine(source, "b"), new byte[1 << 18]);
        for (int index = 0; index < 8; index++) File.WriteAllText(Path.Combine(source, $"c{index}"), "");
        HostProgram.Run("ln", Path.Combine(source, "b"), Path.Combine(source, "d"));
        var size = PopulateSize.Measure(ByteText.Encode(source));
        Assert.Equal(new PopulateSize(11, 1 << 20), size);

        using var error = new MemoryStream();
        using (var terminal = new Terminal(new MemoryStream(), error) { ErrorIsTerminal = true })
        {
            string[] words = ["newfs", "-s", "512m", "--populate", source, scratch.Below("new.img")];
            Assert.Equal(0, Dispatcher.Run("hammer2", words, terminal));
        }
        // The first progress line of populate is printed after three quarters of the bytes, before the first object is
        // complete.
        string[] lines = Encoding.UTF8.GetString(error.ToArray()).Split('\r');
        Assert.Contains(lines, line => line.Contains("[######################........]", StringComparison.Ordinal)
            && line.Contains("768 KiB of 1 MiB, 0 of 11 objects", StringComparison.Ordinal));
    }

    [Fact]
    public void An_interruption_reports_the_state_of_the_filesystem()
    {
        Assert.Equal("b: there is no filesystem, and previous content may be lost; complete: a; not started: c",
            NewfsProgressText.WhileMaking(["a", "b", "c"], 1));
        Assert.Equal("a, b: the filesystem is complete and empty", NewfsProgressText.WhileMaking(["a", "b"], 2));
        Assert.Equal("a: the filesystem is complete but empty: no files were copied durably",
            NewfsProgressText.WhilePopulating("a", 0, 512));
        Assert.Contains("the first 10000 objects of the source; 99 that were copied",
            NewfsProgressText.WhilePopulating("a", 10_000, 10_099), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_in_use_is_rejected_even_when_forced()
    {
        using var scratch = new ScratchDirectory();
        string image = scratch.Below("busy.img");
        NewVolume.InFile(image);
        using FileBlockDevice reader = FileBlockDevice.Open(image, new FileBlockDeviceOptions(IsReadOnly: true));
        ToolRun refused = ToolRun.Execute("newfs", "-f", image);
        Assert.Equal(ExitCode.CannotOpen, refused.ExitCode);
        Assert.Contains("in use by", refused.Error, StringComparison.Ordinal);
    }

    [LoopFact]
    public void A_block_device_becomes_a_volume_and_its_backing_file_is_rejected()
    {
        using var scratch = new ScratchDirectory();
        string image = scratch.Below("below.img");
        NewVolume.InFile(image);
        using LoopDevice loop = LoopDevice.Attach(image);
        ToolRun below = ToolRun.Execute("newfs", "-f", image);
        Assert.Equal(ExitCode.CannotOpen, below.ExitCode);
        Assert.Contains(loop.Path, below.Error, StringComparison.Ordinal);
        ToolRun made = ToolRun.Execute("newfs", "-f", "-E", "-L", "ROOT", loop.Path);
        Assert.True(made.ExitCode == 0, made.ToString());
        Assert.Equal(["LOCAL", "ROOT"], Listed(loop.Path).Select(row => row.GetProperty("label").GetString())
            .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Nothing_is_written_when_one_of_several_devices_is_rejected()
    {
        using var scratch = new ScratchDirectory();
        string used = scratch.Below("used.img"), missing = scratch.Below("missing.img");
        NewVolume.InFile(used);
        Assert.Equal(ExitCode.CannotOpen,
            ToolRun.Execute("newfs", "--cluster", "CL", "-s", "512m", missing, used).ExitCode);
        Assert.False(File.Exists(missing));
    }

    [Theory]
    [InlineData("--boot-size", "9m")]
    [InlineData("--size", "10x")]
    [InlineData("--size", "99999999999999999999t")]
    [InlineData("--label", "")]
    [InlineData("--label", "LOCAL")]
    [InlineData("--format-version", "3")]
    [InlineData("--compression", "lz4:3")]
    [InlineData("--compression", "zstd")]
    [InlineData("--check", "freemap")]
    [InlineData("--uuid", "x")]
    [InlineData("--populate", "/nonexistent")]
    public void A_malformed_command_line_writes_nothing(string option, string value)
    {
        using var scratch = new ScratchDirectory();
        string image = scratch.Below("new.img");
        ToolRun run = ToolRun.Execute("newfs", "-s", "1g", option, value, image);
        Assert.True(run.ExitCode == ExitCode.Usage, run.ToString());
        Assert.False(File.Exists(image));
    }

    [Fact]
    public void A_missing_file_needs_a_size()
    {
        using var scratch = new ScratchDirectory();
        ToolRun run = ToolRun.Execute("newfs", scratch.Below("new.img"));
        Assert.Equal(ExitCode.CannotOpen, run.ExitCode);
        Assert.Contains("--size", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("basic-types", "DATA", 1)]
    [InlineData("basic-makefs", "DATA", 3)]
    [InlineData("dir-collide", "DATA", 1)]
    [InlineData("fuzz1001", "DATA", 3)]
    public void A_populated_filesystem_equals_its_source(string source, string label, int nodes)
    {
        using var scratch = new ScratchDirectory();
        string tree = scratch.Below("tree"), back = scratch.Below("back");
        string spec = string.Join(':', GoldenImage.Paths(source)) + "@" + label;
        ToolRun extracted = ToolRun.Execute("extract", spec, tree, "--log-level", "none");
        Assert.True(extracted.ExitCode == 0 || !IsRoot, extracted.ToString());
        string[] images = [.. Enumerable.Range(0, nodes).Select(node =>
            scratch.Below(string.Create(CultureInfo.InvariantCulture, $"n{node}.img")))];
        string[] cluster = nodes > 1 ? ["--cluster", "CL"] : ["--label", "CL"];
        ToolRun made = ToolRun.Execute(["newfs", "-s", "3g", .. cluster, "--populate", tree, .. images]);
        Assert.True(made.ExitCode == 0, made.ToString());
        ToolRun check = ToolRun.Execute(["fsck", .. images]);
        Assert.True(check.ExitCode == 0, check.ToString());

        string[] others = [.. images.Skip(1).SelectMany(image => (string[])["--node", image])];
        ToolRun read = ToolRun.Execute(["extract", images[0] + "@CL", back, .. others]);
        Assert.True(read.ExitCode == 0 || !IsRoot, read.ToString());
        List<string> differences = ExtractedTree.Compare(back, Manifest.Read(source, label), IsRoot);
        // Not every filesystem of the host can store the year 9999.
        if (!ScratchDirectory.IsInMemory)
            _ = differences.RemoveAll(line => line.StartsWith("/d5/f:", StringComparison.Ordinal));
        Assert.True(differences.Count == 0, string.Join('\n', differences.Take(20)));
    }

    [Fact]
    public void Holes_are_preserved_and_the_same_source_gives_the_same_bytes()
    {
        using var scratch = new ScratchDirectory();
        string tree = scratch.Below("tree");
        _ = Directory.CreateDirectory(tree);
        byte[] data = new byte[100_000];
        new SeededRandom(7).Fill(data);
        using (FileStream file = File.Create(Path.Combine(tree, "sparse")))
        {
            file.Position = 30L << 20;
            file.Write(data);
            file.SetLength(90L << 20);
        }
        string[] hashes = [.. ((string[])["a.img", "b.img"]).Select(name =>
        {
            string image = scratch.Below(name);
            ToolRun run = ToolRun.Execute("newfs", "-s", "256m", "--uuid", "6f6f6f6f-1111-2222-3333-444444444444",
                "--time", "1750000000", "--populate", tree, "--json", image);
            Assert.True(run.ExitCode == 0, run.ToString());
            Assert.InRange(run.Json.GetProperty("populated").GetProperty("bytes").GetInt64(), 100_000, 1 << 20);
            using FileStream bytes = File.OpenRead(image);
            return Convert.ToHexString(SHA256.HashData(bytes));
        })];
        Assert.Equal(hashes[0], hashes[1]);
        byte[] back = ToolRun.Execute("cat", scratch.Below("a.img"), "/sparse").Output;
        Assert.Equal(90 << 20, back.Length);
        Assert.True(back.AsSpan(30 << 20, data.Length).SequenceEqual(data));
        Assert.False(back.AsSpan(0, 30 << 20).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void A_source_that_is_too_large_ends_with_a_reason_and_a_valid_filesystem()
    {
        using var scratch = new ScratchDirectory();
        string tree = scratch.Below("tree"), image = scratch.Below("small.img");
        _ = Directory.CreateDirectory(tree);
        byte[] data = new byte[1 << 20];
        var random = new SeededRandom(3);
        for (int i = 0; i < 60; i++)
        {
            random.Fill(data);
            File.WriteAllBytes(Path.Combine(tree, string.Create(CultureInfo.InvariantCulture, $"f{i:d2}")), data);
        }
        ToolRun run = ToolRun.Execute("newfs", "-s", "64m", "--populate", tree, "--json", image);
        Assert.True(run.ExitCode == ExitCode.Failed, run.ToString());
        JsonElement populated = run.Json.GetProperty("populated");
        Assert.NotEqual("", populated.GetProperty("stopped").GetString());
        Assert.Equal(0, ToolRun.Execute("fsck", image).ExitCode);
    }

    private static (uint User, uint Group) OwnerOf(string spec)
    {
        JsonElement root = ToolRun.Execute("stat", spec, "/", "--json").Json.GetProperty("files")[0];
        return (root.GetProperty("uid").GetUInt32(), root.GetProperty("gid").GetUInt32());
    }

    private static byte[] FirstBytes(string path)
    {
        byte[] bytes = new byte[65536];
        using FileStream file = File.OpenRead(path);
        file.ReadExactly(bytes);
        return bytes;
    }

    private static JsonElement.ArrayEnumerator Listed(string image) =>
        ToolRun.Execute("pfs-list", image, "--json").Json.GetProperty("filesystems")[0].GetProperty("pfs")
            .EnumerateArray();
}
