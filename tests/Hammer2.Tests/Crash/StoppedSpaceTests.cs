// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Fuse;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: df(1) of a PFS that was stopped by failing devices says what it said before. Method: every device goes away,
/// at once or one after the other, and STATFS is asked as the kernel does.
/// </summary>
public sealed class StoppedSpaceTests
{
    private const long VolumeBytes = 64L << 20;

    [Theory]
    [InlineData(1, new[] { 0 })]
    [InlineData(3, new[] { 0 })]
    [InlineData(3, new[] { 0, 3 })]
    [InlineData(3, new[] { 3, 0 })]
    public void Statfs_of_a_stopped_PFS_keeps_the_last_true_numbers(int nodes, int[] commitsBetween)
    {
        MemoryBlockDevice[] memory =
            NewVolume.NodesInMemory(nodes, VolumeBytes);
        FaultyBlockDevice[] devices = [.. memory.Select(device => new FaultyBlockDevice(device))];
        string label = nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel;
        using (ClusterMount mount = RecordedScript.Mount(devices, label))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            var mounted = new Hammer2FileSystem(ops, new MountOptions(), NullLogger<Hammer2FileSystem>.Instance);
            Assert.Equal(Errno.None, MakeAndSync(ops, "first"));

            // All but the last step take one node away; the rest goes at once.
            var left = new Queue<FaultyBlockDevice>(devices);
            for (int step = 0; step < commitsBetween.Length; step++)
            {
                bool isLast = step == commitsBetween.Length - 1;
                for (int i = 0; i < commitsBetween[step]; i++)
                    Assert.Equal(Errno.None, MakeAndSync(ops, $"s{step}-{i}"));
                if (isLast) break;
                left.Dequeue().IsGone = true;
                Assert.Equal(Errno.None, MakeAndSync(ops, $"without{step}"));
            }
            FuseStatFsOut before = StatFs(mounted);
            Assert.Equal(44UL << 20, before.Blocks * before.BlockSizeBytes);
            while (left.TryDequeue(out FaultyBlockDevice? device)) device.IsGone = true;

            Assert.Equal(Errno.EIO, MakeAndSync(ops, "lost"));
            Assert.True(mount.Pfs.Writer!.IsStopped);
            FuseStatFsOut after = StatFs(mounted);
            Assert.Equal(before.Blocks, after.Blocks);
            // Space allocated by the failed commit is not freed.
            Assert.InRange(after.BlocksFree, before.BlocksFree - 256, before.BlocksFree);
            Assert.InRange(after.BlocksAvailable, before.BlocksAvailable - 256, before.BlocksAvailable);
            Assert.Equal(before.Files - before.FilesFree, after.Files - after.FilesFree);
        }
        foreach (FaultyBlockDevice device in devices) device.Dispose();
    }

    private static Errno MakeAndSync(VnodeOps ops, string name)
    {
        Errno error = ops.Create(VnodeOps.RootInum, System.Text.Encoding.ASCII.GetBytes(name),
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out _);
        return error == Errno.None ? ops.Sync() : error;
    }

    private static FuseStatFsOut StatFs(Hammer2FileSystem mounted)
    {
        var header = new FuseInHeader { NodeId = VnodeOps.RootInum };
        var answer = new FuseStatFsOut();
        Assert.Equal(FuseErrno.None, mounted.StatFs(new FuseContext(in header), ref answer));
        return answer;
    }
}
