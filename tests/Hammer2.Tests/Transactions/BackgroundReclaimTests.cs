// SPDX-License-Identifier: BSD-3-Clause
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

/// <summary>What was replaced is free again before an operation finds no space.</summary>
public sealed class BackgroundReclaimTests
{
    private readonly byte[] _piece = new byte[1 << 20];

    [Fact]
    public void Space_is_free_again_though_nothing_waited_for_it()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        using ClusterMount mount = Overwrite(disk, new PfsWriteOptions { Workers = 1 });
        Assert.True(SpinWait.SpinUntil(() => FreeShare(mount) > 0.5, TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void Without_a_thread_nothing_runs_by_itself()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        using ClusterMount mount = Overwrite(disk, new PfsWriteOptions());
        Assert.InRange(FreeShare(mount), 0.01, 0.25);
    }

    [Fact]
    public void A_pass_is_cancelled_when_the_filesystem_is_unmounted()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        ClusterMount mount = Overwrite(disk, new PfsWriteOptions { Workers = 1 });
        var end = new Thread(mount.Dispose) { IsBackground = true };
        end.Start();
        Assert.True(end.Join(TimeSpan.FromMinutes(1)));
        using ClusterMount again = ModelMount.Open([disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, again.Pfs.OpenForWriting(new PfsWriteOptions()));
    }

    // Writes one file over and over, each time with other bytes, until a fifth of the volume is free.
    private ClusterMount Overwrite(MemoryBlockDevice disk, PfsWriteOptions options)
    {
        ClusterMount mount = ModelMount.Open([disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(options));
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, Encoding.ASCII.GetBytes("file"),
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes file));
        var random = new SeededRandom(1);
        long pieces = disk.LengthBytes / _piece.Length;
        // With a thread the share rises again, perhaps before it is seen here.
        for (long i = 0; i < pieces && FreeShare(mount) > 0.2; i++)
        {
            random.Fill(_piece);
            Assert.Equal(Errno.None, ops.Write(file.Inum, 0, _piece, dropsPrivileges: false));
            Assert.Equal(Errno.None, ops.Sync());
        }
        return mount;
    }

    private static double FreeShare(ClusterMount mount)
    {
        PfsSpace space = mount.Pfs.GetSpace();
        return (double)space.FreeBytes / space.TotalBytes;
    }
}
