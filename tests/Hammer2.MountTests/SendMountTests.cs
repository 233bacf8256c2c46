// SPDX-License-Identifier: BSD-3-Clause

using System.Diagnostics;
using System.IO;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>Goal: a snapshot of a mounted filesystem is sent whole, and kept meanwhile. Method: the program, beside the
/// mount.</summary>
public sealed class SendMountTests
{
    // More than a pipe takes, so that a sender waits for its reader.
    private const int Bytes = 4 << 20;

    [MountFact]
    public void Snapshots_of_a_mount_are_sent_and_received_elsewhere()
    {
        using var image = new PfsImage("256m", "A");
        using var target = new PfsImage("256m", "B");
        using (MountFixture live = MountFixture.MountForWriting(image.Path + "@A"))
        {
            File.WriteAllText(live.Root + "/file", "before");
            Run("snapshot", live.Root, "s1");
            File.WriteAllText(live.Root + "/file", "after!");
            Run("snapshot", live.Root, "s2");
            Run("send", live.Root + "@s1", "--output", image.Path + ".1");
            Run("send", live.Root + "@s2", "--from", "s1", "--output", image.Path + ".2");
            Run("send", live.Root + "@s1", "--output", image.Path + ".again");
            Assert.Empty(Holds(live));
        }
        // The same bytes, although other holds kept the snapshot.
        Run("send", image.Path + "@s1", "--output", image.Path + ".unmounted");
        byte[] stream = File.ReadAllBytes(image.Path + ".1");
        Assert.Equal(stream, File.ReadAllBytes(image.Path + ".again"));
        Assert.Equal(stream, File.ReadAllBytes(image.Path + ".unmounted"));
        Run("receive", target.Path, "--input", image.Path + ".1");
        Run("receive", target.Path, "--input", image.Path + ".2");
        target.AssertFreeAndClean();
        Assert.Equal("before", HammerProgram.Run("cat", target.Path + "@s1", "/file").Output);
        Assert.Equal("after!", HammerProgram.Run("cat", target.Path + "@s2", "/file").Output);
    }

    [MountFact]
    public void A_snapshot_is_held_while_it_is_sent()
    {
        byte[] noise = new byte[Bytes];
        new SeededRandom(1).Fill(noise);
        using var image = new PfsImage("256m", "A");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A");
        File.WriteAllBytes(live.Root + "/file", noise);
        Run("snapshot", live.Root, "s1");
        using (Process sender = HammerProgram.Start(HammerProgram.ProgramPath, ["send", live.Root + "@s1"]))
        {
            HammerProgram.WaitUntil(() => Holds(live).Contains("send-", StringComparison.Ordinal), "the hold");
            ProgramResult refused = HammerProgram.Run("pfs-delete", live.Root, "s1");
            Assert.NotEqual(0, refused.ExitCode);
            Assert.Contains("PFS s1 is held", refused.Error, StringComparison.Ordinal);
            // The sender ends when what it writes is not read any more.
            sender.StandardOutput.Close();
            Assert.True(sender.WaitForExit(HammerProgram.PatienceMilliseconds));
        }
        Assert.Empty(Holds(live));
        Run("pfs-delete", live.Root, "s1");
    }

    private static string Holds(MountFixture mount)
    {
        ProgramResult result = HammerProgram.Run("holds", mount.Root, "s1");
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output.Contains("send-", StringComparison.Ordinal) ? result.Output : "";
    }

    private static void Run(params string[] words)
    {
        ProgramResult result = HammerProgram.Run(words);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', words)}: {result.Error}");
        Assert.Equal("", result.Error);
    }
}
