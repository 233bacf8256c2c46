// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.SyncedFiles;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: when a device fails under a mount, write, fsync or close report it; synced data stays readable and is complete
/// after mounting again; and a cluster continues with the other nodes. Method: the built program serves disks of this
/// process, which fail calls from a moment on.
/// </summary>
public sealed class FaultMountTests
{
    private const int EIO = -5;
    private const int EROFS = -30;
    private const int ENOSPC = -28;

    [MountTheory]
    [InlineData(DiskFault.Writes, "writeback")]
    [InlineData(DiskFault.Writes, "nowriteback")]
    [InlineData(DiskFault.Flushes, "writeback")]
    [InlineData(DiskFault.Flushes, "nowriteback")]
    [InlineData(DiskFault.All, "writeback")]
    [InlineData(DiskFault.All, "nowriteback")]
    internal void A_failing_device_is_reported_to_writers(DiskFault fault, string option)
    {
        byte[] before = Noise(1), after = Noise(2);
        using MemoryBlockDevice memory = NewVolume.InMemory(2L << 30);
        using (var disks = new FaultyDisks(memory))
        {
            using MountFixture mount =
                MountFixture.MountForWriting(disks.PathOf(0) + "@DATA", option + ",commit=86400");
            WriteSynced(mount.Root + "/before", before);
            disks.Fail(0, fault);

            AssertWriterHears(mount.Root + "/after", after);
            Assert.Equal(EROFS, PosixCalls.MakeDirectory(mount.Root + "/directory"));
            disks.Fail(0, DiskFault.None);
            Assert.Equal(before, File.ReadAllBytes(mount.Root + "/before"));
            // A failed node is not written again.
            Assert.Equal(EROFS, PosixCalls.MakeDirectory(mount.Root + "/directory"));
        }
        AssertClean(memory);
        using var again = new FaultyDisks(memory);
        using MountFixture second = MountFixture.MountForWriting(again.PathOf(0) + "@DATA");
        Assert.Equal(before, File.ReadAllBytes(second.Root + "/before"));
        WriteSynced(second.Root + "/after", after);
        Assert.Equal(after, File.ReadAllBytes(second.Root + "/after"));
    }

    [MountFact]
    public void Data_that_the_kernel_accepted_before_writing_stopped_is_reported_as_lost()
    {
        using MemoryBlockDevice memory = NewVolume.InMemory(2L << 30);
        using var disks = new FaultyDisks(memory);
        using MountFixture mount =
            MountFixture.MountForWriting(disks.PathOf(0) + "@DATA", "writeback,commit=86400");
        int accepted = PosixCalls.Open(mount.Root + "/a", PosixCalls.Create | PosixCalls.ReadWrite, UnixMode.O644);
        int synced = PosixCalls.Open(mount.Root + "/b", PosixCalls.Create | PosixCalls.ReadWrite, UnixMode.O644);
        try
        {
            Assert.Equal(0, PosixCalls.Sync(accepted));
            Assert.Equal(Bytes, PosixCalls.Write(accepted, Noise(1)));
            disks.Fail(0, DiskFault.Writes);
            _ = PosixCalls.Write(synced, Noise(2));
            Assert.Equal(EIO, PosixCalls.Sync(synced));
            Assert.Equal(EROFS, PosixCalls.MakeDirectory(mount.Root + "/directory"));
            Assert.Equal(EIO, PosixCalls.Sync(accepted));           // EROFS would say that nothing was accepted
        }
        finally
        {
            _ = PosixCalls.Close(synced);
            _ = PosixCalls.Close(accepted);         // fsync reported it
        }
    }

    private static void AssertWriterHears(string path, byte[] data)
    {
        int file = PosixCalls.Open(path, PosixCalls.Create | PosixCalls.ReadWrite, UnixMode.O644);
        Assert.True(file >= 0);
        int close = int.MinValue;
        try
        {
            long written = PosixCalls.Write(file, data);
            // The device may fail between two of the requests that the kernel makes of one write(2).
            Assert.True(written is > 0 or EIO or EROFS && written <= data.Length, $"write answered {written}");
            Assert.Equal(EIO, PosixCalls.Sync(file));
            Assert.Equal(EIO, PosixCalls.Sync(file));                       // and keeps reporting it
            long more = PosixCalls.WriteAt(file, data, data.Length);
            close = PosixCalls.Close(file);
            Assert.True(more < 0 || close < 0, $"write answered {more} and close {close}");
        }
        finally
        {
            if (close == int.MinValue) PosixCalls.Close(file);      // else the failure shows as a mount that is busy
        }
    }

    [MountTheory]
    [InlineData("writeback")]
    [InlineData("nowriteback")]
    public void A_full_volume_fails_writers_and_continues_when_space_is_free(string option)
    {
        const long VolumeBytes = 96L << 20;
        byte[] piece = Noise(9);
        using MemoryBlockDevice memory = NewVolume.InMemory(VolumeBytes);
        using (var disks = new FaultyDisks(memory))
        {
            using MountFixture mount =
                MountFixture.MountForWriting(disks.PathOf(0) + "@DATA", option + ",commit=86400");
            string path = mount.Root + "/fill";
            int file = PosixCalls.Open(path, PosixCalls.Create | PosixCalls.ReadWrite, UnixMode.O644);
            Assert.True(file >= 0);
            try
            {
                long taken = 0, answer;
                do
                {
                    // No two pieces are the same, else they would be stored once.
                    BitConverter.TryWriteBytes(piece.AsSpan(), taken);
                    for (int at = 0; at < piece.Length; at += 4096) piece[at + 8]++;
                    answer = PosixCalls.Write(file, piece);
                    taken += Math.Max(answer, 0);
                }
                while (answer > 0 && taken < 4 * VolumeBytes);
                Assert.Equal(ENOSPC, answer);
                Assert.NotEqual(0, new FileInfo(path).Length);          // neither stat(2) nor reading fails
                using FileStream reader = File.OpenRead(path);
                Assert.Equal(piece.Length, reader.Read(new byte[piece.Length]));
            }
            finally
            {
                int close = PosixCalls.Close(file);     // which also reports it for data that the kernel had accepted
                Assert.True(close is 0 or ENOSPC, $"close answered {close}");
            }
            File.Delete(path);
            WriteSynced(mount.Root + "/after", piece);
        }
        AssertClean(memory);
        using var again = new FaultyDisks(memory);
        using MountFixture second = MountFixture.Mount(again.PathOf(0) + "@DATA");
        Assert.Equal(piece, File.ReadAllBytes(second.Root + "/after"));
    }

    [MountTheory]
    [InlineData("writeback")]
    [InlineData("nowriteback")]
    public void One_damaged_block_of_a_file_does_not_prevent_other_files_from_being_durable(string option)
    {
        byte[] big = Noise(5), document = Noise(6);
        using MemoryBlockDevice memory = NewVolume.InMemory(2L << 30);
        using (var disks = new FaultyDisks(memory))
        using (MountFixture mount = MountFixture.MountForWriting(disks.PathOf(0) + "@DATA"))
            WriteSynced(mount.Root + "/big", big);
        SpoilIndirectBlock(memory);
        using (var disks = new FaultyDisks(memory))
        using (MountFixture mount =
            MountFixture.MountForWriting(disks.PathOf(0) + "@DATA", option + ",commit=86400"))
        {
            int other = PosixCalls.Open(mount.Root + "/other", PosixCalls.Create | PosixCalls.ReadWrite, UnixMode.O644);
            Assert.Equal(document.Length, PosixCalls.Write(other, document));
            Assert.Equal(0, PosixCalls.MakeDirectory(mount.Root + "/directory"));
            int file = PosixCalls.Open(mount.Root + "/big", PosixCalls.ReadWrite, 0);
            long written = PosixCalls.WriteAt(file, document, big.Length);
            Assert.True(written == EIO || PosixCalls.Sync(file) == EIO, $"write answered {written}");
            Assert.Equal(0, PosixCalls.Sync(other));
            Assert.Equal(0, PosixCalls.Close(other));
            _ = PosixCalls.Close(file);                 // was reported already, or is reported now
            Assert.Equal(0, PosixCalls.MakeDirectory(mount.Root + "/after"));
        }
        using var again = new FaultyDisks(memory);
        using MountFixture second = MountFixture.Mount(again.PathOf(0) + "@DATA");
        Assert.Equal(document, File.ReadAllBytes(second.Root + "/other"));
        Assert.True(Directory.Exists(second.Root + "/directory"));
        Assert.True(Directory.Exists(second.Root + "/after"));
        Assert.Equal(big.Length, new FileInfo(second.Root + "/big").Length);
    }

    // Of the one file that has one.
    private static void SpoilIndirectBlock(MemoryBlockDevice memory)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(memory)]);
        MapBlock block = Assert.Single(MediaMap.Read(volumes).OfType(BlockrefType.Indirect));
        byte[] bytes = new byte[block.SizeBytes];
        Assert.Equal(Hammer2Error.None, memory.Read((long)block.Address, bytes));
        bytes[24] ^= 0xFF;
        Assert.Equal(Hammer2Error.None, memory.Write((long)block.Address, bytes));
    }

    [MountFact]
    public void An_unreadable_block_fails_its_file_until_it_is_readable_again()
    {
        byte[] content = Noise(3);
        using MemoryBlockDevice memory = NewVolume.InMemory(2L << 30);
        using var disks = new FaultyDisks(memory);
        using (MountFixture first = MountFixture.MountForWriting(disks.PathOf(0) + "@DATA"))
            WriteSynced(first.Root + "/file", content);
        using MountFixture mount = MountFixture.MountForWriting(disks.PathOf(0) + "@DATA");
        Assert.True(File.Exists(mount.Root + "/file"));
        disks.Fail(0, DiskFault.Reads);
        using (PosixFile file = PosixTree.Open(mount.Root + "/file"))
            Assert.Equal(EIO, PosixCalls.ReadAt(file.Id, new byte[4096], 0));
        disks.Fail(0, DiskFault.None);
        Assert.Equal(content, File.ReadAllBytes(mount.Root + "/file"));
        WriteSynced(mount.Root + "/new", content);
    }

    [MountTheory]
    [InlineData(DiskFault.Writes)]
    [InlineData(DiskFault.Flushes)]
    [InlineData(DiskFault.All)]
    internal void A_cluster_goes_on_without_a_node_and_stops_without_a_quorum(DiskFault fault)
    {
        byte[] before = Noise(4), after = Noise(5);
        MemoryBlockDevice[] memory = NewVolume.ClusterInMemory(3, 2L << 30);
        using (var disks = new FaultyDisks(memory))
        {
            string spec = disks.PathOf(0) + "@CL";
            using MountFixture mount = MountFixture.MountForWriting(
                [spec, disks.PathOf(1), disks.PathOf(2)], "noresync");
            WriteSynced(mount.Root + "/before", before);
            disks.Fail(1, fault);
            WriteSynced(mount.Root + "/after", after);
            disks.Fail(1, DiskFault.None);
            WriteSynced(mount.Root + "/later", before);
            Assert.Equal(after, File.ReadAllBytes(mount.Root + "/after"));

            disks.Fail(2, fault);
            int file = PosixCalls.Open(mount.Root + "/never", PosixCalls.Create | PosixCalls.ReadWrite, UnixMode.O644);
            Assert.True(file >= 0);
            _ = PosixCalls.Write(file, after);                              // may be accepted; fsync reports the error
            Assert.Equal(EIO, PosixCalls.Sync(file));
            _ = PosixCalls.Close(file);
            Assert.Equal(EROFS, PosixCalls.MakeDirectory(mount.Root + "/directory"));
            if (fault != DiskFault.All) Assert.Equal(before, File.ReadAllBytes(mount.Root + "/later"));
        }
        foreach (MemoryBlockDevice one in memory) AssertClean(one);
        using var again = new FaultyDisks(memory);
        // The two nodes that were synced last agree; the one that failed first is stale and not used.
        using MountFixture second = MountFixture.MountForWriting(
            [again.PathOf(0) + "@CL", again.PathOf(1), again.PathOf(2)]);
        Assert.Equal(after, File.ReadAllBytes(second.Root + "/after"));
        Assert.Equal(before, File.ReadAllBytes(second.Root + "/later"));
        WriteSynced(second.Root + "/new", after);
    }

    [MountFact]
    public void A_failed_timed_commit_stops_writing_and_a_later_sync_reports_it()
    {
        using MemoryBlockDevice memory = NewVolume.InMemory(2L << 30);
        using var disks = new FaultyDisks(memory);
        using MountFixture mount = MountFixture.MountForWriting(disks.PathOf(0) + "@DATA", "commit=1");
        WriteSynced(mount.Root + "/before", Noise(6));
        disks.Fail(0, DiskFault.Flushes);
        Assert.Equal(0, PosixCalls.MakeDirectory(mount.Root + "/accepted"));
        HammerProgram.WaitUntil(
            () => PosixCalls.MakeDirectory(mount.Root + $"/d{Environment.TickCount64}") == EROFS, "writing to end");
        Assert.True(Directory.Exists(mount.Root + "/accepted"));
        using PosixFile root = PosixTree.Open(mount.Root);
        Assert.Equal(EIO, PosixCalls.Sync(root.Id));
    }
}
