// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Threading;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Chains.Commits;

/// <summary>What a turn of one or several devices is, and what is left of an attempt without a header.</summary>
public sealed class CommitTurnTests
{
    private static readonly byte[] s_content = [.. Enumerable.Repeat((byte)7, 1024)];

    [Fact]
    public void Two_threads_that_name_the_devices_in_opposite_order_both_get_their_turns()
    {
        using MemoryBlockDevice firstDisk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using MemoryBlockDevice secondDisk = NewVolume.InMemory(CommitterVolume.SmallBytes, seed: 2);
        using var first = new CommitterVolume(firstDisk);
        using var second = new CommitterVolume(secondDisk);
        int inside = 0, most = 0, turns = 0;
        void Take(params MediaCommitter?[] order)
        {
            for (int i = 0; i < 2000; i++)
            {
                using var turn = CommitTurn.Enter(order);
                most = Math.Max(most, ++inside);
                turns++;
                inside--;
            }
        }
        var other = new Thread(() => Take(second.Committer, null, first.Committer));
        other.Start();
        Take(first.Committer, second.Committer, first.Committer);
        other.Join();
        // Counted without a lock: that the sums are right shows that the turns excluded each other.
        Assert.Equal((1, 4000), (most, turns));
    }

    [Fact]
    public void A_thread_that_has_a_turn_enters_no_further_one()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var volume = new CommitterVolume(disk);
        using var turn = CommitTurn.Enter(volume.Committer);
        _ = Assert.ThrowsAny<Exception>(() => CommitTurn.Enter(volume.Committer).Dispose());
    }

    [Fact]
    public void Metadata_and_roots_are_handed_over_within_a_turn_only()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var volume = new CommitterVolume(disk);
        Blockref root = CommitterClient.FindRoot(
            volume.Device, volume.Device.RootChain, CommitterVolume.First).Reference;
        _ = Assert.ThrowsAny<Exception>(() => volume.Committer.PutPfsRoot(root));
        _ = Assert.ThrowsAny<Exception>(() => volume.Committer.Prepare(default, out _));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void An_attempt_that_ends_without_a_header_frees_its_metadata_and_shows_nothing(bool isPrepared)
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var volume = new CommitterVolume(disk);
        Assert.Equal(Hammer2Error.None, volume.A.Put("kept", s_content));
        Assert.Equal(Hammer2Error.None, volume.A.Commit());
        Assert.Equal(Hammer2Error.None, volume.A.Put("later", s_content));
        ulong tid = volume.Committer.MirrorTid;
        ulong free = volume.Committer.FreeBytes;
        volume.A.Abandon(isPrepared);
        Assert.Equal((tid, free), (volume.Committer.MirrorTid, volume.Committer.FreeBytes));
        volume.AssertBothAsCommitted("after the attempt");
        Assert.Equal(Hammer2Error.None, volume.B.Put("beside", s_content));
        Assert.Equal(Hammer2Error.None, volume.B.Commit());
        Assert.Equal(Hammer2Error.None, volume.A.Commit());
        volume.AssertBothAsCommitted("after further commits");
    }

    [Fact]
    public void Any_number_of_prepared_attempts_leaves_the_freemap_of_the_last_header_alone()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var volume = new CommitterVolume(disk);
        Assert.Equal(Hammer2Error.None, volume.A.Put("kept", s_content));
        Assert.Equal(Hammer2Error.None, volume.A.Commit());
        for (int attempt = 0; attempt < 20; attempt++)
        {
            // The freemap changes each time, so that its blocks move on each time.
            Assert.Equal(Hammer2Error.None, volume.B.Put($"f{attempt}", s_content));
            volume.B.Abandon(isPrepared: true);
            CommitterVolume.AssertOnMedia(disk, volume.A.Committed, "", $"attempt {attempt}");
        }
        Assert.Equal(Hammer2Error.None, volume.B.Commit());
        volume.AssertBothAsCommitted("at the end");
    }

    [Fact]
    public void A_commit_may_create_update_and_remove_roots_at_once()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var volume = new CommitterVolume(disk);
        Assert.Equal(Hammer2Error.None, volume.A.Put("kept", s_content));
        Assert.Equal(Hammer2Error.None, volume.A.Commit());
        Chain first = CommitterClient.FindRoot(volume.Device, volume.Device.RootChain, CommitterVolume.First);
        Chain second = CommitterClient.FindRoot(volume.Device, volume.Device.RootChain, CommitterVolume.Second);
        using (CommitTurn.Enter(volume.Committer))
        {
            // The second root is renamed in effect: its blocks, under another key.
            Blockref moved = second.Reference;
            moved.Key++;
            Assert.Equal(Hammer2Error.None, volume.Committer.PutPfsRoot(first.Reference));
            Assert.Equal(Hammer2Error.None, volume.Committer.PutPfsRoot(moved));
            Assert.Equal(Hammer2Error.None, volume.Committer.RemovePfsRoot(second.Reference.Key));
            Assert.Equal(Hammer2Error.None, volume.Committer.Prepare(default, out PreparedCommit? prepared));
            Assert.Equal(Hammer2Error.None, volume.Committer.Publish(prepared!));
            Assert.Equal(Hammer2Error.NoEntry, volume.Committer.RemovePfsRoot(second.Reference.Key));
        }
        Assert.Equal(volume.A.Committed, volume.A.Read());
        Chain found = CommitterClient.FindRoot(volume.Device, volume.Device.RootChain, CommitterVolume.Second);
        Assert.Equal(second.Reference.Key + 1, found.Reference.Key);
    }

    [Fact]
    public void A_write_that_fails_for_one_client_fences_the_device_for_the_other()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var faulty = new FaultyBlockDevice(disk);
        using var volume = new CommitterVolume(faulty);
        Assert.Equal(Hammer2Error.None, volume.B.Put("kept", s_content));
        Assert.Equal(Hammer2Error.None, volume.B.Commit());
        Assert.Equal(Hammer2Error.None, volume.B.Put("lost", s_content));
        faulty.FailWriteNumber(faulty.WriteCount + 1);
        Assert.Equal(Hammer2Error.Io, volume.A.Put("failing", s_content));
        Assert.True(volume.Committer.IsFenced);
        long writes = faulty.WriteCount, flushes = faulty.FlushCount;
        Assert.Equal(Hammer2Error.Io, volume.B.Commit());
        Assert.Equal(Hammer2Error.Io, volume.B.Put("refused", s_content));
        using (CommitTurn.Enter(volume.Committer))
            Assert.Equal(Hammer2Error.Io, volume.Committer.CommitFreemap());
        Assert.Equal(Hammer2Error.Io, volume.Device.OpenForWriting());
        volume.Committer.Fence(Hammer2Error.NoSpace);
        Assert.Equal(Hammer2Error.Io, volume.Committer.FenceError);
        Assert.Equal((writes, flushes), (faulty.WriteCount, faulty.FlushCount));
        volume.AssertBothAsCommitted("fenced");
    }

    [Fact]
    public void A_device_that_is_fenced_within_a_turn_publishes_nothing()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var faulty = new FaultyBlockDevice(disk);
        using var volume = new CommitterVolume(faulty);
        Assert.Equal(Hammer2Error.None, volume.A.Put("never", s_content));
        volume.A.InTurn = () => volume.Committer.Fence(Hammer2Error.NodeDown);
        long flushes = faulty.FlushCount;
        Assert.Equal(Hammer2Error.NodeDown, volume.A.Commit());
        Assert.Equal(flushes, faulty.FlushCount);
        volume.AssertBothAsCommitted("fenced");
    }

    [Fact]
    public void A_torn_copy_is_cleared_before_a_record_can_name_it()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.TwoHeadersBytes);
        byte[] torn = new byte[Media.VolumeHeaderBytes];
        Assert.Equal(Hammer2Error.None, disk.Read(0, torn));
        torn[3000] ^= 1;
        Assert.Equal(Hammer2Error.None, disk.Write(Media.HeaderZoneBytes, torn));
        // Not of a device without a node of a cluster: nothing there is explained by a record.
        using (MediaDevice single = CommitterVolume.Open(disk))
            Assert.Equal(Hammer2Error.None, single.OpenForWriting());
        Assert.False(IsBlank());
        using var volume = new CommitterVolume(disk, keepsRecord: true);
        Assert.True(IsBlank());
        Assert.Equal(Hammer2Error.None, volume.A.Put("kept", s_content));
        Assert.Equal(Hammer2Error.None, volume.A.Commit());
        volume.AssertBothAsCommitted("in the cleared copy");

        bool IsBlank()
        {
            byte[] copy = new byte[Media.VolumeHeaderBytes];
            Assert.Equal(Hammer2Error.None, disk.Read(Media.HeaderZoneBytes, copy));
            return !copy.AsSpan().ContainsAnyExcept((byte)0);
        }
    }
}
