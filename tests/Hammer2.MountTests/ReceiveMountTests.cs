// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>Goal: a mounted filesystem receives a stream from a file and a pipe while it is written; what came of one
/// that was cut is listed, kept from being deleted, completed by the same stream, or given up. Method: the program, two
/// new filesystems in files, diff(1).</summary>
public sealed class ReceiveMountTests
{
    private const int FilesTotal = 40;

    [MountFact]
    public void A_stream_that_was_cut_goes_on_or_is_given_up()
    {
        using var source = new PfsImage("128m", "A");
        using var target = new PfsImage("256m", "B");
        string stream = source.Path + ".stream", cut = source.Path + ".cut", copy = source.Path + ".copy";
        using (MountFixture from = MountFixture.MountForWriting(source.Path + "@A"))
        {
            Fill(from.Root);
            Done("snapshot", from.Root, "s");
            Copy(from.Root, copy);
        }
        source.WaitUntilFree();
        Done("send", source.Path + "@s", "--output", stream);
        byte[] bytes = File.ReadAllBytes(stream);
        File.WriteAllBytes(cut, bytes[..(bytes.Length * 3 / 4)]);
        using (MountFixture live = MountFixture.MountForWriting(target.Path + "@B"))
        {
            Refused("ends within record", "receive", live.Root, "--input", cut);
            Assert.Contains("s ", Done("receive", live.Root, "--status").Output, StringComparison.Ordinal);
            Refused("held", "pfs-delete", live.Root, "s");
            File.WriteAllText(live.Root + "/beside", "beside");
            ProgramResult piped = HammerProgram.RunAny("sh", "-c", $"'{HammerProgram.ProgramPath}' send "
                + $"'{source.Path}@s' | '{HammerProgram.ProgramPath}' receive '{live.Root}'");
            Assert.True(piped.ExitCode == 0, piped.Error);
            ProgramResult same = HammerProgram.RunAny("diff", "-r", copy, live.Root + "/.hammer2/snapshots/s");
            Assert.True(same.ExitCode == 0, same.Output + same.Error);
            Refused("exists already", "receive", live.Root, "--input", stream);

            Refused("ends within record", "receive", live.Root + "@t", "--input", cut);
            Done("receive", "--abort", live.Root + "@t");
            Assert.DoesNotContain("t ", Done("receive", live.Root, "--status").Output, StringComparison.Ordinal);
            Refused("it is whole", "receive", "--abort", live.Root + "@s");
            Refused("ends within record", "receive", live.Root + "@u", "--input", cut);
        }
        target.AssertFreeAndClean();
        Assert.Contains("u ", Done("receive", target.Path, "--status").Output, StringComparison.Ordinal);
        Assert.NotEqual(0, HammerProgram.Run("mount", target.Path + "@u", copy).ExitCode);
        Done("receive", "--abort", target.Path + "@u");
        target.AssertFreeAndClean();
        using MountFixture again = MountFixture.Mount(target.Path + "@s");
        Assert.Equal(0, HammerProgram.RunAny("diff", "-r", copy, again.Root).ExitCode);
    }

    [MountFact]
    public void All_nodes_of_a_cluster_receive_also_when_one_fails_meanwhile()
    {
        const int Nodes = 3;
        using var source = new PfsImage("128m", "A");
        string stream = source.Path + ".stream", copy = source.Path + ".copy", flag = source.Path + ".flag";
        using (MountFixture from = MountFixture.MountForWriting(source.Path + "@A"))
        {
            Fill(from.Root);
            Done("snapshot", from.Root, "s");
            Copy(from.Root, copy);
        }
        source.WaitUntilFree();
        Done("send", source.Path + "@s", "--output", stream);
        MemoryBlockDevice[] memory = NewVolume.ClusterInMemory(Nodes, 2L << 30);
        using (var disks = new FaultyDisks(memory))
        using (MountFixture live = MountFixture.MountForWriting(
            [disks.PathOf(0) + "@CL", disks.PathOf(1), disks.PathOf(2)]))
        {
            // The stream pauses in the middle until the flag is there.
            long half = new FileInfo(stream).Length / 2;
            string script = $"{{ head -c {half} '{stream}'; while [ ! -e '{flag}' ]; do sleep 0.05; done; "
                + $"tail -c +{half + 1} '{stream}'; }} | '{HammerProgram.ProgramPath}' receive '{live.Root}'";
            var receiving = System.Threading.Tasks.Task.Run(() => HammerProgram.RunAny("sh", "-c", script));
            HammerProgram.WaitUntil(
                () => Done("receive", live.Root, "--status").Output.Contains("s ", StringComparison.Ordinal),
                "the first part");
            disks.Fail(1, DiskFault.Writes);
            SyncedFiles.WriteSynced(live.Root + "/beside", SyncedFiles.Noise(1));
            File.WriteAllText(flag, "");
            ProgramResult received = receiving.Result;
            Assert.True(received.ExitCode == 0, received.Error);
            Assert.Contains("was left out", received.Error, StringComparison.Ordinal);
            Assert.Equal(0, HammerProgram.RunAny("diff", "-r", copy, live.Root + "/.hammer2/snapshots/s").ExitCode);

            disks.Fail(1, DiskFault.None);
            HammerProgram.WaitUntil(() => HammerProgram.RunAny("sh", "-c",
                $"! grep -q Failed '{live.Root}/.hammer2/status' && test $(grep -o '\"Synced\"' "
                + $"'{live.Root}/.hammer2/status' | wc -l) -ge {Nodes}").ExitCode == 0, "the node to be synced again");
            ProgramResult again = Done("receive", live.Root, "--input", stream);
            Assert.Equal("", again.Error);
            Refused("exists already", "receive", live.Root, "--input", stream);
            using MountFixture received3 = MountFixture.MountForWriting(
                [disks.PathOf(0) + "@s", disks.PathOf(1), disks.PathOf(2)]);
            Done("verify", "--nodes", received3.Root);
            Assert.Equal(0, HammerProgram.RunAny("diff", "-r", copy, received3.Root).ExitCode);
        }
        foreach (MemoryBlockDevice one in memory)
        {
            SyncedFiles.AssertClean(one);
            using var disks = new FaultyDisks(one);
            using MountFixture mount = MountFixture.Mount(disks.PathOf(0) + "@s", "degraded");
            Assert.Equal(0, HammerProgram.RunAny("diff", "-r", copy, mount.Root).ExitCode);
        }
    }

    private static void Fill(string root)
    {
        var random = new Random(2);
        for (int i = 0; i < FilesTotal; i++)
        {
            byte[] content = new byte[random.Next(1 << 20)];
            random.NextBytes(content);
            Directory.CreateDirectory($"{root}/d{i % 5}");
            File.WriteAllBytes($"{root}/d{i % 5}/f{i}", content);
        }
    }

    private static void Copy(string from, string to)
    {
        ProgramResult copied = HammerProgram.RunAny("cp", "-a", from, to);
        Assert.True(copied.ExitCode == 0, copied.Error);
    }

    private static void Refused(string reason, params string[] words)
    {
        ProgramResult refused = HammerProgram.Run(words);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains(reason, refused.Error, StringComparison.Ordinal);
    }

    private static ProgramResult Done(params string[] words)
    {
        ProgramResult result = HammerProgram.Run(words);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }
}
