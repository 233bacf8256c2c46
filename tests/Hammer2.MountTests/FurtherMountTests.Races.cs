// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <content>Mounts and unmounts that meet.</content>
public sealed partial class FurtherMountTests
{
    private const int MountsRaced = 10;
    private const int TurnsRaced = 12;

    [LoopMountFact]
    public void Mounts_and_unmounts_of_a_block_device_that_meet_all_succeed()
    {
        using var image = new PfsImage("256m", "A", "B", "C");
        using (LoopDevice loop = LoopDevice.Attach(image.Path))
        {
            var failures = new List<string>();
            System.Threading.Thread[] users = [.. new[] { "A", "B", "C" }.Select(label =>
                new System.Threading.Thread(() => MountAgainAndAgain(loop.Path + "@" + label, failures)))];
            foreach (System.Threading.Thread user in users) user.Start();
            foreach (System.Threading.Thread user in users) user.Join();
            Assert.True(failures.Count == 0, string.Join('\n', failures));
            AssertFree(loop.Path);
        }
        image.AssertFreeAndClean();
    }

    [MountFact]
    public void Mounts_at_the_same_moment_end_up_in_one_process()
    {
        using var copy = new ScratchImage("pfs-many");
        string[] labels = ["DATA", .. Enumerable.Range(1, 20).Select(number => $"S{number:000}")];
        string[] mounted = [.. labels.Where(label => label[^1] is not ('5' or '0'))
            .Take(MountsRaced)];
        string[] targets = [.. mounted.Select(_ => Directory.CreateTempSubdirectory("hammer2-mount-").FullName)];
        for (int turn = 0; turn < 2; turn++)
        {
            Process[] commands = [.. mounted.Select((label, at) => HammerProgram.Start(
                HammerProgram.ProgramPath, ["mount", "-o", "rw", $"{copy.Path}@{label}", targets[at]]))];
            foreach (Process command in commands)
            {
                string error = command.StandardError.ReadToEnd();
                Assert.True(command.WaitForExit(HammerProgram.PatienceMilliseconds));
                Assert.True(command.ExitCode == 0, error);
                command.Dispose();
            }
            HammerProgram.WaitUntil(() => targets.SelectMany(HammerProgram.ServersOf).Distinct().Count() <= 1,
                "all processes but the one that serves to end");
            foreach (string target in targets) Assert.NotEmpty(Directory.GetFileSystemEntries(target));
            Assert.Equal(0, HammerProgram.RunAny("umount", targets).ExitCode);
        }
        HammerProgram.WaitUntil(() => !targets.SelectMany(HammerProgram.ServersOf).Any(), "the process to end");
        AssertFree(copy.Path);
        foreach (string target in targets) Directory.Delete(target);
    }

    // A number goes up in a file with each mount.
    private static void MountAgainAndAgain(string spec, List<string> failures)
    {
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        for (int turn = 0; turn < TurnsRaced; turn++)
        {
            ProgramResult mount = HammerProgram.Run("mount", "-o", "rw", spec, target);
            string found = turn > 0 && mount.ExitCode == 0 ? File.ReadAllText(target + "/f") : $"{turn - 1}";
            if (mount.ExitCode == 0) File.WriteAllText(target + "/f", $"{turn}");
            // A process that another thread starts has the descriptors of this one for a moment.
            ProgramResult unmount = HammerProgram.RunAny("umount", target);
            for (int again = 0; IsBusy(unmount) && again < UnmountsTried; again++)
                unmount = HammerProgram.RunAny("umount", target);
            if (mount.ExitCode == 0 && mount.Error == "" && unmount.ExitCode == 0 && found == $"{turn - 1}") continue;
            lock (failures) failures.Add($"{spec} {turn}: {mount.Error} {unmount.Error} {found}");
            return;
        }
        Directory.Delete(target);
    }

    private const int UnmountsTried = 100;

    private static bool IsBusy(ProgramResult unmount) =>
        unmount.Error.Contains("target is busy", StringComparison.Ordinal);
}
