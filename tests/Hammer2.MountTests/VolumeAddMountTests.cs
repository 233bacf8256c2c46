// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Text.Json;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>Goal: a mounted filesystem gets a volume while it is used, and so does one that is not mounted; devices
/// that are in use or have content are refused. Method: the program on image files; the checker afterwards.</summary>
public sealed class VolumeAddMountTests
{
    [MountFact]
    public void A_filesystem_gets_volumes_mounted_and_not()
    {
        using var image = new PfsImage("1032m", "A");
        string second = image.Path + ".2", third = image.Path + ".3", devices = $"{image.Path}:{second}";
        Make(second, 300L << 20);
        Make(third, 100L << 20);
        byte[] content = new byte[1 << 20];
        new Random(3).NextBytes(content);
        using (MountFixture live = MountFixture.MountForWriting(image.Path + "@A"))
        {
            File.WriteAllBytes(live.Root + "/before", content);
            AssertRefused("FUSE", "volume-add", live.Root, live.Root + "/before");
            AssertRefused("is in use", "volume-add", live.Root, image.Path);
            File.WriteAllText(third, "content");
            AssertRefused("other content", "volume-add", live.Root, third);
            long free = new DriveInfo(live.Root).TotalFreeSpace;
            Assert.Matches("has volume 1 of [0-9]+ bytes, at byte 1073741824 of the filesystem\n$",
                Done("volume-add", live.Root, second).Output);
            Assert.InRange(new DriveInfo(live.Root).TotalFreeSpace - free, 270L << 20, 300L << 20);
            JsonElement volumes = JsonDocument.Parse(Done("volume-list", "--json", live.Root).Output).RootElement;
            Assert.Contains(second, volumes.ToString(), StringComparison.Ordinal);
            AssertRefused("is in use", "volume-add", live.Root, second);
            // More than the first volume has.
            for (int i = 0; i < 1100; i++)
            {
                BitConverter.TryWriteBytes(content, i);
                File.WriteAllBytes($"{live.Root}/{i}", content);
            }
        }
        AssertClean(image, devices);
        using (MountFixture again = MountFixture.MountForWriting(devices + "@A"))
        {
            for (int i = 0; i < 1100; i += 100)
            {
                BitConverter.TryWriteBytes(content, i);
                Assert.Equal(content, File.ReadAllBytes($"{again.Root}/{i}"));
            }
        }
        AssertClean(image, devices);
        AssertRefused("less than the GiB", "volume-add", devices, Blank(third, 100L << 20));
        Make(second, 1L << 30);
        AssertRefused("volume 1 is missing", "volume-add", image.Path, third);
        Assert.Matches("has volume 2 of [0-9]+ bytes, at byte 2147483648 of the filesystem\n$",
            Done("volume-add", devices, third).Output);
        AssertClean(image, $"{devices}:{third}");
    }

    private static void AssertClean(PfsImage image, string devices)
    {
        // Waits for the daemon.
        image.WaitUntilFree();
        ProgramResult fsck = HammerProgram.Run("fsck", devices);
        Assert.True(fsck.ExitCode == 0, fsck.Output + fsck.Error);
    }

    private static void AssertRefused(string reason, params string[] words)
    {
        ProgramResult refused = HammerProgram.Run(words);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains(reason, refused.Error, StringComparison.Ordinal);
    }

    private static string Blank(string path, long lengthBytes)
    {
        File.Delete(path);
        Make(path, lengthBytes);
        return path;
    }

    private static void Make(string path, long lengthBytes) =>
        Assert.Equal(0, HammerProgram.RunAny("truncate", "-s", $"{lengthBytes}", path).ExitCode);

    private static ProgramResult Done(params string[] words)
    {
        ProgramResult result = HammerProgram.Run(words);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }
}
