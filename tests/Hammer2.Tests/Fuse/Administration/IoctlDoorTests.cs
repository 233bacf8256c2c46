// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Hammer2.Format;
using Hammer2.Fuse.Administration;
using Hammer2.Fuse.Administration.Doors;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration;

/// <summary>Goal: upstream's ioctls answer as upstream's do, and malformed ones change nothing. Method: records as a
/// program would send them, to a filesystem in memory.</summary>
public sealed class IoctlDoorTests : IDisposable
{
    private static readonly uint[] Commands =
    [
        IoctlCommand.VersionGet, IoctlCommand.PfsGet, IoctlCommand.PfsCreate, IoctlCommand.PfsDelete,
        IoctlCommand.PfsLookup, IoctlCommand.PfsSnapshot, IoctlCommand.InodeGet, IoctlCommand.InodeSet,
        IoctlCommand.DebugDump, IoctlCommand.BulkfreeScan, IoctlCommand.BulkfreeAsync, IoctlCommand.VolumeList,
        IoctlCommand.VolumeListFlat, IoctlCommand.Grow, IoctlCommand.Destroy, IoctlCommand.EmergencyMode,
    ];

    private readonly AdministeredVolume _volume = new();
    private readonly IoctlDoor _door;

    public IoctlDoorTests() => _door = new IoctlDoor(RequestTable.Standard, _volume.Mount);

    public void Dispose() => _volume.Dispose();

    [Theory]
    [InlineData(64, 256, IoctlCommand.VersionGet)]
    [InlineData(80, 320, IoctlCommand.PfsGet)]
    [InlineData(81, 320, IoctlCommand.PfsCreate)]
    [InlineData(82, 320, IoctlCommand.PfsDelete)]
    [InlineData(83, 320, IoctlCommand.PfsLookup)]
    [InlineData(84, 320, IoctlCommand.PfsSnapshot)]
    [InlineData(86, 1056, IoctlCommand.InodeGet)]
    [InlineData(87, 1056, IoctlCommand.InodeSet)]
    [InlineData(91, 4, IoctlCommand.DebugDump)]
    [InlineData(92, 64, IoctlCommand.BulkfreeScan)]
    [InlineData(93, 64, IoctlCommand.BulkfreeAsync)]
    [InlineData(94, 272, IoctlCommand.Destroy)]
    [InlineData(95, 4, IoctlCommand.EmergencyMode)]
    [InlineData(96, 72, IoctlCommand.Grow)]
    [InlineData(97, 272, IoctlCommand.VolumeList)]
    [InlineData(197, 5896, IoctlCommand.VolumeListFlat)]
    public void Commands_have_the_numbers_of_upstream(uint number, uint bytes, uint command)
    {
        Assert.Equal((3U << 30) | (bytes << 16) | ((uint)'h' << 8) | number, command);
        Assert.True(IoctlCommand.IsOfHammer2(command));
    }

    [Theory]
    [InlineData(IoctlCommand.VersionGet, true)]
    [InlineData(IoctlCommand.InodeGet, true)]
    [InlineData(IoctlCommand.DebugDump, true)]
    [InlineData(IoctlCommand.PfsGet, false)]
    [InlineData(IoctlCommand.PfsLookup, false)]
    [InlineData(IoctlCommand.InodeSet, false)]
    [InlineData(IoctlCommand.BulkfreeScan, false)]
    [InlineData(IoctlCommand.BulkfreeAsync, false)]
    [InlineData(IoctlCommand.VolumeListFlat, false)]
    [InlineData(IoctlCommand.Grow, false)]
    [InlineData(IoctlCommand.EmergencyMode, false)]
    public void Strangers_are_granted_what_upstream_grants(uint command, bool isGranted)
    {
        byte[] record = new byte[(command >> 16) & 0x3FFF];
        if (command == IoctlCommand.PfsLookup) "DATA"u8.CopyTo(record.AsSpan(64));
        Assert.Equal(isGranted ? Errno.None : Errno.EPERM, Call(command, record, out _, user: 1001));
        Assert.Equal(Errno.None, Call(command, record, out _));
        Assert.Equal(Errno.None, Call(command, record, out _, user: 0));
    }

    [Fact]
    public void Unknown_commands_and_those_with_a_pointer_are_not_supported()
    {
        foreach (uint command in (uint[])[IoctlCommand.VolumeList, 0xC1306844, 0xC130684C, 0x6801, 0xC0486862])
            Assert.Equal(Errno.EOPNOTSUPP, Call(command, new byte[(command >> 16) & 0x3FFF], out _));
        Assert.False(IoctlCommand.IsOfHammer2(0x80086601));
    }

    [Fact]
    public void A_shutdown_takes_no_record_and_ends_writing()
    {
        Assert.Equal((2U << 30) | (4U << 16) | ((uint)'X' << 8) | 125, IoctlCommand.Shutdown);
        byte[] answer = new byte[4];
        var call = new IoctlCall(VnodeOps.RootInum, AdministeredVolume.OwnerId, static () => false);
        Assert.Equal(Errno.EINVAL, _door.Run(call, IoctlCommand.Shutdown, new byte[4], answer));
        Assert.Equal(Errno.EPERM, _door.Run(call with { UserId = 1001 }, IoctlCommand.Shutdown, [], answer));
        Assert.False(_volume.Mount.Pfs.Writer!.IsStopped);
        Assert.Equal(Errno.None, _door.Run(call, IoctlCommand.Shutdown, [], answer));
        Assert.Equal(Hammer2Error.Shutdown, _volume.Mount.Pfs.Writer.StopReason);
        Assert.Equal(Errno.EIO, _volume.Mount.Vnodes.Sync());
    }

    [Fact]
    public void A_list_of_PFSs_is_walked_by_next_keys()
    {
        int total = 0;
        PfsIoctlRecord record = default;
        do
        {
            record = Call(IoctlCommand.PfsGet, record with { Key = record.NextKey });
            total++;
            Assert.Equal(PfsType.Master, record.Type);
            Assert.NotEqual(default, record.ClusterId);
        }
        while (record.NextKey != PfsIoctlRecord.NoKey);
        Assert.Equal(((PfsListResult)_volume.Run("pfs-list").Result!).Pfs.Count, total);
        Assert.Equal(Errno.ENOENT, Call(IoctlCommand.PfsGet, Bytes(record with { Key = record.Key + 1 }), out _));

        PfsIoctlRecord mounted = Call(IoctlCommand.PfsGet, record with { Key = PfsIoctlRecord.NoKey });
        Assert.Equal(PfsIoctlRecord.NoKey, mounted.NextKey);
        Assert.Equal("DATA", Text(mounted.Label));
        PfsIoctlRecord found = Call(IoctlCommand.PfsLookup, new PfsIoctlRecord { Label = mounted.Label });
        Assert.Equal((mounted.Key, mounted.NodeId, mounted.ClusterId), (found.Key, found.NodeId, found.ClusterId));
        Assert.Equal(Errno.ENOENT, Call(IoctlCommand.PfsLookup, Bytes(default(PfsIoctlRecord)), out _));
    }

    [Fact]
    public void Volumes_are_listed_as_many_as_are_wanted()
    {
        VolumeListRecord all = Call(IoctlCommand.VolumeListFlat, new VolumeListRecord { VolumesTotal = 64 });
        Assert.Equal((1, 2, "DATA"), (all.VolumesTotal, all.Version, Text(all.Label)));
        Assert.Equal(("new", 64UL << 20), (Text(all.Volumes[0].Path), all.Volumes[0].LengthBytes));
        Assert.Equal(0, Call(IoctlCommand.VolumeListFlat, new VolumeListRecord { VolumesTotal = -5 }).VolumesTotal);
    }

    [Fact]
    public void An_inode_is_returned_as_stored_and_its_methods_are_set()
    {
        InodeRecord before = Call(IoctlCommand.InodeGet, new InodeRecord { Flags = uint.MaxValue });
        Assert.Equal((0U, VnodeOps.RootInum), (before.Flags, before.Meta.Inum));
        before.Flags = InodeRecord.SetsCheck | InodeRecord.SetsCompression;
        before.Meta.CheckPolicy = (byte)CheckMethod.Sha192;
        before.Meta.CompressionPolicy = (byte)CompressionMethod.Zlib | (6 << 4);
        _ = Call(IoctlCommand.InodeSet, before);
        InodeRecord after = Call(IoctlCommand.InodeGet, default(InodeRecord));
        Assert.Equal((before.Meta.CheckPolicy, before.Meta.CompressionPolicy),
            (after.Meta.CheckPolicy, after.Meta.CompressionPolicy));

        before.Meta.CheckPolicy = (byte)CheckMethod.Freemap;
        Assert.Equal(Errno.EINVAL, Call(IoctlCommand.InodeSet, Bytes(before), out _));
        before.Flags = InodeRecord.SetsDataQuota;
        Assert.Equal(Errno.EOPNOTSUPP, Call(IoctlCommand.InodeSet, Bytes(before), out _));
        Assert.Equal(Errno.ESTALE, Call(IoctlCommand.InodeGet, Bytes(before), out _, inum: 0x12345));
    }

    [Fact]
    public void Free_space_is_given_up_and_its_length_returned()
    {
        Assert.Equal((3U << 30) | (24 << 16) | ('X' << 8) | 121, IoctlCommand.Trim);
        var all = new TrimRecord { LengthBytes = ulong.MaxValue };
        ulong given = Call(IoctlCommand.Trim, all).LengthBytes;
        var space = (SpaceResult)_volume.Run("space").Result!;
        Assert.InRange(given, space.FreeBytes / 2, space.FreeBytes);
        ulong half = Call(IoctlCommand.Trim, all with { Start = 32 << 20 }).LengthBytes;
        Assert.InRange(half, 1UL, 32UL << 20);
        Assert.Equal(Errno.EINVAL, Call(IoctlCommand.Trim, Bytes(all with { LengthBytes = 0 }), out _));
        Assert.Equal(Errno.EINVAL, Call(IoctlCommand.Trim, Bytes(all with { LeastBytes = 1UL << 30 }), out _));
        Assert.Equal(Errno.EPERM, Call(IoctlCommand.Trim, Bytes(all), out _, user: 1001));
        Assert.Equal(Errno.EINVAL, Call(IoctlCommand.Trim, new byte[16], out _));
        Assert.Equal(Errno.EINVAL, Call(IoctlCommand.Trim, Bytes(all with { Start = 64 << 20 }), out _));
        Assert.Equal(Errno.None, Call(IoctlCommand.Trim, Bytes(all with { Start = 48 << 20 }), out _));
    }

    [Fact]
    public void What_is_in_use_is_not_given_up()
    {
        byte[] content = new byte[2 << 20];
        new SeededRandom(5).Fill(content);
        Assert.Equal(Errno.None, _volume.Vnodes.Create(VnodeOps.RootInum, "kept"u8,
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes kept));
        Assert.Equal(Errno.None, _volume.Vnodes.Write(kept.Inum, 0, content, dropsPrivileges: false));
        Assert.Equal(Errno.None, _volume.Vnodes.Create(VnodeOps.RootInum, "gone"u8,
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes gone));
        byte[] other = new byte[1 << 20];
        new SeededRandom(6).Fill(other);
        Assert.Equal(Errno.None, _volume.Vnodes.Write(gone.Inum, 0, other, dropsPrivileges: false));
        Assert.Equal(Errno.None, _volume.Vnodes.Sync());
        ulong before = Call(IoctlCommand.Trim, new TrimRecord { LengthBytes = ulong.MaxValue }).LengthBytes;
        Assert.Equal(Errno.None, _volume.Vnodes.Unlink(VnodeOps.RootInum, "gone"u8, out _));
        Assert.Equal(Errno.None, _volume.Vnodes.Forget(gone.Inum));
        ulong after = Call(IoctlCommand.Trim, new TrimRecord { LengthBytes = ulong.MaxValue }).LengthBytes;
        Assert.InRange(after, before + (1 << 20) - (128 << 10), before + (1 << 20) + (256 << 10));
        byte[] read = new byte[content.Length];
        Assert.Equal(Errno.None, _volume.Vnodes.Read(kept.Inum, 0, read, out _));
        Assert.Equal(content, read);
    }

    [Fact]
    public void Ten_thousand_drawn_records_change_nothing()
    {
        Assert.Equal(Errno.None, _volume.Run("sync").Error);
        ulong commit = ((StatusResult)_volume.Run("status").Result!).Commit;
        int refused = 0;
        for (ulong seed = 1; seed <= 10_000; seed++)
        {
            var random = new SeededRandom(seed);
            uint command = Commands[random.Below(Commands.Length)];
            if (random.Below(4) == 0) command ^= 1U << random.Below(30);
            if (command is IoctlCommand.BulkfreeScan or IoctlCommand.BulkfreeAsync) continue;
            byte[] record = new byte[random.Below(3) == 0 ? random.Below(6000) : (int)(command >> 16) & 0x3FFF];
            for (int index = 0; index < record.Length; index++) record[index] = (byte)random.Below(256);
            // Valid numbers of methods would be a valid request.
            if (command == IoctlCommand.InodeSet && record.Length > 4) record[0] |= 0x7;
            // A label would be one, too.
            if (command is IoctlCommand.PfsCreate or IoctlCommand.PfsDelete or IoctlCommand.PfsSnapshot
                && record.Length > 64) record[64] = 0;
            if (IoctlCommand.IsOfHammer2(command) && Call(command, record, out _) != Errno.None) refused++;
        }
        Assert.InRange(refused, 3_000, 10_000);
        Assert.Equal(Errno.None, _volume.Run("sync").Error);
        Assert.Equal(commit, ((StatusResult)_volume.Run("status").Result!).Commit);
    }

    private static byte[] Bytes<T>(T record)
        where T : struct
    {
        byte[] bytes = new byte[Unsafe.SizeOf<T>()];
        MemoryMarshal.Write(bytes, in record);
        return bytes;
    }

    private static string Text(ReadOnlySpan<byte> field) => Encoding.UTF8.GetString(field[..field.IndexOf((byte)0)]);

    private T Call<T>(uint command, T record)
        where T : struct
    {
        Assert.Equal(Errno.None, Call(command, Bytes(record), out byte[] answer));
        return MemoryMarshal.Read<T>(answer);
    }

    private Errno Call(uint command, byte[] record, out byte[] answer, uint user = AdministeredVolume.OwnerId,
        ulong inum = VnodeOps.RootInum)
    {
        answer = new byte[record.Length];
        return _door.Run(new IoctlCall(inum, user, static () => false), command, record, answer);
    }
}
