// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Text.Json;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>Real mounts: top, mounting by a label alone and by a table, undelete on what was unmounted.</summary>
public sealed class TopMountTests
{
    [MountFact]
    public void Requests_of_a_mount_are_counted_between_two_readings()
    {
        using var image = new PfsImage("256m", "A");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A");
        ProgramResult text = HammerProgram.Run("top", "--once", "--interval", "0.1", live.Root);
        Assert.Contains("  PFS A  healthy  in the last 0.", text.Output, StringComparison.Ordinal);
        Assert.Contains("nodes     1 of 1 synced\n", text.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\x1b', text.Output);
        // The reading itself makes requests, so that some were always counted.
        ProgramResult result = HammerProgram.Run("top", "--json", "--interval", "0.2", live.Root);
        Assert.True(result.ExitCode == 0, result.Error);
        JsonElement top = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(1, top.GetProperty("formatVersion").GetInt32());
        Assert.NotEqual(0, top.GetProperty("operations").GetArrayLength());
        Assert.Equal("healthy", top.GetProperty("health").GetString());
        Assert.Equal(2, top.GetProperty("caches").GetArrayLength());
        JsonElement first = top.GetProperty("operations")[0];
        Assert.True(first.GetProperty("count").GetInt64() > 0);
        Assert.True(first.GetProperty("p99Microseconds").GetInt64() >= first.GetProperty("p50Microseconds").GetInt64());
    }

    [LoopMountFact]
    public void A_label_alone_finds_its_device_and_several_are_named()
    {
        string label = "L" + Guid.NewGuid().ToString("N");
        using var one = new PfsImage("256m", label);
        using var other = new PfsImage("256m", label);
        using LoopDevice loop = LoopDevice.Attach(one.Path);
        using (MountFixture live = MountFixture.MountForWriting("@" + label))
        {
            File.WriteAllText(live.Root + "/file", "text");
            Assert.Contains(loop.Path, MountFixture.TableLine(live.Root), StringComparison.Ordinal);
        }
        using LoopDevice second = LoopDevice.Attach(other.Path);
        ProgramResult refused = HammerProgram.Run("mount", "@" + label, Path.GetTempPath());
        Assert.Equal(32, refused.ExitCode);
        Assert.Contains(loop.Path, refused.Error, StringComparison.Ordinal);
        Assert.Contains(second.Path, refused.Error, StringComparison.Ordinal);
    }

    [MountFact]
    public void Entries_of_a_table_are_mounted_once_and_deleted_files_come_back()
    {
        using var image = new PfsImage("256m", "A");
        string target = Directory.CreateTempSubdirectory("hammer2-").FullName;
        string table = image.Path + ".fstab";
        File.WriteAllText(table, $"{image.Path} {target} hammer2 pfs=A,nofail 0 0\n# none\n");
        try
        {
            Assert.Equal(0, HammerProgram.Run("mountall", "--fstab", table).ExitCode);
            using (MountFixture live = MountFixture.Adopt(target))
            {
                ProgramResult again = HammerProgram.Run("mountall", "--fstab", table);
                Assert.Equal((0, ""), (again.ExitCode, again.Output));
                File.WriteAllText(live.Root + "/letter", "dear reader");
                Assert.Equal(0, HammerProgram.RunAny("sync", live.Root + "/letter").ExitCode);
                File.Delete(live.Root + "/letter");
            }
            string rescued = image.Path + ".rescued";
            ProgramResult found = HammerProgram.Run("undelete", image.Path, "--to", rescued);
            Assert.True(found.ExitCode == 0, found.Error);
            Assert.Equal("dear reader", File.ReadAllText(rescued + "/A/letter"));
            Directory.Delete(rescued, recursive: true);
        }
        finally
        {
            File.Delete(table);
        }
    }
}
