// SPDX-License-Identifier: BSD-3-Clause
using System.Text;
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>Groups are committed at their bounds, in the background where there is a thread for it.</summary>
public sealed class CommitSchedulerTests
{
    private const int InodesMax = 64;

    [Fact]
    public void With_a_thread_a_group_at_its_bound_is_committed_without_a_caller()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        var memory = new DirtyMemory { InodesMax = InodesMax };
        using ClusterMount mount = Open(disk, new PfsWriteOptions { Workers = 1, Memory = memory }, out VnodeOps ops);
        for (int i = 0; i < InodesMax; i++) Make(ops, i);
        // The last files may be in the next group, which is not due.
        Assert.True(SpinWait.SpinUntil(
            () => mount.Pfs.Nodes[0].Root.Reference.Subtree.InodeCount >= InodesMax / 4, TimeSpan.FromSeconds(60)));
        Assert.True(SpinWait.SpinUntil(() => memory.Inodes < InodesMax, TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void An_operation_waits_for_no_commit_while_there_is_no_load()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        using var runner = new SteppedRunner();
        var options = new PfsWriteOptions
        {
            Workers = 1,
            Runner = runner,
            Memory = new DirtyMemory { InodesMax = InodesMax },
        };
        using ClusterMount mount = Open(disk, options, out VnodeOps ops);
        Make(ops, 0);
        runner.Hold();
        var commit = new Thread(() => ops.Sync()) { IsBackground = true };
        commit.Start();
        Assert.True(runner.AwaitHeld());
        // The commit does not end before they do.
        var operations = new Thread(() =>
        {
            for (int i = 1; i < InodesMax / 2; i++) Make(ops, i);
        })
        { IsBackground = true };
        operations.Start();
        bool isDone = operations.Join(TimeSpan.FromMinutes(2));
        runner.Release();
        Assert.True(isDone);
        Assert.True(commit.Join(TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public void Operations_never_exceed_the_bound_by_more_than_those_that_run()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        var memory = new DirtyMemory { InodesMax = InodesMax };
        using ClusterMount mount = Open(disk, new PfsWriteOptions { Workers = 1, Memory = memory }, out VnodeOps ops);
        int most = 0;
        var operations = new Thread(() =>
        {
            for (int i = 0; i < 10 * InodesMax; i++)
            {
                Make(ops, i);
                most = Math.Max(most, memory.Inodes);
            }
        })
        { IsBackground = true };
        operations.Start();
        Assert.True(operations.Join(TimeSpan.FromMinutes(1)), "no commit makes space for more operations");
        Assert.InRange(most, InodesMax / 4, InodesMax + InodeLocks.AtOnceMax);
    }

    [Fact]
    public void Without_a_thread_the_operation_that_finds_the_group_full_commits_it()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        var memory = new DirtyMemory { InodesMax = InodesMax };
        using ClusterMount mount = Open(disk, new PfsWriteOptions { Memory = memory }, out VnodeOps ops);
        int before = disk.FlushCount;
        int made = 0;
        while (memory.Inodes < InodesMax) Make(ops, made++);
        Assert.Equal(before, disk.FlushCount);
        Make(ops, made);
        Assert.True(disk.FlushCount > before);
        Assert.InRange(memory.Inodes, 1, InodeLocks.AtOnceMax);
    }

    private static ClusterMount Open(MemoryBlockDevice disk, PfsWriteOptions options, out VnodeOps ops)
    {
        ClusterMount mount = ModelMount.Open([disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(options));
        ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        return mount;
    }

    private static void Make(VnodeOps ops, int number) => Assert.Equal(Errno.None, ops.Create(
        VnodeOps.RootInum, Encoding.ASCII.GetBytes($"f{number}"), new NewObject(ObjectType.RegularFile, UnixMode.O644),
        new Credentials(0, 0), out _));
}
