// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: no mount shows a volume that another mount writes, under any name of the volume. Method: the program mounts an
/// image file and a loop device over it, in both orders.
/// </summary>
public sealed class SharedDeviceMountTests
{
    [LoopMountFact]
    public void A_loop_device_and_its_backing_file_are_not_mounted_beside_a_writable_mount()
    {
        using var copy = new ScratchImage("empty-min");
        using LoopDevice loop = LoopDevice.Attach(copy.Path);
        AssertExcludes(loop.Path, copy.Path);
        AssertExcludes(copy.Path, loop.Path);
    }

    [LoopMountFact]
    public void Newfs_reports_when_it_cannot_determine_whether_a_loop_device_uses_a_file()
    {
        string directory = Directory.CreateTempSubdirectory("hammer2-newfs-").FullName;
        string file = Path.Combine(directory, "new.img");
        using (FileStream image = File.Create(file)) image.SetLength(64 << 20);
        string command = $"umount -l /sys && '{HammerProgram.ProgramPath}' newfs -s 64m '{file}'";
        ProgramResult result = HammerProgram.RunAny("unshare", "--mount", "sh", "-c", command);
        Directory.Delete(directory, recursive: true);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("cannot determine whether a loop device uses it", result.Error, StringComparison.Ordinal);
    }

    private static void AssertExcludes(string writable, string other)
    {
        using (MountFixture mount = MountFixture.MountForWriting(writable + "@LOCAL"))
            AssertRefused(other, "ro", "being written by process");
        using (MountFixture mount = MountFixture.Mount(other + "@LOCAL", "ro"))
            AssertRefused(writable, "rw", "in use by process");
    }

    private static void AssertRefused(string device, string options, string reason)
    {
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        ProgramResult result = HammerProgram.Run("mount", "-o", options, device + "@LOCAL", target);
        Directory.Delete(target);
        Assert.True(result.ExitCode == 32, $"{device} {options}: {result.ExitCode} {result.Error}");
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
    }
}
