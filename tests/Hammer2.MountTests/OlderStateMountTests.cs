// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>Goal: fstrim(8) has a device give up what was deleted, and what older volume headers have is read and
/// rolled back to, on real mounts. Method: the program on a loop device and on a sparse file of four header
/// copies.</summary>
public sealed class OlderStateMountTests
{
    private const long FileBytes = 64 << 20;

    [LoopMountFact]
    public void Fstrim_on_a_loop_device_gives_up_what_was_deleted()
    {
        using var image = new PfsImage("256m", "A");
        using (LoopDevice loop = LoopDevice.Attach(image.Path))
        {
            using MountFixture live = MountFixture.MountForWriting(loop.Path + "@A");
            // fstrim must never reach another filesystem.
            Assert.Contains("hammer2", MountFixture.TableLine(live.Root), StringComparison.Ordinal);
            byte[] content = new byte[FileBytes];
            new Random(1).NextBytes(content);
            File.WriteAllBytes(live.Root + "/big", content);
            Sync(live);
            long full = AllocatedBytes(image.Path);
            Assert.True(full >= FileBytes, $"{full}");
            File.Delete(live.Root + "/big");
            Sync(live);
            long left = full;
            // What bulkfree stages is freed by a later pass.
            for (int pass = 0; pass < 4 && left > full - (FileBytes / 2); pass++)
            {
                ProgramResult trimmed = HammerProgram.RunAny("fstrim", "--verbose", live.Root);
                Assert.True(trimmed.ExitCode == 0, trimmed.Error);
                Assert.Contains("trimmed", trimmed.Output, StringComparison.Ordinal);
                left = AllocatedBytes(image.Path);
            }
            Assert.True(left <= full - (FileBytes / 2), $"{full} before, {left} after");
        }
        image.AssertFreeAndClean();
    }

    [MountFact]
    public void What_an_older_header_has_is_read_and_rolled_back_to()
    {
        using var image = new PfsImage("8g", "A");
        using (MountFixture live = MountFixture.MountForWriting(image.Path + "@A", "headers"))
        {
            string file = live.Root + "/f";
            File.WriteAllText(file, "one");
            Sync(live);
            File.WriteAllText(file, "changed");
            Sync(live);
            int copy = Array.FindIndex([0, 1, 2, 3], header => TextBelow(live, header) == "one");
            Assert.True(copy >= 0, "no older header has the file as it was");
            Assert.NotEqual(0, HammerProgram.Run("rollback", "--header", "4", live.Root, "A").ExitCode);
            ProgramResult back = HammerProgram.Run(
                "rollback", "--json", "--header", copy.ToString(CultureInfo.InvariantCulture), live.Root, "A");
            Assert.True(back.ExitCode == 0, back.Error);
            Assert.Equal("one", File.ReadAllText(file));
            string kept = System.Text.Json.JsonDocument.Parse(back.Output).RootElement.GetProperty("kept").GetString()!;
            Assert.Equal("changed", File.ReadAllText($"{live.Root}/.hammer2/snapshots/{kept}/f"));
            ProgramResult forward = HammerProgram.Run("rollback", live.Root, "A", kept);
            Assert.True(forward.ExitCode == 0, forward.Error);
            Assert.Equal("changed", File.ReadAllText(file));
        }
        image.AssertFreeAndClean();
    }

    private static string? TextBelow(MountFixture live, int header)
    {
        string path = $"{live.Root}/.hammer2/headers/{header}/f";
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }

    private static void Sync(MountFixture live)
    {
        ProgramResult done = HammerProgram.RunAny("sh", "-c", $"echo sync 1<> '{live.Root}/.hammer2/control'");
        Assert.True(done.ExitCode == 0, done.Error);
    }

    private static long AllocatedBytes(string path)
    {
        ProgramResult du = HammerProgram.RunAny("du", "-B1", path);
        Assert.True(du.ExitCode == 0, du.Error);
        return long.Parse(du.Output.Split('\t')[0], CultureInfo.InvariantCulture);
    }
}
