// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Admin;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.Newfs;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Newfs;

/// <summary>
/// Goal: newfs makes a valid filesystem with the requested parameters. Method: known cases compared field by field, and
/// random cases read back by the driver and by verify.
/// </summary>
public sealed class FilesystemWriterTests
{
    private const ulong Mebi = 1 << 20;
    private const ulong Gibi = 1 << 30;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(60));

    [Fact]
    public void The_header_has_every_field()
    {
        MemoryBlockDevice device = NewVolume.InMemory(5L << 30);
        NewFilesystem wanted = NewVolume.Describe(1);
        VolumeHeaderView header = ReadHeader(device, 0);
        ref VolumeHeaderSector fields = ref header.Fields;
        Assert.Equal(VolumeHeaderView.MagicValue, fields.Magic);
        Assert.Equal((4 * Mebi, 68 * Mebi), (fields.BootBegin, fields.BootEnd));
        Assert.Equal((68 * Mebi, 324 * Mebi), (fields.AuxBegin, fields.AuxEnd));
        Assert.Equal((5 * Gibi, 5 * Gibi), (fields.VolumeBytes, fields.TotalBytes));
        Assert.Equal((2U, 0U), (fields.Version, fields.Flags));
        Assert.Equal((3, 0, 1), (fields.PeerType, fields.VolumeIndex, fields.VolumesTotal));
        Assert.Equal(wanted.FilesystemId, fields.FilesystemId);
        Assert.Equal(VolumeHeaderView.TypeHammer2, fields.FilesystemType);
        ulong free = (5 * Gibi) - (5 * 4 * Mebi) - (320 * Mebi);
        Assert.Equal((free, free), (fields.AllocatorBytes, fields.AllocatorFree));
        Assert.Equal((324 * Mebi) + (3 * 1024), fields.AllocatorBegin);
        Assert.Equal((16UL, 16UL, 0UL), (fields.MirrorTid, fields.FreemapTid, fields.BulkfreeTid));
        Assert.Equal(0UL, header.VolumeStarts[0]);
        Assert.Equal(-1, header.VolumeStarts[1..].IndexOfAnyExcept(VolumeHeaderView.VolumeStartUnused));
        Assert.False(header.Bytes.Slice(VolumeHeaderView.FreemapBlocksetOffset, 512).ContainsAnyExcept((byte)0));
        // The other copies, at 2 and 4 GiB, are the same bytes.
        Assert.True(header.Bytes.SequenceEqual(ReadHeader(device, 1).Bytes));
        Assert.True(header.Bytes.SequenceEqual(ReadHeader(device, 2).Bytes));
    }

    [Fact]
    public void The_first_inodes_have_every_field()
    {
        MemoryBlockDevice device = NewVolume.InMemory();
        NewFilesystem wanted = NewVolume.Describe(1);
        Blockref superRoot = ReadHeader(device, 0).SuperRootBlockset[0];
        Assert.Equal((0x31, 0xFF, 10, 0), (superRoot.Methods.Raw, superRoot.CopyId, superRoot.VirtualRadix,
            (int)superRoot.Flags));
        byte[] block = ReadInode(device, superRoot);
        ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
        Assert.Equal((ObjectType.Directory, 0x1C0U, 2UL, 8), (meta.Type, meta.Mode, meta.LinkCount, meta.PfsRole));
        Assert.Equal((0UL, 0UL, 0UL), (meta.Inum, meta.NameKey, meta.PfsInum));
        Assert.Equal((1, 3), (meta.CompressionPolicy, meta.CheckPolicy));
        Assert.Equal((wanted.SuperClusterId, wanted.SuperNodeId), (meta.PfsClusterId, meta.PfsNodeId));
        Assert.Equal("SUPROOT"u8, new InodeBlock(block).Name);

        Blockref data = new InodeBlock(block).Blockset[0];
        Assert.Equal((0x30, BlockrefFlags.PfsRoot, 0xc78fff92381d8000), (data.Methods.Raw, data.Flags, data.Key));
        Assert.Equal(0xde25e1c43fe18000, new InodeBlock(block).Blockset[1].Key);
        block = ReadInode(device, data);
        meta = ref InodeBlock.ReadMeta(block);
        Assert.Equal((ObjectType.Directory, 0x1EDU, 1UL, 6), (meta.Type, meta.Mode, meta.LinkCount, meta.PfsRole));
        Assert.Equal((1UL, data.Key, 16UL, 0UL), (meta.Inum, meta.NameKey, meta.PfsInum, meta.ParentInum));
        Assert.Equal((2, 3, 0), (meta.CompressionPolicy, meta.CheckPolicy, meta.PfsMasters));
        Assert.Equal(OperationFlags.PfsRoot, meta.OperationFlags);
        Assert.Equal((NewVolume.Time, NewVolume.Time), (meta.BirthTime, meta.ModifyTime));
        Assert.Equal((wanted.Pfses[1].ClusterId, wanted.Pfses[1].NodeId), (meta.PfsClusterId, meta.PfsNodeId));
        Assert.Equal("DATA"u8, new InodeBlock(block).Name);
    }

    [Fact]
    public void A_version_1_header_has_no_volume_fields()
    {
        var device = new MemoryBlockDevice(1L << 30);
        NewVolume.Format([device], NewVolume.Describe(1) with { Version = 1 });
        VolumeHeaderView header = ReadHeader(device, 0);
        Assert.Equal((1U, 0, 0UL),
            (header.Fields.Version, header.Fields.VolumesTotal, header.Fields.TotalBytes));
        Assert.Equal(-1, header.VolumeStarts.IndexOfAnyExcept(0UL));
        Assert.Empty(Verified([device]).Faults);
    }

    [Fact]
    public void Other_volumes_have_no_roots()
    {
        MemoryBlockDevice[] devices = NewVolume.VolumesInMemory(1, 1L << 30, 2L << 30, 1032L << 20);
        VolumeHeaderView header = ReadHeader(devices[2], 0);
        Assert.Equal((2, 3, 1032 * Mebi),
            (header.Fields.VolumeIndex, header.Fields.VolumesTotal, header.Fields.VolumeBytes));
        Assert.Equal([0, Gibi, 3 * Gibi], header.VolumeStarts[..3].ToArray());
        Assert.Equal((0UL, 0UL, 0UL, 0UL), (header.Fields.AllocatorFree, header.Fields.AllocatorBegin,
            header.Fields.BootEnd, header.Fields.AuxEnd));
        foreach (Blockref slot in header.SuperRootBlockset) Assert.Equal(BlockrefType.Invalid, slot.Type);
        Assert.Equal((3 * Gibi) + (1032 * Mebi), ReadHeader(devices[0], 0).Fields.TotalBytes);
    }

    [Fact]
    public void The_same_parameters_give_the_same_bytes_and_another_seed_different_ones()
    {
        byte[] first = ReadHeader(NewVolume.InMemory(), 0).Bytes.ToArray();
        Assert.Equal(first, ReadHeader(NewVolume.InMemory(), 0).Bytes.ToArray());
        Assert.NotEqual(first, ReadHeader(NewVolume.InMemory(seed: 2), 0).Bytes.ToArray());
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Random_filesystems_can_be_opened_written_and_verified(ulong seed)
    {
        var random = new SeededRandom(seed);
        NewFilesystem wanted = Draw(random, out MemoryBlockDevice[] devices);
        // Old content of the devices must not become visible.
        foreach (MemoryBlockDevice device in devices) Litter(device, random);
        NewVolume.Format(devices, wanted);
        foreach (MemoryBlockDevice device in devices)
        {
            Assert.All(SignatureProbe.Find(device),
                signature => Assert.Equal("a HAMMER2 volume", signature.Kind));
        }
        VerifyReport report = Verified(devices);
        Assert.Empty(report.Faults);
        Assert.Equal(wanted.Pfses.Count, report.Pfses);

        NewPfs pfs = random.Pick<NewPfs>([.. wanted.Pfses]);
        byte[] content = new byte[random.Between(1, 300_000)];
        random.Fill(content);
        using (ClusterMount mount = Open(devices, pfs.Label))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, "f"u8,
                new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
            Assert.Equal(Errno.None, ops.Write(made.Inum, 0, content, false));
            Assert.Equal(Errno.None, ops.Sync());
        }
        using ClusterMount again = Open(devices, pfs.Label);
        var reading = new VnodeOps(again.Pfs, NullLogger<VnodeOps>.Instance);
        Assert.Equal(Errno.None, reading.Lookup(VnodeOps.RootInum, "f"u8, out VnodeAttributes found));
        byte[] back = new byte[content.Length];
        Assert.Equal(Errno.None, reading.Read(found.Inum, 0, back, out int got));
        Assert.Equal(content.Length, got);
        Assert.Equal(content, back);
        Assert.Empty(Verified(devices).Faults);
    }

    [Fact]
    public void Old_headers_past_the_end_of_a_smaller_volume_are_erased()
    {
        var device = new MemoryBlockDevice(7L << 30);
        NewVolume.Format([device], NewVolume.Describe(1));
        NewVolume.Format([device], NewVolume.Describe(2) with { Sizes = [Gibi] });
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(device)]);
        Assert.Equal(NewVolume.Describe(2).FilesystemId, volumes.Header.Fields.FilesystemId);
        byte[] old = new byte[Media.VolumeHeaderBytes];
        Assert.Equal(Hammer2Error.None, device.Read(6L << 30, old));
        Assert.False(old.AsSpan().ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Power_loss_at_any_write_leaves_nothing_or_the_new_filesystem()
    {
        MediaUuid old = NewVolume.Describe(1).FilesystemId, made = NewVolume.Describe(2).FilesystemId;
        var outcomes = new HashSet<string>();
        for (long cut = 1; cut < 200; cut++)
        {
            var random = new SeededRandom((ulong)cut);
            using var device = new SimulatedBlockDevice(64 << 20, random);
            NewVolume.Format([device], NewVolume.Describe(1));
            _ = device.Write(40 << 20, new byte[] { 1 });
            Assert.Equal(Hammer2Error.None, device.Flush());
            device.FailPowerAtWrite(device.WriteCount + cut);
            NewFilesystem wanted = NewVolume.Describe(2);
            NewfsFailure? failure = FilesystemWriter.Make(wanted, [device]);
            device.RestorePower();
            string outcome = "nothing";
            try
            {
                using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(device)]);
                MediaUuid id = volumes.Header.Fields.FilesystemId;
                Assert.True(id == made || (id == old && cut == 1), $"cut {cut}: {id}");
                outcome = id == made ? "new" : "old";
                Assert.Empty(Verified([device]).Faults);
            }
            catch (NotHammer2Exception)
            {
            }
            _ = outcomes.Add(outcome);
            if (failure is null)
            {
                Assert.Equal("new", outcome);
                Assert.Contains("nothing", outcomes);
                return;
            }
        }
        Assert.Fail("the writer never came to its end");
    }

    [Fact]
    public void Nodes_made_together_are_one_cluster_with_equal_roots()
    {
        MemoryBlockDevice[] devices = NewVolume.ClusterInMemory(3);
        var sets = devices.Select(device => VolumeSet.Open([new UnownedDevice(device)])).ToList();
        using ClusterMount mount = OpenFilesystems.MountAlone(
            sets, NewVolume.ClusterLabel, new ClusterMountOptions(new MediaSourceOptions()),
            NullLoggerFactory.Instance);
        Assert.Equal((3, 2, 3), (mount.Pfs.Membership.MastersTotal, mount.Pfs.Membership.Quorum,
            mount.Pfs.Membership.SyncedTotal));
        var metas = mount.Pfs.Nodes.Select(node => node.Root.Meta with { PfsNodeId = default }).ToList();
        Assert.All(metas, meta => Assert.Equal(metas[0], meta));
        Assert.Equal(3, mount.Pfs.Nodes.Select(node => node.Root.Meta.PfsNodeId).Distinct().Count());
        Assert.All(metas, meta => Assert.Equal(3, meta.PfsMasters));
    }

    private static NewFilesystem Draw(SeededRandom random, out MemoryBlockDevice[] devices)
    {
        int version = random.OneIn(4) ? 1 : 2;
        int count = version == 1 || random.OneIn(2) ? 1 : 1 + random.Below(random.OneIn(8) ? 64 : 5);
        devices = new MemoryBlockDevice[count];
        for (int i = 0; i < count; i++)
        {
            long length = count == 1
                ? random.Between(64 << 20, random.OneIn(3) ? 1L << 42 : 12L << 30)
                : random.Between(1L << 30, 4L << 30);
            devices[i] = new MemoryBlockDevice(length, $"v{i}");
        }
        string[] labels = ["DATA", "ROOT", "boot", "BOOT", "x", new string('n', 255)];
        int first = random.Below(labels.Length - 2);
        NewFilesystem wanted = NewVolume.Describe(random.NextUInt64());
        NewPfs model = wanted.Pfses[1] with
        {
            Compression = random.Pick<CompressionMethod>([CompressionMethod.None, CompressionMethod.AutoZero,
                CompressionMethod.Lz4, CompressionMethod.Zlib]),
            Check = (CheckMethod)random.Below(5),
        };
        if (model.Compression == CompressionMethod.Zlib) model = model with { CompressionLevel = random.Below(10) };
        List<NewPfs> pfses = [wanted.Pfses[0]];
        for (int i = random.Below(4); i > 0; i--)
        {
            MediaUuid id = MediaUuid.FromUnixId((uint)i);
            pfses.Add(model with { Label = labels[first + i - 1], ClusterId = id, NodeId = id });
        }
        bool fits = devices[0].LengthBytes >= 900L << 20;
        return wanted with
        {
            Version = version,
            Pfses = pfses,
            BootBytes = fits && random.OneIn(3) ? 8 * Mebi * (ulong)random.Between(1, 32) : null,
            AuxBytes = fits && random.OneIn(3) ? 8 * Mebi * (ulong)random.Between(1, 40) : null,
            Sizes = count == 1 && fits && random.OneIn(3) ? [Gibi] : [],
        };
    }

    private static void Litter(MemoryBlockDevice device, SeededRandom random)
    {
        byte[] bytes = new byte[4096];
        for (int i = 0; i < 40; i++)
        {
            random.Fill(bytes);
            long at = random.Between(0, (random.OneIn(2) ? 8 << 20 : device.LengthBytes) - bytes.Length);
            _ = device.Write(at, bytes);
        }
        if (random.OneIn(2)) _ = device.Write(0x438, new byte[] { 0x53, 0xEF });
        if (random.OneIn(2)) _ = device.Write(device.LengthBytes - 512, "EFI PART"u8);
    }

    private static ClusterMount Open(MemoryBlockDevice[] devices, string label) => OpenFilesystems.MountAlone(
        [VolumeSet.Open([.. devices.Select(device => new UnownedDevice(device))])], label,
        new ClusterMountOptions(new MediaSourceOptions(), 16 << 20), NullLoggerFactory.Instance);

    private static VerifyReport Verified(IReadOnlyList<IBlockDevice> devices)
    {
        using VolumeSet volumes = VolumeSet.Open([.. devices.Select(device => new UnownedDevice(device))]);
        FsckReport check = FilesystemChecker.Check(volumes);
        Assert.True(check.IsClean, check.ToString());
        return Verify.Run(volumes, new VerifyOptions());
    }

    private static VolumeHeaderView ReadHeader(MemoryBlockDevice device, int copy)
    {
        byte[] bytes = new byte[Media.VolumeHeaderBytes];
        Assert.Equal(Hammer2Error.None, device.Read(copy * Media.HeaderZoneBytes, bytes));
        var candidate = new VolumeHeaderCandidate((byte[])bytes.Clone(), copy);
        Assert.True(candidate.TryValidate(out _, out string? reason), reason);
        return new VolumeHeaderView(bytes);
    }

    private static byte[] ReadInode(MemoryBlockDevice device, in Blockref reference)
    {
        byte[] block = new byte[Media.InodeBytes];
        Assert.Equal(Hammer2Error.None, device.Read((long)reference.Data.Bytes, block));
        Assert.True(CheckCode.Verify(reference, block));
        return block;
    }
}
