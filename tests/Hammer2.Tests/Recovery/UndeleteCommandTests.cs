// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Hammer2.Tool.Recover;
using Xunit;

namespace Hammer2.Tests.Recovery;

/// <summary>The commands 'undelete' and 'recover': lists, filters, what they write, exit codes.</summary>
public sealed class UndeleteCommandTests : IDisposable
{
    private const int DeletedTotal = 150;

    private readonly string _image = GoldenImage.Path("deleted-nobulkfree");
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Deleted_files_of_an_image_by_upstream_are_listed_and_written()
    {
        JsonElement list = ToolRun.Execute("undelete", "--json", _image).Json;
        Assert.Equal(1, list.GetProperty("formatVersion").GetInt32());
        JsonElement[] objects = [.. list.GetProperty("objects").EnumerateArray()];
        Assert.Equal(DeletedTotal, objects.Length);
        Assert.All(objects, one => Assert.Equal(("whole", "DATA", true, true), (one.GetProperty("state").GetString(),
            one.GetProperty("pfs").GetString(), one.GetProperty("pathKnown").GetBoolean(),
            one.GetProperty("deleted").GetBoolean())));

        ToolRun run = ToolRun.Execute("undelete", _image, "--to", _scratch.Path);
        Assert.Equal(0, run.ExitCode);
        Assert.EndsWith("150 found: 150 whole, 0 damaged; 150 written, 0 were there, 0 failed\n", run.Text,
            StringComparison.Ordinal);
        foreach (JsonElement one in objects)
        {
            string path = Assert.Single(one.GetProperty("paths").EnumerateArray()).GetProperty("path").GetString()!;
            var file = new FileInfo(_scratch.Path + "/DATA" + path);
            Assert.Equal(one.GetProperty("size").GetInt64(), file.Length);
            Assert.Equal(one.GetProperty("modified").GetString(),
                file.LastWriteTimeUtc.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"));
        }
        Assert.Contains("; 0 written, 150 were there, 0 failed",
            ToolRun.Execute("undelete", _image, "--to", _scratch.Path).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_in_use_are_not_replaced()
    {
        Directory.CreateDirectory(_scratch.Below("DATA"));
        File.WriteAllText(_scratch.Below("DATA/f1"), "mine");
        Assert.Equal(0, ToolRun.Execute("undelete", _image, "--to", _scratch.Path, "--name", "f1").ExitCode);
        Assert.Equal("mine", File.ReadAllText(_scratch.Below("DATA/f1")));
        Assert.Single(Directory.GetFiles(_scratch.Below("DATA"), "f1.inode-0x*"));
    }

    [Theory]
    [InlineData(11, "--name", "f1?")]       // f10 to f19, but for those that exist
    [InlineData(0, "--name", "/sub/*")]
    [InlineData(150, "--name", "/f*")]
    [InlineData(0, "--larger", "1m")]
    [InlineData(150, "--smaller", "1m")]
    [InlineData(0, "--since", "2030-01-01")]
    [InlineData(150, "--until", "2030-01-01T00:00Z")]
    [InlineData(0, "--type", "directory")]
    public void Filters_choose(int most, string option, string value)
    {
        ToolRun run = ToolRun.Execute("undelete", "--json", _image, option, value);
        int found = run.Json.GetProperty("objects").GetArrayLength();
        Assert.Equal(most == 0 ? 4 : 0, run.ExitCode);
        Assert.InRange(found, Math.Min(most, 1), most);
        if (most is 0 or DeletedTotal) Assert.Equal(most, found);
    }

    [Fact]
    public void Malformed_lines_are_refused()
    {
        Assert.Equal(2, ToolRun.Execute("undelete", _image, "--since", "yesterday").ExitCode);
        Assert.Equal(2, ToolRun.Execute("undelete", _image, "--larger", "huge").ExitCode);
        Assert.Equal(2, ToolRun.Execute("undelete", _image, "--list", "--to", _scratch.Path).ExitCode);
        Assert.Equal(3, ToolRun.Execute("undelete", "/dev/null").ExitCode);
        Assert.Equal(5, ToolRun.Execute("undelete", _image, "--to", _scratch.Below("a/b")).ExitCode);
    }

    [Fact]
    public void Recover_writes_numbered_versions_of_a_path()
    {
        JsonElement existing = ToolRun.Execute("undelete", "--json", "--versions", _image, "--name", "after1").Json;
        Assert.Contains(
            existing.GetProperty("objects").EnumerateArray(), one => !one.GetProperty("deleted").GetBoolean());
        Assert.Equal(0, ToolRun.Execute("recover", _image, "/after1", _scratch.Below("a")).ExitCode);
        Assert.True(File.Exists(_scratch.Below("a/after1.00001")));
        Assert.Equal(0, ToolRun.Execute("recover-file", _image, "f1", _scratch.Below("b")).ExitCode);
        Assert.Equal(["f1.00001"], Directory.GetFiles(_scratch.Below("b")).Select(Path.GetFileName));
        Assert.Equal(4, ToolRun.Execute("recover-relaxed", _image, "/none", _scratch.Below("c")).ExitCode);
    }

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("*.odt", "letter.odt", true)]
    [InlineData("*.odt", "letter.odt.bak", false)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("a*b*c", "aXbYbZ", false)]
    [InlineData("?", "", false)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[!a-c]x", "bx", false)]
    [InlineData("[]]", "]", true)]
    [InlineData("[a", "[a", true)]
    [InlineData("\\*", "*", true)]
    [InlineData("\\*", "x", false)]
    public void Patterns_match_as_in_the_shell(string pattern, string name, bool matches) => Assert.Equal(
        matches, GlobPattern.Matches(Encoding.ASCII.GetBytes(pattern), Encoding.ASCII.GetBytes(name)));

    [Theory]
    [InlineData("/home/c", "home/c", false, "home/c")]
    [InlineData("/home/c", "home/c/x", false, "home/c/x")]
    [InlineData("/home/c", "home/c/x", true, null)]
    [InlineData("/home/c", "b/home/c", false, null)]
    [InlineData("home/c", "b/home/c/x", false, "home/c/x")]
    [InlineData("c", "c/b/c", true, "c")]
    [InlineData("/", "a/b", false, "a/b")]
    [InlineData("x", "a/b", false, null)]
    public void Paths_of_recover_are_anchored_or_not(string wanted, string path, bool isFile, string? part)
    {
        byte[][]? found = RecoverPath.Parse(wanted).Match(Encoding.ASCII.GetBytes(path), isFile);
        Assert.Equal(part, found is null ? null : string.Join('/', found.Select(Encoding.ASCII.GetString)));
    }

    [Fact]
    public void Labels_become_names_of_one_component()
    {
        Assert.Equal("a%2Fb"u8, RecoveredNames.DirectoryOf("a/b"u8.ToArray()));
        Assert.Equal("%.."u8, RecoveredNames.DirectoryOf(".."u8.ToArray()));
        Assert.Equal("unknown-pfs"u8, RecoveredNames.DirectoryOf(null));
    }
}
