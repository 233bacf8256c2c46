// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: two PFSs of one filesystem that are written at once are both right: their files, their space, and what they
/// say when the device fails.
/// Method: both are mounted for writing by the program, from an image file or a disk of this process that fails calls.
/// </summary>
public sealed class TwoWritersTests
{
    private const int EIO = -5;
    private const int EROFS = -30;
    private const int ENOSPC = -28;
    private const int FilesEach = 60;
    private const int BytesMax = 200_000;
    private const int PieceBytes = 1 << 20;

    [MountTheory]
    [InlineData("writeback")]
    [InlineData("nowriteback")]
    public void What_is_written_to_both_at_once_is_there_after_mounting_again(string option)
    {
        using var image = new PfsImage("512m", "A", "B");
        using (MountFixture first = MountFixture.MountForWriting(image.Path + "@A", option + ",commit=1"))
        using (MountFixture second = Further(image.Path + "@B", option + ",commit=1"))
        {
            var failures = new List<string>();
            Thread[] writers = [.. new[] { first.Root, second.Root }.SelectMany((root, pfs) =>
                Enumerable.Range(0, 2).Select(part => new Thread(() => Write(root, pfs, part, failures))))];
            foreach (Thread writer in writers) writer.Start();
            ProgramResult bulkfree = HammerProgram.Run("bulkfree", second.Root);
            foreach (Thread writer in writers) writer.Join();
            Assert.Empty(failures);
            Assert.True(bulkfree.ExitCode == 0, bulkfree.Error);
            second.UnmountAlone();
        }
        image.AssertFreeAndClean();
        using MountFixture again = MountFixture.Mount(image.Path + "@B");
        for (int part = 0; part < 2; part++)
            for (int file = 0; file < FilesEach; file++) AssertFile(again.Root, 1, part, file);
        using MountFixture other = MountFixture.Mount(image.Path + "@A");
        for (int part = 0; part < 2; part++)
            for (int file = 0; file < FilesEach; file++) AssertFile(other.Root, 0, part, file);
    }

    [MountFact]
    public void A_full_filesystem_is_full_for_both_and_what_one_deletes_the_other_can_use()
    {
        using var image = new PfsImage("128m", "A", "B");
        using (MountFixture first = MountFixture.MountForWriting(image.Path + "@A", "nowriteback"))
        using (MountFixture second = Further(image.Path + "@B", "nowriteback"))
        {
            long filled = Fill(first.Root + "/fill", seed: 1);
            Assert.InRange(filled, 16 << 20, 128 << 20);
            Assert.InRange(Fill(second.Root + "/fill", seed: 2), 0, 4 << 20);
            Assert.InRange(Available(second.Root), 0, 4 << 20);

            File.Delete(first.Root + "/fill");
            ProgramResult bulkfree = HammerProgram.Run("bulkfree", second.Root);
            Assert.True(bulkfree.ExitCode == 0, bulkfree.Error);
            Assert.InRange(Available(second.Root), filled / 2, 128 << 20);
            Assert.InRange(Fill(second.Root + "/more", seed: 3), filled / 2, 128 << 20);
        }
        image.AssertFreeAndClean();
    }

    [MountTheory]
    [InlineData(DiskFault.Writes)]
    [InlineData(DiskFault.Flushes)]
    internal void A_device_that_fails_stops_both_and_the_log_says_why(DiskFault fault)
    {
        using MemoryBlockDevice memory = NewVolume.InMemory(2L << 30);
        using (var disks = new FaultyDisks(memory))
        {
            string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName, log = target + ".log";
            string script = $"exec '{HammerProgram.ProgramPath}' mount -f -o rw,nowriteback,commit=86400 "
                + $"'{disks.PathOf(0)}@DATA' '{target}' 2>'{log}'";
            using System.Diagnostics.Process daemon = HammerProgram.Start("sh", ["-c", script]);
            HammerProgram.WaitUntil(() => MountFixture.IsMounted(target), "the mount");
            MountFixture first = MountFixture.Adopt(target);
            MountFixture second = Further(disks.PathOf(0) + "@LOCAL", "nowriteback,commit=86400");
            foreach (MountFixture mount in (MountFixture[])[first, second]) WriteSynced(mount.Root + "/before", 0);

            disks.Fail(0, fault);
            Assert.Equal(EIO, WriteSynced(first.Root + "/after", EIO));
            // The other one meets a device that is not written any more, at its first operation or sync.
            long other = WriteSynced(second.Root + "/after", EIO);
            Assert.True(other is EIO or EROFS, $"answered {other}");
            Assert.Equal(EROFS, PosixCalls.MakeDirectory(first.Root + "/directory"));
            Assert.Equal(EROFS, PosixCalls.MakeDirectory(second.Root + "/directory"));
            disks.Fail(0, DiskFault.None);
            foreach (MountFixture mount in (MountFixture[])[first, second])
                Assert.Equal("before", File.ReadAllText(mount.Root + "/before"));

            second.UnmountAlone();
            second.Dispose();
            first.Dispose();
            Assert.True(daemon.WaitForExit(HammerProgram.PatienceMilliseconds));
            Assert.NotEqual(0, daemon.ExitCode);
            string said = File.ReadAllText(log);
            File.Delete(log);
            Assert.Contains("PFS DATA is read-only from now on", said, StringComparison.Ordinal);
            Assert.Contains("PFS LOCAL is read-only from now on", said, StringComparison.Ordinal);
            Assert.Contains(disks.PathOf(0) + " failed (Io)", said, StringComparison.Ordinal);
        }
        using var again = new FaultyDisks(memory);
        using MountFixture data = MountFixture.MountForWriting(again.PathOf(0) + "@DATA");
        using MountFixture local = Further(again.PathOf(0) + "@LOCAL", "nowriteback");
        Assert.Equal("before", File.ReadAllText(data.Root + "/before"));
        Assert.Equal("before", File.ReadAllText(local.Root + "/before"));
        local.UnmountAlone();
    }

    private static void Write(string root, int pfs, int part, List<string> failures)
    {
        try
        {
            for (int file = 0; file < FilesEach; file++)
            {
                string path = PathOf(root, part, file);
                File.WriteAllBytes(path, Content(pfs, part, file));
                if (file % 7 == 3)
                {
                    using PosixFile open = PosixTree.Open(path);
                    Assert.Equal(0, PosixCalls.Sync(open.Id));
                }
                if (file % 5 == 4)
                {
                    File.Delete(path);
                    File.WriteAllBytes(path, Content(pfs, part, file));
                }
                AssertFile(root, pfs, part, file / 2);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException
            or Xunit.Sdk.XunitException)
        {
            lock (failures) failures.Add($"{root}: {failure.Message}");
        }
    }

    private static string PathOf(string root, int part, int file) => $"{root}/p{part}-{file}";

    private static void AssertFile(string root, int pfs, int part, int file) =>
        Assert.True(Content(pfs, part, file).AsSpan().SequenceEqual(File.ReadAllBytes(PathOf(root, part, file))),
            PathOf(root, part, file));

    // Every third file is the same in both PFSs, so that blocks of one could be shared with the other.
    private static byte[] Content(int pfs, int part, int file)
    {
        var random = new SeededRandom((ulong)((file % 3 == 0 ? 0 : pfs) + (part * 10) + (file * 100) + 1));
        byte[] content = new byte[random.Below(BytesMax)];
        random.Fill(content);
        return content;
    }

    // Answers how many bytes it took until the filesystem was full.
    private static long Fill(string path, ulong seed)
    {
        byte[] piece = new byte[PieceBytes];
        var random = new SeededRandom(seed);
        int file = PosixCalls.Open(path, PosixCalls.Create | PosixCalls.WriteOnly, 0x1A4);
        if (file == ENOSPC) return 0;
        Assert.True(file >= 0, $"open answered {file}");
        long taken = 0, answer;
        do
        {
            random.Fill(piece);
            answer = PosixCalls.Write(file, piece);
            taken += Math.Max(answer, 0);
        }
        while (answer == PieceBytes);
        Assert.True(answer is ENOSPC or > 0, $"write answered {answer}");
        Assert.Equal(0, PosixCalls.Sync(file));
        Assert.Equal(0, PosixCalls.Close(file));
        return taken;
    }

    private static long Available(string root) => new DriveInfo(root).AvailableFreeSpace;

    private static long WriteSynced(string path, int expected)
    {
        int file = PosixCalls.Open(path, PosixCalls.Create | PosixCalls.WriteOnly, 0x1A4);
        if (file < 0) return file;
        long written = PosixCalls.Write(file, "before"u8.ToArray());
        long synced = PosixCalls.Sync(file);
        _ = PosixCalls.Close(file);
        if (expected == 0) Assert.Equal((6L, 0L), (written, synced));
        return synced;
    }

    private static MountFixture Further(string spec, string options)
    {
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        ProgramResult result = HammerProgram.Run("mount", "-o", "rw," + options, spec, target);
        Assert.True(result.ExitCode == 0, result.Error);
        return MountFixture.Adopt(target);
    }
}
