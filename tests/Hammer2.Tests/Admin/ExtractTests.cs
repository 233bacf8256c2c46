// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>
/// Goal: extract copies every volume byte for byte, past damage, again after an interruption, and never
/// outside its target.
/// Method: all images into a directory in memory, compared with their listings by the host's own tools.
/// </summary>
public sealed class ExtractTests
{
    private static readonly bool IsRoot = Environment.UserName == "root";

    public static TheoryData<string, string> Listings
    {
        get
        {
            var listings = new TheoryData<string, string>();
            foreach ((string image, string label) in GoldenImage.Manifests)
            {
                if (!image.StartsWith("dmg-", StringComparison.Ordinal)) listings.Add(image, label);
            }
            return listings;
        }
    }

    [Theory, MemberData(nameof(Listings))]
    public void An_extracted_tree_equals_the_listing(string image, string label)
    {
        using var target = new ScratchDirectory();
        ToolRun run = Extract(Spec(image, label), target.Path);
        Manifest manifest = Manifest.Read(image, label);
        // Only root can make device nodes.
        bool isWhole = IsRoot || !manifest.Entries.Any(entry => entry.Type is 'b' or 'c');
        Assert.True(run.ExitCode == (isWhole ? 0 : 5), run.ToString());
        AssertEqual(target.Path, manifest);
    }

    [Fact]
    public void Nodes_of_a_cluster_are_read_together_with_any_one_missing_or_damaged()
    {
        string[] nodes = [.. GoldenImage.Nodes("cluster3").Select(GoldenImage.Path)];
        Manifest manifest = Manifest.Read("cluster3.n0", "CL");
        for (int missing = 0; missing < nodes.Length; missing++)
        {
            using var target = new ScratchDirectory();
            string[] others = [.. nodes.Where((_, index) => index != missing)];
            ToolRun run = Extract(others[0] + "@CL", target.Path, "--node", others[1]);
            Assert.True(run.ExitCode == 0, run.ToString());
            AssertEqual(target.Path, manifest);
        }
    }

    [Theory, InlineData("mvol2"), InlineData("mvol4")]
    public void The_order_in_which_volumes_are_given_does_not_matter(string image)
    {
        using var target = new ScratchDirectory();
        string spec = string.Join(':', GoldenImage.Paths(image).Reverse()) + "@DATA";
        Assert.Equal(0, Extract(spec, target.Path).ExitCode);
        AssertEqual(target.Path, Manifest.Read(image, "DATA"));
    }

    [Fact]
    public void A_second_run_copies_only_incomplete_files()
    {
        using var target = new ScratchDirectory();
        string spec = Spec("basic-types", "DATA");
        JsonElement first = Extract(spec, target.Path).Json;
        long made = first.GetProperty("files").GetInt64();
        Assert.Equal(0, first.GetProperty("present").GetInt64());

        // The state after an interruption: one truncated file, one missing file.
        string cut = target.Below("d0/f");
        using (FileStream file = File.OpenWrite(cut)) file.SetLength(10);
        File.Delete(target.Below("emptyfile"));

        JsonElement second = Extract(spec, target.Path).Json;
        Assert.Equal(2, second.GetProperty("files").GetInt64());
        Assert.True(second.GetProperty("present").GetInt64() >= made - 2);
        AssertEqual(target.Path, Manifest.Read("basic-types", "DATA"));
    }

    [Fact]
    public void Holes_are_preserved()
    {
        using var target = new ScratchDirectory();
        string spec = Spec("sparse10g", "DATA");
        Assert.Equal(0, Extract(spec, target.Path).ExitCode);
        JsonElement copied = Extract(spec, target.Below("again")).Json;
        ulong bytes = copied.GetProperty("bytes").GetUInt64();
        Assert.InRange(bytes, 1UL, 64UL << 20);
    }

    [Theory]
    [InlineData("dmg-data", "/d/rand", 0x40000L, 0x50000L)]
    [InlineData("dmg-data-lz4", "/d/text", 0x20000L, 0x30000L)]
    [InlineData("dmg-indirect", "/d/text", 0L, 3_000_000L)]
    [InlineData("dmg-data-nocheck-lz4", "/nc/text", 0L, 0x10000L)]
    [InlineData("dmg-nocheck-lz4len", "/nc/text", 0L, 0x10000L)]
    public void Unreadable_bytes_are_listed_and_all_others_are_copied(
        string image, string path, long first, long end)
    {
        using var good = new ScratchDirectory();
        using var target = new ScratchDirectory();
        Assert.Equal(0, Extract(Spec("dmg-base", "DATA"), good.Path).ExitCode);
        ToolRun run = Extract(Spec(image, "DATA"), target.Path);
        Assert.Equal(1, run.ExitCode);
        JsonElement fault = Assert.Single(run.Json.GetProperty("damaged").EnumerateArray());
        Assert.Equal(path, fault.GetProperty("path").GetString());
        JsonElement lost = Assert.Single(fault.GetProperty("lost").EnumerateArray());
        Assert.Equal(first, lost.GetProperty("first").GetInt64());
        Assert.Equal(end, lost.GetProperty("end").GetInt64());

        byte[] expected = File.ReadAllBytes(good.Path + path);
        expected.AsSpan((int)first, (int)(Math.Min(end, expected.Length) - first)).Clear();
        Assert.True(expected.AsSpan().SequenceEqual(File.ReadAllBytes(target.Path + path)));
        AssertOnlyDiffers(target.Path, path);

        // A damaged file is tried again, so that no later run reports a complete tree.
        Assert.Equal(1, Extract(Spec(image, "DATA"), target.Path).ExitCode);
    }

    [Theory]
    [InlineData("dmg-inode", "/d/small")]
    [InlineData("dmg-dirent", "/d")]
    public void Unreadable_objects_are_skipped_and_listed(string image, string path)
    {
        using var target = new ScratchDirectory();
        ToolRun run = Extract(Spec(image, "DATA"), target.Path);
        Assert.Equal(1, run.ExitCode);
        JsonElement fault = Assert.Single(run.Json.GetProperty("damaged").EnumerateArray());
        Assert.Equal(path, fault.GetProperty("path").GetString());
        Assert.True(File.Exists(target.Below("d/rand")));
    }

    [Fact]
    public void A_symbolic_link_in_the_target_is_not_followed()
    {
        using var target = new ScratchDirectory();
        using var outside = new ScratchDirectory();
        _ = File.CreateSymbolicLink(target.Below("d"), outside.Path);
        _ = File.CreateSymbolicLink(target.Below("third"), outside.Below("third"));
        ToolRun run = Extract(Spec("dmg-base", "DATA"), target.Path);

        // The directory is rejected, the file replaces the link; nothing is written through the link.
        Assert.Equal(5, run.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(outside.Path));
        Assert.Null(new FileInfo(target.Below("third")).LinkTarget);
    }

    [Fact]
    public void Single_paths_are_extracted_under_their_last_component()
    {
        using var target = new ScratchDirectory();
        ToolRun run = ToolRun.Execute("extract", Spec("dmg-base", "DATA"), target.Path, "/d/small", "sub");
        Assert.True(run.ExitCode == 0, run.ToString());
        string[] found = Directory.GetFileSystemEntries(target.Path);
        Assert.Equal(["small", "sub"], found.Select(Path.GetFileName).Order());
    }

    private static ToolRun Extract(string spec, string target, params string[] options) =>
        ToolRun.Execute(["extract", spec, target, "--json", "--log-level", "none", .. options]);

    private static string Spec(string image, string label) =>
        string.Join(':', GoldenImage.Paths(image)) + "@" + label;

    private static void AssertEqual(string directory, Manifest manifest)
    {
        List<string> differences = ExtractedTree.Compare(directory, manifest, IsRoot);
        // One of two entries was removed there without updating the link count; the extracted file has the entries that
        // exist.
        if (manifest.Image == "deleted-makefs")
            _ = differences.RemoveAll(line => line.StartsWith("/dir_raji/hard1:", StringComparison.Ordinal));
        // Not every filesystem of the host can store the year 9999.
        if (!ScratchDirectory.IsInMemory)
            _ = differences.RemoveAll(line => line.StartsWith("/d5/f:", StringComparison.Ordinal));
        Assert.True(differences.Count == 0, string.Join('\n', differences.Take(20)));
    }

    private static void AssertOnlyDiffers(string directory, string path)
    {
        Manifest manifest = Manifest.Read("dmg-base", "DATA");
        List<string> differences = ExtractedTree.Compare(directory, manifest, IsRoot);
        Assert.StartsWith(path + ":", Assert.Single(differences), StringComparison.Ordinal);
    }
}
