// SPDX-License-Identifier: BSD-3-Clause
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>
/// Goal: an fsync of a small file costs two barriers, few writes and little memory, also beside many other files.
/// Method: appends of 4 KiB, each committed alone on one node in memory; what reaches the device and what the thread
/// allocates is counted.
/// </summary>
public sealed class FsyncCostTests
{
    private const int Calls = 64;
    private const long VolumeBytes = 16L << 30;

    [Theory]
    [InlineData(0, 8, 48)]
    [InlineData(20_000, 9, 80)]
    public void An_fsync_costs_two_barriers_few_writes_and_little_memory(int files, int mostWrites, int mostKib)
    {
        using var disk = new FaultyBlockDevice(NewVolume.InMemory(VolumeBytes));
        VolumeSet volumes = VolumeSet.Open([disk]);
        var options = new ClusterMountOptions(new MediaSourceOptions(), 64 << 20);
        using ClusterMount mount = OpenFilesystems.MountAlone(
            [volumes], NewVolume.Label, options, NullLoggerFactory.Instance);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(new PfsWriteOptions { Workers = 0 }));
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        ulong file = Make(ops, "log");
        for (int i = 0; i < files; i++) _ = Make(ops, $"file{i}");
        Append(ops, file, 0);
        Assert.Equal(Errno.None, ops.Sync());
        long writes = disk.WriteCount, flushes = disk.FlushCount;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int call = 1; call <= Calls; call++) Append(ops, file, call);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.Equal(2 * Calls, disk.FlushCount - flushes);
        Assert.InRange(disk.WriteCount - writes, 1, mostWrites * Calls);
        Assert.InRange(allocated, 1, mostKib * 1024L * Calls);
    }

    private static void Append(VnodeOps ops, ulong file, int number)
    {
        byte[] bytes = new byte[4096];
        bytes.AsSpan().Fill((byte)(number + 1));
        bytes[0] = 0;
        Assert.Equal(Errno.None, ops.Write(file, (ulong)number * 4096, bytes, false));
        Assert.Equal(Errno.None, ops.Commit(file));
    }

    private static ulong Make(VnodeOps ops, string name)
    {
        Assert.Equal(Errno.None, ops.Create(
            VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), new NewObject(ObjectType.RegularFile, UnixMode.O644),
            new Credentials(0, 0), out VnodeAttributes made));
        return made.Inum;
    }
}
