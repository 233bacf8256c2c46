// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hammer2.Format;
using Hammer2.Fuse;
using Hammer2.Testing;
using Hammer2.Tool;
using Hammer2.Tool.CommandLine;
using Linux.Text;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>The command line: help, manual, completions, errors, JSON.</summary>
public sealed class CommandLineTests
{
    /// <summary>Commands that read a volume, with the arguments that follow it.</summary>
    public static TheoryData<string, string[]> Looks => new()
    {
        { "info", [] },
        { "volume-list", [] },
        { "pfs-list", [] },
        { "freemap", [] },
        { "verify", [] },
        { "show", [] },
        { "show", ["--tree", "both", "--depth", "2"] },
        { "ls", ["/"] },
        { "ls", ["-l", "-i", "/d", "/nc"] },
        { "tree", [] },
        { "stat", ["/", "/d/rand"] },
    };

    public static TheoryData<string> Commands => new(CommandTable.Visible.Select(row => row.Name));

    [Fact]
    public void Help_lists_every_command()
    {
        ToolRun run = ToolRun.Execute("--help");
        Assert.Equal(0, run.ExitCode);
        foreach (CommandRow row in CommandTable.Visible)
            Assert.Contains($"  {row.Name} ", run.Text, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Commands))]
    public void Every_command_has_help_with_examples_and_exit_codes(string name)
    {
        CommandRow row = CommandTable.ByName(name)!;
        ToolRun run = ToolRun.Execute(name, "--help");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains(HelpText.Synopsis(row), run.Text, StringComparison.Ordinal);
        Assert.Contains("Exit codes:", run.Text, StringComparison.Ordinal);
        Assert.NotEmpty(row.Examples);
        foreach (OptionRow option in CommonOptions.AllOf(row))
            Assert.Contains(option.Name, run.Text, StringComparison.Ordinal);
        foreach (ExampleRow example in row.Examples)
            Assert.Contains(example.CommandLine, run.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_manual_page_has_every_command_and_option()
    {
        ToolRun run = ToolRun.Execute("man");
        Assert.Equal(0, run.ExitCode);
        foreach (CommandRow row in CommandTable.Visible)
        {
            Assert.Contains(".SS \"" + Roff(row.Name), run.Text, StringComparison.Ordinal);
            foreach (OptionRow option in row.Options)
                Assert.Contains(Roff(option.Name), run.Text, StringComparison.Ordinal);
        }
        foreach (string line in run.Text.Split('\n'))
            Assert.DoesNotMatch("^'", line);

        static string Roff(string text) => text.Replace("-", "\\-", StringComparison.Ordinal);
    }

    [Fact]
    public void The_manual_page_has_every_mount_option_and_each_is_accepted()
    {
        string page = ToolRun.Execute("man").Text;
        foreach (MountOptionRow option in MountOptionTable.All)
        {
            Assert.Contains($"\\fB{option.Usage.Replace("-", "\\-", StringComparison.Ordinal)}\\fR", page,
                StringComparison.Ordinal);
            _ = MountOptionParser.Parse([option.Example]);
        }
    }

    [Theory, InlineData("bash"), InlineData("zsh"), InlineData("fish")]
    public void Completion_offers_every_command(string shell)
    {
        ToolRun run = ToolRun.Execute("completion", shell);
        Assert.Equal(0, run.ExitCode);
        foreach (CommandRow row in CommandTable.Visible)
            Assert.Matches($@"(?<![\w-]){Regex.Escape(row.Name)}(?![\w-])", run.Text);
    }

    [Theory, MemberData(nameof(Looks))]
    public void Output_is_a_complete_json_document_or_text(string command, string[] rest)
    {
        string image = GoldenImage.Path("dmg-base");
        ToolRun json = ToolRun.Execute([command, image, .. rest, "--json"]);
        Assert.True(json.ExitCode == 0, json.ToString());
        Assert.Equal(JsonValueKind.Object, json.Json.ValueKind);
        Assert.NotEmpty(json.Json.EnumerateObject());
        ToolRun text = ToolRun.Execute([command, image, .. rest]);
        Assert.Equal(0, text.ExitCode);
        Assert.NotEmpty(text.Text);
    }

    [Fact]
    public void Json_is_complete_when_a_command_ends_early()
    {
        string image = GoldenImage.Path("dmg-base");
        ToolRun run = ToolRun.Execute("stat", image, "/d", "/nothing", "--json");
        Assert.Equal(4, run.ExitCode);
        Assert.Equal(1, run.Json.GetProperty("files").GetArrayLength());
        Assert.Contains("/nothing: no such file or directory", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("info")]
    [InlineData("info", "--unknown")]
    [InlineData("hash")]
    [InlineData("hash", "")]
    [InlineData("completion", "tcsh")]
    [InlineData("freemap", "x", "--cells", "0")]
    [InlineData("verify", "x", "--max-faults", "none")]
    [InlineData("ls", ":@LABEL")]
    [InlineData("show", "x", "--tree", "oak")]
    public void A_malformed_command_line_exits_with_2_and_a_reason(params string[] words)
    {
        ToolRun run = ToolRun.Execute(words);
        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.StartsWith("hammer2: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData(3, "info", "/nonexistent/disk.img")]
    [InlineData(3, "ls", "/dev/null")]
    [InlineData(3, "cat", "/nonexistent/disk.img", "/x")]
    public void A_device_that_cannot_be_opened_exits_with_3_and_its_name(int code, params string[] words)
    {
        ToolRun run = ToolRun.Execute(words);
        Assert.Equal(code, run.ExitCode);
        Assert.Contains(words[1], run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_label_exits_with_4_and_a_list_of_labels()
    {
        ToolRun run = ToolRun.Execute("ls", GoldenImage.Path("dmg-base") + "@NOPE");
        Assert.Equal(ExitCode.NotFound, run.ExitCode);
        Assert.Contains("DATA", run.Error, StringComparison.Ordinal);
        ToolRun show = ToolRun.Execute("show", GoldenImage.Path("dmg-base") + "@NOPE");
        Assert.Equal(ExitCode.NotFound, show.ExitCode);
    }

    [Fact]
    public void Hashes_equal_those_of_upstream()
    {
        ToolRun run = ToolRun.Execute("hash", "--json", "DATA", "foo-bar_baz~qux.tar.gz", "...");
        Assert.Equal(
            ["0xc78fff92381d8000", "0xa30fa449f6a48000", "0x80000000bf988000"],
            from name in run.Json.GetProperty("names").EnumerateArray()
            select name.GetProperty("hash").GetString());
    }

    [Fact]
    public void The_data_hash_of_a_long_name_is_the_check_code_on_media()
    {
        string image = GoldenImage.Path("dmg-base");
        string name = new('n', 100);
        ToolRun run = ToolRun.Execute("dhash", "--json", name);
        JsonElement answer = Assert.Single(run.Json.GetProperty("names").EnumerateArray());
        Assert.Equal(Number(CodeOnMedia(image, name)), Number(answer.GetProperty("code").GetString()!));

        static ulong Number(string code) => Convert.ToUInt64(code, 16);
    }

    [Fact]
    public void Hashes_are_computed_from_arbitrary_bytes()
    {
        byte[] raw = [0xFF];
        byte[] longest = new byte[Media.NameBytesMax];
        longest.AsSpan().Fill(0xFE);
        ToolRun run = ToolRun.Execute("hash", "--json", ByteText.Decode(raw), ByteText.Decode(longest), "\\xff");
        Assert.True(run.ExitCode == 0, run.ToString());
        JsonElement[] rows = [.. run.Json.GetProperty("names").EnumerateArray()];
        Assert.Equal(
            [$"0x{DirectoryHash.Compute(raw):x16}", $"0x{DirectoryHash.Compute(longest):x16}"],
            rows[..2].Select(row => row.GetProperty("hash").GetString()));
        Assert.Equal("\\xff", rows[0].GetProperty("name").GetString());
        Assert.Equal(rows[0].GetProperty("hash").GetString(), rows[2].GetProperty("hash").GetString());
        Assert.Equal(ExitCode.Usage, ToolRun.Execute("hash", ByteText.Decode([.. longest, 1])).ExitCode);
    }

    [Fact]
    public void A_code_has_all_sixteen_digits()
    {
        string[] names = [.. Enumerable.Range(0, 200).Select(number => $"name {number}")];
        ToolRun run = ToolRun.Execute(["dhash", "--json", .. names]);
        string[] codes = [.. from row in run.Json.GetProperty("names").EnumerateArray()
            select row.GetProperty("code").GetString()];
        Assert.All(codes, code => Assert.Matches("^0x[0-9a-f]{16}$", code));
        Assert.Contains(codes, code => code.StartsWith("0x0", StringComparison.Ordinal));
    }

    [Fact]
    public void Control_characters_are_escaped_in_messages_and_reports()
    {
        string name = "\u001b[2J" + ByteText.Decode([0xFF]);
        foreach (string[] words in (string[][])[["info", name], [name], ["ls", name, "/"], ["hash", "--" + name]])
        {
            ToolRun run = ToolRun.Execute(words);
            Assert.NotEqual(0, run.ExitCode);
            Assert.Contains("\\x1b[2J\\xff", run.Error, StringComparison.Ordinal);
            Assert.DoesNotContain('\u001b', run.Error);
        }
    }

    [Fact]
    public void Help_and_version_are_commands_too()
    {
        Assert.Equal(ToolRun.Execute("--help").Text, ToolRun.Execute("help").Text);
        Assert.Equal(ToolRun.Execute("newfs", "--help").Text, ToolRun.Execute("help", "newfs").Text);
        Assert.Equal(ToolRun.Execute("newfs", "--help").Text, ToolRun.Execute("help", "mkfs.hammer2").Text);
        Assert.Equal(ToolRun.Execute("--version").Text, ToolRun.Execute("version").Text);
        ToolRun unknown = ToolRun.Execute("help", "nothing");
        Assert.Equal(ExitCode.Usage, unknown.ExitCode);
        Assert.Contains("nothing: no such command", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Cat_writes_the_bytes_and_stops_at_damage()
    {
        byte[] good = ToolRun.Execute("cat", GoldenImage.Path("dmg-base"), "/d/rand").Output;
        Assert.Equal(330_000, good.Length);
        ToolRun run = ToolRun.Execute("cat", GoldenImage.Path("dmg-data"), "/d/rand", "--log-level", "none");
        Assert.Equal(ExitCode.Damage, run.ExitCode);
        Assert.Equal(0x40000, run.Output.Length);
        Assert.True(good.AsSpan(0, 0x40000).SequenceEqual(run.Output));
        Assert.Contains("from byte 262144 on", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Listings_report_objects_that_cannot_be_read()
    {
        ToolRun run = ToolRun.Execute("ls", "-l", GoldenImage.Path("dmg-inode"), "/d", "--log-level", "none");
        Assert.Equal(ExitCode.Damage, run.ExitCode);
        Assert.Matches(@"(?m)^-\?{9}.* small$", run.Text);
        ToolRun tree = ToolRun.Execute("tree", GoldenImage.Path("dmg-dirent"), "--log-level", "none");
        Assert.Equal(ExitCode.Damage, tree.ExitCode);
        Assert.Contains("part of the directory cannot be read", tree.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Freemap_pictures_are_well_formed_and_their_sums_match()
    {
        using var scratch = new ScratchDirectory();
        string svg = scratch.Below("space.svg");
        ToolRun run = ToolRun.Execute("freemap", GoldenImage.Path("pfs-snap"), "--svg", svg, "--json");
        Assert.Equal(0, run.ExitCode);
        var document = System.Xml.Linq.XDocument.Load(svg);
        Assert.Equal("svg", document.Root!.Name.LocalName);

        string[] parts = ["free", "possiblyFree", "allocated", "static", "unknown"];
        JsonElement json = run.Json;
        Assert.Equal(
            json.GetProperty("size").GetUInt64(),
            (ulong)parts.Sum(part => json.GetProperty(part).GetInt64()));
    }

    [Fact]
    public void Snapshots_and_roles_are_listed()
    {
        JsonElement pfs = ToolRun.Execute("pfs-list", GoldenImage.Path("pfs-snap"), "--json").Json
            .GetProperty("filesystems")[0].GetProperty("pfs");
        Dictionary<string, string> subtypes = pfs.EnumerateArray().ToDictionary(
            row => row.GetProperty("label").GetString()!, row => row.GetProperty("subtype").GetString()!);
        Assert.Equal("SNAPSHOT", subtypes["SNAP.1"]);
        Assert.Equal("-", subtypes["DATA"]);
        Assert.DoesNotContain("SNAP.2", subtypes.Keys);
    }

    private static string CodeOnMedia(string image, string name)
    {
        JsonElement references = ToolRun.Execute("show", image, "--json").Json.GetProperty("references");
        JsonElement entry = Assert.Single(references.EnumerateArray(), reference =>
            reference.GetProperty("type").GetString() == "dirent"
            && reference.GetProperty("name").GetString() == name);
        return entry.GetProperty("code").GetString()!;
    }
}
