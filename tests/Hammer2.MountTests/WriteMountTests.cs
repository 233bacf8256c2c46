// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Security.Cryptography;
using System.Threading;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: data written through a mount is present after mounting again, and data acknowledged as durable is present
/// after any end of the mount. Method: the built program serves a copy of a golden image; trees are made with system
/// calls.
/// </summary>
public sealed class WriteMountTests
{
    private const int FilesTotal = 200;
    private const int BytesMax = 300_000;
    private const int WritersTotal = 3;

    [MountTheory]
    [InlineData("writeback")]
    [InlineData("nowriteback")]
    [InlineData("sync")]
    [InlineData("commit=1")]
    public void Written_data_is_present_after_mounting_again(string options)
    {
        using var copy = new ScratchImage("empty-mounted");
        var random = new SeededRandom(20261124);
        string[] hashes;
        using (MountFixture mount = MountFixture.MountForWriting(copy.Path + "@DATA", options))
        {
            WriteTree(mount.Root, random);
            hashes = HashTree(mount.Root);
        }
        Assert.True(hashes.Length > FilesTotal);
        using (MountFixture again = MountFixture.Mount(copy.Path + "@DATA"))
            Assert.Equal(hashes, HashTree(again.Root));
        using (MountFixture writable = MountFixture.MountForWriting(copy.Path + "@DATA"))
        {
            Assert.Equal(hashes, HashTree(writable.Root));
            Directory.Delete(writable.Root + "/tree", recursive: true);
            Assert.Empty(Directory.GetFileSystemEntries(writable.Root));
        }
        using (MountFixture empty = MountFixture.Mount(copy.Path + "@DATA"))
            Assert.Empty(Directory.GetFileSystemEntries(empty.Root));
    }

    [MountFact]
    public void Synced_data_survives_a_killed_daemon()
    {
        using var copy = new ScratchImage("empty-mounted");
        byte[] content = new byte[BytesMax];
        new SeededRandom(7).Fill(content);
        using (MountFixture mount = MountFixture.MountForWriting(copy.Path + "@DATA", "commit=86400"))
        {
            string path = mount.Root + "/kept";
            File.WriteAllBytes(path, content);
            using (PosixFile file = PosixTree.Open(path)) Assert.Equal(0, PosixCalls.Sync(file.Id));
            File.WriteAllBytes(mount.Root + "/perhaps", content);
            mount.Signal("KILL");
            HammerProgram.WaitUntil(() => HammerProgram.ServersOf(mount.Root).Count == 0, "the process to die");
            Assert.Equal(0, HammerProgram.RunAny("umount", mount.Root).ExitCode);
            mount.AssertGone();
        }
        using MountFixture again = MountFixture.MountForWriting(copy.Path + "@DATA");
        Assert.Equal(content, File.ReadAllBytes(again.Root + "/kept"));
        File.WriteAllBytes(again.Root + "/new", content);
        Assert.Equal(content, File.ReadAllBytes(again.Root + "/new"));
    }

    [MountTheory]
    [InlineData("writeback")]
    [InlineData("nowriteback")]
    public void Synced_data_is_complete_after_a_kill_during_writing(string option)
    {
        using var copy = new ScratchImage("empty-mounted");
        byte[] content = new byte[BytesMax];
        new SeededRandom(8).Fill(content);
        int synced = 0;
        using (MountFixture mount = MountFixture.MountForWriting(copy.Path + "@DATA", option + ",commit=1"))
        {
            var writers = new System.Collections.Generic.List<Thread>();
            for (int writer = 0; writer < WritersTotal; writer++)
            {
                string path = $"{mount.Root}/w{writer}-";
                writers.Add(new Thread(() => WriteUntilRefused(path, content, ref synced)));
                writers[^1].Start();
            }
            HammerProgram.WaitUntil(() => Volatile.Read(ref synced) >= 3 * WritersTotal, "some files to be synced");
            mount.Signal("KILL");
            writers.ForEach(writer => writer.Join());
            HammerProgram.WaitUntil(() => HammerProgram.ServersOf(mount.Root).Count == 0, "the process to die");
            Assert.Equal(0, HammerProgram.RunAny("umount", mount.Root).ExitCode);
            mount.AssertGone();
        }
        using MountFixture again = MountFixture.MountForWriting(copy.Path + "@DATA");
        string[] kept = Directory.GetFiles(again.Root, "*.synced");
        Assert.True(kept.Length >= synced, $"{kept.Length} of {synced} files that were synced");
        foreach (string file in kept)
        {
            int length = BitConverter.ToInt32(File.ReadAllBytes(file).AsSpan(0, 4));
            Assert.Equal(content[..length], File.ReadAllBytes(file)[4..]);
        }
    }

    [MountTheory]
    [InlineData("writeback")]
    [InlineData("nowriteback")]
    public void Data_written_before_a_signal_is_durable_while_the_file_is_open(string option)
    {
        using var copy = new ScratchImage("empty-mounted");
        byte[] content = new byte[BytesMax];
        new SeededRandom(9).Fill(content);
        using (MountFixture mount = MountFixture.MountForWriting(copy.Path + "@DATA", option + ",commit=86400"))
        {
            int file = PosixCalls.Open(mount.Root + "/open", PosixCalls.Create | PosixCalls.WriteOnly, UnixMode.O644);
            Assert.True(file >= 0);
            Assert.Equal(content.Length, PosixCalls.Write(file, content));
            mount.Signal("TERM");
            mount.AssertGone();
            _ = PosixCalls.Close(file);     // may fail because the connection is gone
        }
        using MountFixture again = MountFixture.Mount(copy.Path + "@DATA");
        Assert.Equal(content, File.ReadAllBytes(again.Root + "/open"));
    }

    [MountFact]
    public void Bulkfree_frees_space_of_a_mounted_filesystem()
    {
        using var copy = new ScratchImage("empty-mounted");
        byte[] content = new byte[BytesMax];
        var random = new SeededRandom(10);
        using (MountFixture mount = MountFixture.MountForWriting(copy.Path + "@DATA"))
        {
            for (int i = 0; i < 20; i++)
            {
                random.Fill(content);
                File.WriteAllBytes($"{mount.Root}/f{i}", content);
            }
            using (PosixFile file = PosixTree.Open(mount.Root + "/f0")) Assert.Equal(0, PosixCalls.Sync(file.Id));
            byte[] kept = File.ReadAllBytes(mount.Root + "/f1");
            for (int i = 2; i < 20; i++) File.Delete($"{mount.Root}/f{i}");

            ProgramResult refused = HammerProgram.Run("bulkfree", copy.Path);
            Assert.Equal(3, refused.ExitCode);      // rejected while the device is mounted
            ProgramResult result = HammerProgram.Run("bulkfree", "--json", mount.Root);
            Assert.True(result.ExitCode == 0, result.Error);
            using var answer = System.Text.Json.JsonDocument.Parse(result.Output);
            long freed = answer.RootElement.GetProperty("freed").GetInt64();
            Assert.True(freed > 18 * (BytesMax - 65536), $"{freed} bytes freed");
            Assert.Equal(kept, File.ReadAllBytes(mount.Root + "/f1"));
            File.WriteAllBytes(mount.Root + "/new", content);
        }
        using MountFixture again = MountFixture.Mount(copy.Path + "@DATA");
        Assert.Equal(content, File.ReadAllBytes(again.Root + "/new"));
        ProgramResult readOnly = HammerProgram.Run("bulkfree", again.Root);
        Assert.Equal(5, readOnly.ExitCode);
        Assert.Contains("read-only", readOnly.Error, StringComparison.Ordinal);
        ProgramResult elsewhere = HammerProgram.Run("bulkfree", Path.GetTempPath());
        Assert.Equal(3, elsewhere.ExitCode);
        Assert.Contains("not in a HAMMER2 mount", elsewhere.Error, StringComparison.Ordinal);
    }

    [LoopMountFact]
    public void On_a_block_device_sync_is_durable_and_umount_waits_for_the_last_commit()
    {
        using var copy = new ScratchImage("empty-mounted");
        using LoopDevice loop = LoopDevice.Attach(copy.Path);
        string spec = loop.Path + "@DATA";
        byte[] content = new byte[BytesMax];
        new SeededRandom(11).Fill(content);
        using (MountFixture mount = MountFixture.MountForWriting(spec, "commit=86400"))
        {
            Assert.Contains(" fuseblk.hammer2 ", MountFixture.TableLine(mount.Root), StringComparison.Ordinal);
            File.WriteAllBytes(mount.Root + "/synced", content);
            using (PosixFile root = PosixTree.Open(mount.Root))
                Assert.Equal(0, PosixCalls.SyncFileSystem(root.Id));
            mount.Signal("KILL");
            HammerProgram.WaitUntil(() => HammerProgram.ServersOf(mount.Root).Count == 0, "the process to die");
            Assert.Equal(0, HammerProgram.RunAny("umount", mount.Root).ExitCode);
            mount.AssertGone();
        }
        using (MountFixture mount = MountFixture.MountForWriting(spec, "commit=86400"))
        {
            Assert.Equal(content, File.ReadAllBytes(mount.Root + "/synced"));
            File.WriteAllBytes(mount.Root + "/last", content);
            ProgramResult second = HammerProgram.Run("mount", spec, Path.GetTempPath());
            Assert.Equal(32, second.ExitCode);
            Assert.Contains("is mounted on " + mount.Root, second.Error, StringComparison.Ordinal);
            Assert.Equal(0, HammerProgram.RunAny("umount", mount.Root).ExitCode);

            // The process may not have ended yet, but all its data is written.
            ProgramResult listing = HammerProgram.Run("ls", "-l", "--json", spec, "/last");
            Assert.True(listing.ExitCode == 0, listing.Error);
            Assert.Contains(BytesMax.ToString(System.Globalization.CultureInfo.InvariantCulture), listing.Output,
                StringComparison.Ordinal);
            mount.AssertGone();
        }
        using MountFixture again = MountFixture.Mount(spec);
        Assert.Contains(" fuse.hammer2 ", MountFixture.TableLine(again.Root), StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllBytes(again.Root + "/last"));
    }

    [LoopMountFact]
    public void A_write_protected_device_is_mounted_read_only_with_a_warning_unless_rw_is_given()
    {
        using var copy = new ScratchImage("empty-mounted");
        using LoopDevice loop = LoopDevice.Attach(copy.Path, isReadOnly: true);
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        ProgramResult refused = HammerProgram.Run("mount", "-o", "rw", loop.Path + "@DATA", target);
        Assert.Equal(32, refused.ExitCode);
        Assert.Contains("Read-only file system", refused.Error, StringComparison.Ordinal);
        Assert.Contains(loop.Path, refused.Error, StringComparison.Ordinal);

        ProgramResult mounted = HammerProgram.Run("mount", loop.Path + "@DATA", target);
        Assert.True(mounted.ExitCode == 0, mounted.Error);
        Assert.Contains("mounted read-only", mounted.Error, StringComparison.Ordinal);
        using (MountFixture.Adopt(target))
            Assert.Equal(-30, PosixCalls.MakeDirectory(target + "/new"));

        // mount(8) passes rw even when it was not requested.
        string second = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        ProgramResult helped = HammerProgram.Run("mount.hammer2", loop.Path + "@DATA", second, "-o", "rw");
        Assert.True(helped.ExitCode == 0, helped.Error);
        Assert.Contains("mounted read-only", helped.Error, StringComparison.Ordinal);
        using MountFixture third = MountFixture.Adopt(second);
        Assert.Contains(" ro,", MountFixture.TableLine(second), StringComparison.Ordinal);
    }

    [MountFact]
    public void A_mount_for_writing_excludes_others_of_its_PFS_and_is_not_nosuid_by_default()
    {
        using var copy = new ScratchImage("empty-mounted");
        using MountFixture mount = MountFixture.MountForWriting(copy.Path + "@DATA");
        string line = MountFixture.TableLine(mount.Root);
        Assert.DoesNotContain("nosuid", line, StringComparison.Ordinal);
        Assert.DoesNotContain("nodev", line, StringComparison.Ordinal);
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        ProgramResult result = HammerProgram.Run("mount", "-o", "ro", copy.Path + "@DATA", target);
        Assert.Equal((32, $"hammer2: PFS DATA is mounted on {mount.Root}\n"), (result.ExitCode, result.Error));
        Directory.Delete(target);
    }

    // Writes, syncs and then renames files until the daemon is gone: a file with its final name was synced completely.
    private static void WriteUntilRefused(string prefix, byte[] content, ref int synced)
    {
        byte[] bytes = new byte[content.Length + 4];
        for (int number = 0; ; number++)
        {
            int length = 1 + (number * 7919 % content.Length);
            BitConverter.TryWriteBytes(bytes, length);
            content.AsSpan(0, length).CopyTo(bytes.AsSpan(4));
            string path = $"{prefix}{number}";
            int file = PosixCalls.Open(path, PosixCalls.Create | PosixCalls.WriteOnly, UnixMode.O644);
            if (file < 0) return;
            bool isWhole = PosixCalls.Write(file, bytes.AsSpan(0, length + 4)) == length + 4
                && PosixCalls.Sync(file) == 0 && PosixCalls.Rename(path, path + ".synced") == 0
                && PosixCalls.Sync(file) == 0;
            _ = PosixCalls.Close(file);     // an error here was reported by an earlier call
            if (!isWhole) return;
            _ = Interlocked.Increment(ref synced);
        }
    }

    private static void WriteTree(string root, SeededRandom random)
    {
        string tree = root + "/tree";
        Directory.CreateDirectory(tree);
        string directory = tree;
        for (int i = 0; i < FilesTotal; i++)
        {
            if (random.OneIn(10)) directory = Directory.CreateDirectory($"{tree}/d{i}").FullName;
            string path = $"{directory}/f{i}";
            byte[] content = new byte[random.OneIn(3) ? random.Below(600) : random.Below(BytesMax)];
            if (!random.OneIn(4)) random.Fill(content);
            File.WriteAllBytes(path, content);
            if (random.OneIn(8)) Assert.Equal(0, PosixCalls.Link(path, $"{tree}/l{i}"));
            if (random.OneIn(8)) Assert.Equal(0, PosixCalls.Symlink("f" + i, $"{tree}/s{i}"));
            if (random.OneIn(8)) Assert.Equal(0, PosixCalls.Rename(path, $"{tree}/r{i}"));
            else if (random.OneIn(8)) Assert.Equal(0, PosixCalls.SetSize(path, random.Below(BytesMax)));
            else if (random.OneIn(8)) Assert.Equal(0, PosixCalls.ChangeMode(path, UnixMode.O444));
            else if (random.OneIn(8)) File.Delete(path);
        }
    }

    // Everything that must be the same afterwards, one line for each object.
    private static string[] HashTree(string root)
    {
        string[] paths = Directory.GetFileSystemEntries(root, "*", SearchOption.AllDirectories);
        Array.Sort(paths, StringComparer.Ordinal);
        return Array.ConvertAll(paths, path =>
        {
            PosixStatus status = PosixTree.Status(path);
            string content = status.Type == 'f'
                ? Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))) : "";
            return $"{path[root.Length..]} {status.Inode} {status.Mode:x} {status.LinkCount} {status.Size} "
                + $"{status.ModifySeconds}.{status.ModifyNanoseconds} {status.ChangeSeconds} {content}";
        });
    }
}
