// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Fuse;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Which fsync, close and syncfs calls report changes that could not be committed, and how often.</summary>
public sealed class LostChangesTests
{
    private readonly LostChanges _lost = new();

    [Fact]
    public void Each_open_file_reports_the_loss_once()
    {
        ulong first = _lost.NextHandle(), second = _lost.NextHandle();
        _lost.Add(5);
        Assert.True(_lost.Take(5, first));
        Assert.False(_lost.Take(5, first));
        Assert.True(_lost.Take(5, second));
        Assert.False(_lost.Take(6, first));
        Assert.True(_lost.Take(5, 0));
        Assert.False(_lost.Take(5, 0));
    }

    [Fact]
    public void A_file_opened_later_reports_nothing()
    {
        _lost.Add(5);
        ulong later = _lost.NextHandle();
        Assert.False(_lost.Take(5, later));
        _lost.Add(5);
        Assert.True(_lost.Take(5, later));
    }

    [Fact]
    public void Beyond_the_limit_every_file_reports_a_loss()
    {
        ulong open = _lost.NextHandle();
        for (ulong inum = 1; inum <= 2000; inum++) _lost.Add(inum);
        Assert.True(_lost.Take(1, open));
        Assert.True(_lost.Take(2000, open));
        Assert.False(_lost.Take(2000, open));
        Assert.False(_lost.Take(2000, _lost.NextHandle()));
    }

    [Fact]
    public void Fsync_fails_once_for_a_file_with_lost_changes_and_not_for_others()
    {
        using var volume = new DamagedVolume();
        var fileSystem = new Hammer2FileSystem(
            volume.Ops, new MountOptions(), NullLogger<Hammer2FileSystem>.Instance);
        ulong big = Open(fileSystem, volume.Big), twice = Open(fileSystem, volume.Big);
        ulong other = Open(fileSystem, volume.File);
        Assert.Equal(Errno.None, volume.Ops.Write(volume.Big, DamagedVolume.BigBytes, "more"u8, false));
        Assert.Equal(Errno.None, volume.Ops.Write(volume.File, 0, "more"u8, false));
        volume.FailReads(volume.TreeOf(volume.Big));
        Assert.Equal(0, Sync(fileSystem, volume.File, other));
        Assert.Equal((int)Errno.EIO, Sync(fileSystem, volume.Big, big));
        Assert.Equal(0, Sync(fileSystem, volume.Big, big));
        Assert.Equal((int)Errno.EIO, Close(fileSystem, volume.Big, twice));
        Assert.Equal(0, Close(fileSystem, volume.Big, big));
        Assert.Equal(0, Close(fileSystem, volume.File, other));
        Assert.Equal(0, Sync(fileSystem, volume.Big, Open(fileSystem, volume.Big)));
        // syncfs(2) tells of all, once; umount as well, had it not been told.
        Assert.Equal((int)Errno.EIO, fileSystem.Sync());
        Assert.Equal(0, fileSystem.Sync());
    }

    [Theory]
    [InlineData(34, false)]
    [InlineData(35, true)]
    public void Close_asks_nothing_where_the_kernel_reports_errors_of_writeback_itself(uint minor, bool isSkipped)
    {
        using var volume = new DamagedVolume();
        var fileSystem = new Hammer2FileSystem(
            volume.Ops, new MountOptions(), NullLogger<Hammer2FileSystem>.Instance);
        fileSystem.Initialized(new FuseConnection(minor, minor, 0, 0, 1 << 20, 1 << 20, 1 << 17));
        ulong handle = Open(fileSystem, volume.File);
        Assert.Equal(isSkipped ? FuseErrno.ENOSYS : FuseErrno.None, Close(fileSystem, volume.File, handle));
    }

    private static ulong Open(Hammer2FileSystem fileSystem, ulong inum)
    {
        FuseOpenOut answer = default;
        var header = new FuseInHeader { NodeId = inum };
        Assert.Equal(0, fileSystem.Open(new FuseContext(in header), new FuseOpenIn { Flags = 2 }, ref answer));
        return answer.Handle;
    }

    private static int Sync(Hammer2FileSystem fileSystem, ulong inum, ulong handle)
    {
        var header = new FuseInHeader { NodeId = inum };
        return fileSystem.FSync(new FuseContext(in header), new FuseFSyncIn { Handle = handle });
    }

    private static int Close(Hammer2FileSystem fileSystem, ulong inum, ulong handle)
    {
        var header = new FuseInHeader { NodeId = inum };
        return fileSystem.Flush(new FuseContext(in header), new FuseFlushIn { Handle = handle });
    }
}
