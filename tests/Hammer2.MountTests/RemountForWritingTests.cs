// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Linq;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: a mount that was made read-only becomes writable by -o remount,rw with its open files kept, under the locks
/// and with the recovery of a mount for writing; where it cannot be written it stays as it is and says why. Method: the
/// program on image files, a loop device and three nodes, killed after a sync or checked afterwards.
/// </summary>
public sealed class RemountForWritingTests
{
    private const int ReadOnly = -30;
    private const int NotPermitted = -1;
    private const string LongText = "More than 64 bytes are read in parts, before a remount and after it, and again.";

    [MountFact]
    public void Open_files_stay_open_and_what_is_written_after_it_is_durable()
    {
        using var image = new PfsImage("256m", "A", "B");
        Fill(image.Path + "@A");
        using (MountFixture mount = MountFixture.Mount(image.Path + "@A"))
        {
            Span<byte> read = stackalloc byte[32];
            using PosixFile reader = PosixTree.Open(mount.Root + "/dir/f");
            using PosixFile directory = PosixTree.Open(mount.Root + "/dir", PosixCalls.Directory);
            Assert.Equal(32, PosixCalls.Read(reader.Id, read));
            Assert.Equal(ReadOnly, PosixCalls.MakeDirectory(mount.Root + "/d"));
            Done(mount.Root, "remount,rw,commit=3600");
            Assert.StartsWith("rw", MountFixture.TableLine(mount.Root).Split(' ')[5], StringComparison.Ordinal);
            Assert.Equal(32, PosixCalls.Read(reader.Id, read));
            Assert.Equal(LongText[32..64], System.Text.Encoding.ASCII.GetString(read));
            Assert.Equal(["f", "fixed"], Directory.GetFiles(mount.Root + "/dir").Select(Path.GetFileName).Order());
            Write(mount.Root);
            // The program goes on with what was open, the loser of a name included.
            Assert.Equal(0, PosixCalls.Rename(mount.Root + "/new", mount.Root + "/dir/f"));
            Assert.Equal(LongText.Length - 64, PosixCalls.ReadAt(reader.Id, read, 64));
            Assert.Equal(0, PosixCalls.Sync(directory.Id));
            using (MountFixture beside = MountFixture.MountForWriting(image.Path + "@B"))
            {
                // Served by the process that has the locks of a writer.
                File.WriteAllText(beside.Root + "/b", "beside");
                beside.UnmountAlone();
            }
            mount.Signal("KILL");
            _ = HammerProgram.RunAny("umount", "-l", mount.Root);
            mount.AssertGone();
        }
        image.AssertFreeAndClean();
        using MountFixture again = MountFixture.Mount(image.Path + "@A");
        Assert.Equal("new text, and more", File.ReadAllText(again.Root + "/dir/f"));
        Assert.Equal(5 << 20, new FileInfo(again.Root + "/big").Length);
        Assert.False(File.Exists(again.Root + "/new"));
    }

    [MountFact]
    public void Another_reader_of_the_device_prevents_it_until_it_has_ended()
    {
        using var image = new PfsImage("256m", "A");
        Fill(image.Path + "@A");
        using (MountFixture mount = MountFixture.Mount(image.Path + "@A"))
        {
            using (MountFixture.Mount(image.Path + "@A"))
            {
                Refused("is in use by", mount.Root);
                Assert.Equal(ReadOnly, PosixCalls.MakeDirectory(mount.Root + "/d"));
                Assert.Equal(LongText, File.ReadAllText(mount.Root + "/dir/f"));
            }
            // The refusal has left the lock of a reader.
            using (MountFixture.Mount(image.Path + "@A"))
                Assert.NotEqual(0, HammerProgram.Run("newfs", "-s", "256m", image.Path).ExitCode);
            Done(mount.Root, "remount,rw");
            Assert.Equal(0, PosixCalls.MakeDirectory(mount.Root + "/d"));
            ProgramResult fsck = HammerProgram.Run("fsck", "--repair", image.Path);
            Assert.NotEqual(0, fsck.ExitCode);
            // Long requests and open files are known as on any writable mount.
            Assert.Equal(0, HammerProgram.Run("snapshot", mount.Root, "s").ExitCode);
            using (PosixTree.Open(mount.Root + "/old", PosixCalls.WriteOnly))
            {
                ProgramResult refused = HammerProgram.Run("rollback", mount.Root, "A", "s");
                Assert.Contains("1 file on it is open for writing", refused.Error, StringComparison.Ordinal);
            }
            HammerProgram.WaitUntil(
                () => HammerProgram.Run("rollback", mount.Root, "A", "s").ExitCode == 0, "the rollback");
            ProgramResult bulkfree = HammerProgram.Run("bulkfree", mount.Root);
            Assert.True(bulkfree.ExitCode == 0, bulkfree.Error);
            Assert.Equal(LongText, File.ReadAllText(mount.Root + "/dir/f"));
        }
        image.AssertFreeAndClean();
    }

    [LoopMountFact]
    public void A_block_device_is_claimed_and_a_write_protected_one_refuses()
    {
        using var image = new PfsImage("256m", "A");
        using (LoopDevice loop = LoopDevice.Attach(image.Path, isReadOnly: true))
        using (MountFixture mount = MountFixture.Mount(loop.Path + "@A"))
        {
            Refused("write-protected", mount.Root);
            Assert.Equal(ReadOnly, PosixCalls.MakeDirectory(mount.Root + "/d"));
        }
        using (LoopDevice loop = LoopDevice.Attach(image.Path))
        {
            using MountFixture mount = MountFixture.Mount(loop.Path + "@A");
            Done(mount.Root, "remount,rw");
            Assert.Equal(0, PosixCalls.MakeDirectory(mount.Root + "/d"));
            // The claim of a writer keeps mkfs and other mounts away.
            Assert.NotEqual(0, HammerProgram.RunAny("wipefs", "-a", loop.Path).ExitCode);
            Done(mount.Root, "remount,ro");
            Done(mount.Root, "remount,rw");
            Assert.Equal(0, PosixCalls.RemoveDirectory(mount.Root + "/d"));
        }
        image.AssertFreeAndClean();
    }

    [MountFact]
    public void Three_nodes_become_writable_and_level_and_too_few_do_not()
    {
        string directory = Directory.CreateTempSubdirectory("hammer2-nodes-").FullName;
        string[] nodes = [.. Enumerable.Range(0, 3).Select(node => $"{directory}/n{node}.img")];
        try
        {
            ProgramResult made = HammerProgram.Run(["newfs", "-s", "128m", "--cluster", "CL", .. nodes]);
            Assert.True(made.ExitCode == 0, made.Error);
            Fill([nodes[0] + "@CL", .. nodes[1..]]);
            using (MountFixture alone = MountFixture.Mount(nodes[0] + "@CL", "degraded"))
            {
                Refused("quorum", alone.Root);
                Assert.Equal(LongText, File.ReadAllText(alone.Root + "/dir/f"));
            }
            using (MountFixture mount = MountFixture.Mount([nodes[0] + "@CL", .. nodes[1..]]))
            {
                Done(mount.Root, "remount,rw");
                Write(mount.Root);
            }
            ProgramResult fsck = HammerProgram.Run(["fsck", .. nodes]);
            Assert.True(fsck.ExitCode == 0, fsck.Output + fsck.Error);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static void Fill(params string[] specs)
    {
        using MountFixture mount = MountFixture.MountForWriting(specs);
        _ = Directory.CreateDirectory(mount.Root + "/dir");
        File.WriteAllText(mount.Root + "/dir/f", LongText);
        File.WriteAllText(mount.Root + "/dir/fixed", "");
        Assert.Equal(0, HammerProgram.RunAny("chattr", "+i", mount.Root + "/dir/fixed").ExitCode);
        File.WriteAllText(mount.Root + "/old", "an older text");
    }

    // Made, written over, appended to, cut to nothing, longer than a request, and refused.
    private static void Write(string root)
    {
        File.WriteAllText(root + "/new", "new text");
        File.AppendAllText(root + "/new", ", and more");
        Assert.Equal("new text, and more", File.ReadAllText(root + "/new"));
        File.WriteAllText(root + "/old", "short");
        Assert.Equal("short", File.ReadAllText(root + "/old"));
        byte[] big = new byte[5 << 20];
        new Random(5).NextBytes(big);
        File.WriteAllBytes(root + "/big", big);
        Assert.True(big.AsSpan().SequenceEqual(File.ReadAllBytes(root + "/big")));
        using PosixFile file = PosixTree.Open(root + "/big");
        Assert.Equal(0, PosixCalls.Sync(file.Id));
        Assert.Equal(NotPermitted, PosixCalls.SetSize(root + "/dir/fixed", 10));
        Assert.Equal(NotPermitted, PosixCalls.Open(root + "/dir/fixed", PosixCalls.WriteOnly));
    }

    private static void Done(string target, string options)
    {
        ProgramResult result = HammerProgram.Run("mount.hammer2", "none", target, "-o", options);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    private static void Refused(string reason, string target)
    {
        ProgramResult result = HammerProgram.Run("mount.hammer2", "none", target, "-o", "remount,rw");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
    }
}
