// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using System.Text.Json;
using Hammer2.Devices;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Xunit;

namespace Hammer2.Tests.Snapshots;

/// <summary>The command 'diff' on devices: text, JSON, exit codes.</summary>
public sealed class DiffCommandTests : IDisposable
{
    private readonly string _image = Path.GetTempFileName();

    public DiffCommandTests()
    {
        using IBlockDevice disk = SnapshotHistory.Play(seed: 6, snapshots: 2, steps: 400);
        using var file = new FileStream(_image, FileMode.Open);
        file.SetLength(disk.LengthBytes);
        byte[] piece = new byte[1 << 20];
        for (long at = 0; at < disk.LengthBytes; at += piece.Length)
        {
            Assert.Equal(Hammer2.Format.Hammer2Error.None, disk.Read(at, piece));
            if (!piece.AsSpan().ContainsAnyExcept((byte)0)) continue;
            file.Position = at;
            file.Write(piece);
        }
    }

    public void Dispose() => File.Delete(_image);

    [Fact]
    public void Differences_are_listed_as_text_and_as_JSON()
    {
        ToolRun text = ToolRun.Execute("diff", _image + "@s0");
        Assert.Equal(1, text.ExitCode);
        string[] lines = text.Text.TrimEnd('\n').Split('\n');
        Assert.All(lines, line => Assert.Matches(@"^[-+RM] [-c][-a] /", line));
        ToolRun json = ToolRun.Execute("diff", "--json", _image + "@s0", "@DATA");
        Assert.Equal(1, json.ExitCode);
        JsonElement all = json.Json;
        Assert.Equal(1, all.GetProperty("version").GetInt32());
        Assert.Equal("s0", all.GetProperty("old").GetProperty("label").GetString());
        Assert.Equal("DATA", all.GetProperty("new").GetProperty("label").GetString());
        JsonElement[] found = [.. all.GetProperty("differences").EnumerateArray()];
        Assert.Equal(lines.Length, found.Length);
        Assert.Equal(found.Length, all.GetProperty("differencesTotal").GetInt32());
        string[] kinds = [.. found.Select(one => one.GetProperty("kind").GetString()!).Distinct()];
        Assert.Contains("added", kinds);
        Assert.Empty(kinds.Except(["added", "removed", "renamed", "changed"]));
        Assert.Contains(found, one => one.GetProperty("details").GetString() is { Length: > 0 });
    }

    [Fact]
    public void Equal_trees_and_wrong_names_have_their_exit_codes()
    {
        ToolRun same = ToolRun.Execute("diff", _image + "@s1", "@s1");
        Assert.Equal((0, ""), (same.ExitCode, same.Text));
        Assert.Equal(4, ToolRun.Execute("diff", _image + "@none", "@s1").ExitCode);
        Assert.Equal(2, ToolRun.Execute("diff", "@s0", "@s1").ExitCode);
        Assert.Equal(2, ToolRun.Execute("diff", _image + "@s0", GoldenImage.Path("pfs-snap")).ExitCode);
        Assert.Equal(3, ToolRun.Execute("diff", "/dev/null@s0", "@s1").ExitCode);
    }
}
