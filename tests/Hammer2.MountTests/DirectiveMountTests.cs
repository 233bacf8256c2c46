// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: upstream's directives work on paths in a mount. Method: the program on a new filesystem in a file, and what it
/// and the files show afterwards.
/// </summary>
public sealed class DirectiveMountTests
{
    [MountFact]
    public void Methods_are_set_on_trees_and_shown()
    {
        using var image = new PfsImage("256m", "A", "B");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A");
        Directory.CreateDirectory(live.Root + "/d/e");
        File.WriteAllText(live.Root + "/d/e/f", "x");
        File.CreateSymbolicLink(live.Root + "/d/link", "nowhere");
        Assert.Equal($"{live.Root}/d\tcheck_algo=0x04\n", Done("setsha192", live.Root + "/d").Output);
        Assert.Contains("xxhash64", Done("stat", live.Root + "/d/e").Output, StringComparison.Ordinal);
        string all = Done("-r", "setcomp", "zlib:9", live.Root + "/d").Output;
        Assert.Equal(["d", "d/e", "d/e/f"], all.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t')[0][(live.Root.Length + 1)..]));
        string[] lines = Done("stat", live.Root + "/d", live.Root + "/d/e/f").Output.Split('\n');
        Assert.Matches("zlib:9 +sha192", lines[1]);
        Assert.Matches("zlib:9 +xxhash64", lines[2]);
        Assert.Contains("comp_algo = 147\n", Done("printinode", live.Root + "/d/e/f").Output, StringComparison.Ordinal);
        ProgramResult link = HammerProgram.Run("clrcheck", live.Root + "/d/link");
        Assert.NotEqual(0, link.ExitCode);
        Assert.Contains("is a symbolic link", link.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, HammerProgram.Run("setcheck", "freemap", live.Root).ExitCode);
        Done("dumpchain", live.Root);
    }

    [MountFact]
    public void Reporting_commands_take_a_directory_in_a_mount()
    {
        using var image = new PfsImage("256m", "A", "B");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A");
        Directory.CreateDirectory(live.Root + "/d");
        string[] pfs = Done("pfs-list", live.Root + "/d").Output.Split('\n');
        Assert.Equal($"Type        ClusterId (pfs_clid)                 Label on {live.Root}/d", pfs[0]);
        Assert.Matches("^MASTER      [0-9a-f-]{36} A$", pfs[1]);
        Assert.Equal(pfs[1..], Done("-s", live.Root, "pfs-list").Output.Split('\n')[1..]);
        Assert.Equal($"version 2\n@A\nvolume0  {image.Path} 256.00MB\n", Done("volume-list", live.Root).Output);
        Assert.Equal(3, Json("pfs-list", live.Root).GetProperty("filesystems")[0].GetProperty("pfs").GetArrayLength());
        foreach (string command in (string[])["info", "freemap", "show", "volhdr", "ls"])
            Assert.NotEmpty(Done([command, live.Root, .. command == "ls" ? (string[])["-d", "/"] : []]).Output);
        ProgramResult none = HammerProgram.Run("info", "--json", live.Root + "/none");
        JsonElement wrong = JsonDocument.Parse(none.Output).RootElement;
        Assert.Equal(1, wrong.GetProperty("formatVersion").GetInt32());
        Assert.Contains("/none", Assert.Single(wrong.GetProperty("errors").EnumerateArray()).GetString(),
            StringComparison.Ordinal);
    }

    [MountFact]
    public void A_mounted_filesystem_grows_with_its_file_and_then_offline()
    {
        using var image = new PfsImage("128m", "A");
        using (MountFixture live = MountFixture.MountForWriting(image.Path + "@A"))
        {
            File.WriteAllText(live.Root + "/f", "before");
            Assert.Equal($"{live.Root} no size change - {128 << 20} bytes\n", Done("growfs", live.Root).Output);
            Lengthen(image.Path, 300L << 20);
            ProgramResult refused = HammerProgram.Run("growfs", "--size", "64m", live.Root);
            Assert.NotEqual(0, refused.ExitCode);
            Assert.Contains("would become smaller", refused.Error, StringComparison.Ordinal);
            Assert.NotEqual(0, HammerProgram.Run("growfs", "--size", "301m", live.Root).ExitCode);
            Assert.Equal($"{live.Root} grown to {296 << 20} bytes\n", Done("growfs", live.Root).Output);
            var space = new DriveInfo(live.Root);
            Assert.InRange(space.TotalFreeSpace, 250L << 20, 296L << 20);
            File.WriteAllBytes(live.Root + "/big", new byte[1 << 20]);
        }
        image.AssertFreeAndClean();
        Lengthen(image.Path, 512L << 20);
        Assert.Equal($"{image.Path} grown to {512 << 20} bytes\n", Done("growfs", image.Path).Output);
        image.AssertFreeAndClean();
        using MountFixture again = MountFixture.Mount(image.Path + "@A");
        Assert.Equal("before", File.ReadAllText(again.Root + "/f"));
        ProgramResult readOnly = HammerProgram.Run("growfs", again.Root);
        Assert.Contains("is mounted read-only", readOnly.Error, StringComparison.Ordinal);
    }

    [MountFact]
    public void The_status_of_a_mount_is_printed()
    {
        using var image = new PfsImage("128m", "A");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A");
        Directory.CreateDirectory(live.Root + "/d/e");
        JsonElement status = Json("status", "--errors", live.Root + "/d/e");
        Assert.Equal(("healthy", "A"),
            (status.GetProperty("health").GetString(), status.GetProperty("pfs").GetString()));
        Assert.Equal(image.Path, status.GetProperty("volumes")[0].GetProperty("device").GetString());
        Assert.Equal("Synced", status.GetProperty("nodes")[0].GetProperty("state").GetString());
        ProgramResult here = HammerProgram.RunAny("env", "-C", live.Root + "/d", HammerProgram.ProgramPath, "status");
        Assert.True(here.ExitCode == 0, here.Error);
        ProgramResult none = HammerProgram.Run("status", "/");
        Assert.Equal(3, none.ExitCode);
        Assert.Contains("unavailable", none.Output, StringComparison.Ordinal);
    }

    [MountFact]
    public void In_emergency_mode_files_can_only_be_removed()
    {
        using var image = new PfsImage("128m", "A");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A");
        File.WriteAllText(live.Root + "/f", "x");
        File.WriteAllText(live.Root + "/g", "x");
        Assert.Equal(0, HammerProgram.RunAny("sync", "-f", live.Root).ExitCode);
        Assert.Equal($"Emergency mode on \"{live.Root}\" enabled\n",
            Done("emergency-mode-enable", live.Root).Output);
        Assert.ThrowsAny<IOException>(() => File.WriteAllText(live.Root + "/new", "x"));
        File.Delete(live.Root + "/f");
        Assert.Equal(1, HammerProgram.Run("status", live.Root).ExitCode);
        Done("emergency-mode-disable", live.Root);
        File.WriteAllText(live.Root + "/new", "x");
        Assert.Equal($"{live.Root}/g\tok\n", Done("destroy", live.Root + "/g").Output);
        // The kernel is told after the answer.
        Assert.True(SpinWait.SpinUntil(() => !File.Exists(live.Root + "/g"), TimeSpan.FromSeconds(60)));
        Assert.NotEqual(0, HammerProgram.Run("destroy-inum", live.Root, "1").ExitCode);
    }

    [MountFact]
    public void Cleanup_runs_bulkfree_on_one_of_several_mounts()
    {
        using var image = new PfsImage("256m", "A", "B");
        using MountFixture one = MountFixture.MountForWriting(image.Path + "@A");
        using MountFixture other = MountFixture.MountForWriting(image.Path + "@B");
        Assert.Equal($"hammer2 cleanup \"{other.Root}\"\n", Done("cleanup", other.Root).Output);
        Done("bulkfree", "-m", "64m", one.Root);
        other.UnmountAlone();
    }

    [MountFact]
    public void A_node_of_a_mounted_cluster_grows()
    {
        string directory = Directory.CreateTempSubdirectory("hammer2-grow-").FullName;
        try
        {
            string[] nodes = [.. Enumerable.Range(0, 2).Select(node => $"{directory}/n{node}.img")];
            _ = Done(["newfs", "-s", "128m", "--cluster", "CL", .. nodes]);
            using MountFixture live = MountFixture.MountForWriting([nodes[0] + "@CL", nodes[1]]);
            Lengthen(nodes[1], 256L << 20);
            Assert.Equal($"{live.Root} grown to {256 << 20} bytes\n", Done("growfs", "--node", "1", live.Root).Output);
            Assert.Equal($"{live.Root} no size change - {128 << 20} bytes\n", Done("growfs", live.Root).Output);
            Assert.NotEqual(0, HammerProgram.Run("growfs", "--node", "2", live.Root).ExitCode);
            Assert.Equal(2, HammerProgram.Run("growfs", "--node", "1", nodes[1]).ExitCode);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    // The runtime's own functions would lock the file.
    private static void Lengthen(string path, long lengthBytes) =>
        Assert.Equal(0, HammerProgram.RunAny("truncate", "-s", $"{lengthBytes}", path).ExitCode);

    private static JsonElement Json(params string[] words) =>
        JsonDocument.Parse(Done([.. words, "--json"]).Output).RootElement;

    private static ProgramResult Done(params string[] words)
    {
        ProgramResult result = HammerProgram.Run(words);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }
}
