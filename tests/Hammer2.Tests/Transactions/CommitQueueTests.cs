// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>Requests to make changes durable that wait for a commit share the next one, and none is lost.</summary>
public sealed class CommitQueueTests
{
    private const int ThreadsTotal = 6;
    private const ulong ChangedTime = 123_000_000;

    [Theory, InlineData(true), InlineData(false)]
    public void Requests_that_wait_share_one_commit(bool isOfInodes)
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        using var runner = new SteppedRunner();
        using (ClusterMount mount = ModelMount.Open([disk], NewVolume.Label))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(new PfsWriteOptions { Runner = runner }));
            PfsWriter writer = mount.Pfs.Writer!;
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            var inodes = new ulong[ThreadsTotal];
            for (int i = 0; i < ThreadsTotal; i++) Make(ops, $"file{i}", out inodes[i]);
            int before = disk.FlushCount;
            Assert.Equal(Hammer2Error.None, writer.Commit());
            int flushesOfOne = disk.FlushCount - before;
            Assert.True(flushesOfOne > 0);

            Make(ops, "another", out _);
            runner.Hold();
            before = disk.FlushCount;
            Hammer2Error heldResult = Hammer2Error.Internal;
            Thread held = Start(() => heldResult = writer.Commit());
            Assert.True(runner.AwaitHeld());
            var results = new Hammer2Error[ThreadsTotal];
            var threads = new List<Thread>();
            for (int i = 0; i < ThreadsTotal; i++)
            {
                int index = i;
                results[i] = Hammer2Error.Internal;
                // These changes do not depend on each other.
                var change = new AttributeChange { ModifyTime = ChangedTime };
                Assert.Equal(Errno.None, ops.SetAttributes(inodes[i], change, out _));
                threads.Add(Start(() => results[index] = isOfInodes ? writer.Commit(inodes[index]) : writer.Commit()));
            }
            Assert.True(SpinWait.SpinUntil(
                () => threads.TrueForAll(thread => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin)),
                TimeSpan.FromSeconds(60)));
            Assert.Equal(before, disk.FlushCount);
            runner.Release();
            foreach (Thread thread in threads.Append(held)) Assert.True(thread.Join(TimeSpan.FromSeconds(60)));
            Assert.All(results.Append(heldResult), result => Assert.Equal(Hammer2Error.None, result));
            Assert.Equal(2 * flushesOfOne, disk.FlushCount - before);

            // Nothing is left, and nothing is written for it.
            Assert.Equal(Hammer2Error.None, writer.Commit());
            Assert.Equal(2 * flushesOfOne, disk.FlushCount - before);
        }
        using ClusterMount again = ModelMount.Open([disk], NewVolume.Label);
        var found = new VnodeOps(again.Pfs, NullLogger<VnodeOps>.Instance);
        for (int i = 0; i < ThreadsTotal; i++)
        {
            byte[] name = Encoding.ASCII.GetBytes($"file{i}");
            Assert.Equal(Errno.None, found.Lookup(VnodeOps.RootInum, name, out VnodeAttributes attributes));
            Assert.Equal(ChangedTime, attributes.ModifyTime);
        }
    }

    [Fact]
    public void Threads_that_commit_all_the_time_find_their_changes_durable()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        using ClusterMount mount = ModelMount.Open([disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        PfsWriter writer = mount.Pfs.Writer!;
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        int lost = 0;
        var threads = new List<Thread>();
        for (int i = 0; i < ThreadsTotal; i++)
        {
            int index = i;
            threads.Add(Start(() =>
            {
                for (int round = 0; round < 30; round++)
                {
                    Make(ops, $"file{index}.{round}", out ulong inum);
                    bool isCommitted = (round % 2 == 0 ? writer.Commit(inum) : writer.Commit()) == Hammer2Error.None;
                    // The trees of the last commit have it.
                    Hammer2Error error = mount.Pfs.Nodes[0].LoadInode(inum, out _);
                    if (!isCommitted || error != Hammer2Error.None) _ = Interlocked.Increment(ref lost);
                }
            }));
        }
        foreach (Thread thread in threads) Assert.True(thread.Join(TimeSpan.FromMinutes(2)));
        Assert.Equal(0, lost);
    }

    private static void Make(VnodeOps ops, string name, out ulong inum)
    {
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, Encoding.ASCII.GetBytes(name),
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
        inum = made.Inum;
    }

    private static Thread Start(Action work)
    {
        var thread = new Thread(() => work()) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
