// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Devices;

/// <summary>Several volumes as one address space, and every reason to reject a set.</summary>
public sealed class VolumeSetTests
{
    private const long Megabyte = 1L << 20;
    private const long Gigabyte = 1L << 30;
    private static readonly long[] Three = [Gigabyte, 2 * Gigabyte, Gigabyte + 8 * Megabyte];

    [Fact]
    public void Volumes_in_any_order_give_the_same_address_space()
    {
        foreach (int[] order in Permutations.Of(3))
        {
            List<IBlockDevice> devices = HeaderBuilder.Set(Three);
            using VolumeSet set = VolumeSet.Open([devices[order[0]], devices[order[1]], devices[order[2]]]);
            Assert.Equal("v0:v1:v2", set.Name);
            Assert.Equal((ulong)(Three[0] + Three[1] + Three[2]), set.TotalBytes);
            Assert.Empty(set.Notes);
            for (int index = 0; index < 3; index++)
            {
                Assert.Equal(index, set.Volumes[index].Index);
                Assert.Same(devices[index], set.Volumes[index].Device);
            }
        }
    }

    [Fact]
    public void Each_address_of_a_filesystem_of_64_volumes_is_on_one_volume()
    {
        long[] sizes = new long[64];
        Array.Fill(sizes, Gigabyte);
        List<IBlockDevice> devices = HeaderBuilder.Set(sizes);
        devices.Reverse();
        using VolumeSet set = VolumeSet.Open(devices);
        byte[] bytes = new byte[1024];
        for (int index = 0; index < 64; index++)
        {
            ulong start = (ulong)(index * Gigabyte);
            bytes.AsSpan().Fill((byte)(index + 1));
            Assert.Equal(Hammer2Error.None, set.Write(start + Gigabyte - 1024, bytes));
            Assert.Equal(Hammer2Error.None, devices[63 - index].Read(Gigabyte - 1024, bytes));
            Assert.All(bytes, value => Assert.Equal(index + 1, value));
            Assert.True(set.TryFindVolume(start, 1, out Volume? volume));
            Assert.Equal(index, volume.Index);
        }
        Assert.Equal("v0:v1:v2:v3 and 60 more", set.Name);
    }

    [Fact]
    public void A_range_must_lie_within_one_volume()
    {
        using VolumeSet set = VolumeSet.Open(HeaderBuilder.Set(Three));
        byte[] bytes = new byte[2048];
        Assert.Equal(Hammer2Error.None, set.Read((ulong)Gigabyte, bytes));
        Assert.Equal(Hammer2Error.None, set.Read((ulong)Gigabyte - 2048, bytes));
        Assert.Equal(Hammer2Error.Corrupt, set.Read((ulong)Gigabyte - 1024, bytes));
        Assert.Equal(Hammer2Error.Corrupt, set.Write((ulong)Gigabyte - 1024, bytes));
        Assert.Equal(Hammer2Error.Corrupt, set.Discard((ulong)Gigabyte - 1024, 2048));
        Assert.Equal(Hammer2Error.Corrupt, set.Read(set.TotalBytes - 1024, bytes));
        Assert.Equal(Hammer2Error.Corrupt, set.Read(set.TotalBytes, bytes));
        Assert.Equal(Hammer2Error.Corrupt, set.Read(ulong.MaxValue - 100, bytes));
        Assert.False(set.TryFindVolume(0, -1, out _));
        string place = set.DescribeLocation((ulong)Gigabyte + 0x1000);
        Assert.Equal("v1 at 0x1000", place);
        Assert.Contains("outside all volumes", set.DescribeLocation(ulong.MaxValue), StringComparison.Ordinal);
    }

    [Fact]
    public void Finding_a_volume_allocates_nothing()
    {
        using VolumeSet set = VolumeSet.Open(HeaderBuilder.Set(Three));
        byte[] bytes = new byte[1024];
        _ = set.Read((ulong)Gigabyte, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 1000; round++)
            _ = set.Read((ulong)(Gigabyte + round * 1024), bytes);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_flush_reaches_all_volumes_even_if_one_fails()
    {
        List<IBlockDevice> devices = HeaderBuilder.Set(Three);
        var faulty = new FaultyBlockDevice(devices[0]);
        using VolumeSet set = VolumeSet.Open([faulty, devices[1], devices[2]]);
        faulty.FailFlushNumber(1);
        Assert.Equal(Hammer2Error.Io, set.Flush());
        Assert.Equal(1, ((MemoryBlockDevice)devices[2]).FlushCount);
        Assert.Equal(Hammer2Error.None, set.Flush());
    }

    [Fact]
    public void Closing_a_set_closes_its_devices_and_a_failed_open_leaves_them_open()
    {
        List<IBlockDevice> devices = HeaderBuilder.Set(Three);
        _ = Assert.Throws<VolumeSetException>(() => VolumeSet.Open([devices[0]]));
        Assert.False(((MemoryBlockDevice)devices[0]).IsDisposed);
        VolumeSet.Open(devices).Dispose();
        Assert.All(devices, device => Assert.True(((MemoryBlockDevice)device).IsDisposed));
    }

    [Fact]
    public void One_read_only_volume_makes_the_set_read_only()
    {
        List<IBlockDevice> devices = HeaderBuilder.Set(Three);
        ((MemoryBlockDevice)devices[2]).IsReadOnly = true;
        using VolumeSet set = VolumeSet.Open(devices);
        Assert.True(set.IsReadOnly);
        Assert.Equal(Hammer2Error.ReadOnly, set.Write(set.TotalBytes - 1024, new byte[1024]));
    }

    /// <summary>The given volumes of three, and the error message.</summary>
    public static TheoryData<int[], string> Subsets => new()
    {
        { [0], "volumes 1, 2 are missing" },
        { [1], "volumes 0 (the root volume), 2 are missing" },
        { [2], "(this one is volume 2): volumes 0 (the root volume), 1 are missing" },
        { [0, 2], "volume 1 is missing" },
        { [2, 1], "volume 0 (the root volume) is missing" },
        { [1, 0], "volume 2 is missing" },
    };

    [Theory, MemberData(nameof(Subsets))]
    public void An_incomplete_set_is_rejected_and_the_missing_volumes_are_named(int[] given, string message)
    {
        List<IBlockDevice> all = HeaderBuilder.Set(Three);
        List<IBlockDevice> devices = [];
        foreach (int index in given)
            devices.Add(all[index]);
        VolumeSetException refusal = Assert.Throws<VolumeSetException>(() => VolumeSet.Open(devices));
        Assert.Contains("has 3 volumes", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>The changed volume of three, the change, and the error message.</summary>
    public static TheoryData<string, int, string> Changes => new()
    {
        { "fstype", 0, "filesystem type is not HAMMER2" },
        { "version 0", 0, "format version 0 is not supported" },
        { "version 3", 0, "format version 3 is not supported" },
        { "version 1 in one", 1, "format version differs, found 1 expected 2" },
        { "id 64", 1, "volume index is out of range, found 64 expected 0 to 63" },
        { "id 3", 1, "volume index is out of range, found 3 in a filesystem of 3" },
        { "id of another", 1, "volume 2 of filesystem" },
        { "size 0", 1, "volume size is zero" },
        { "size too large", 1, "the device is shorter than its volume" },
        { "size not whole", 0, "size of volume 0 is not a multiple of 0x40000000" },
        { "size not aligned", 2, "size of volume 2 is not a multiple of 0x800000" },
        { "fsid", 2, "filesystem id differs" },
        { "volumes total", 2, "number of volumes differs, found 4 expected 3" },
        { "own start", 1, "start of volume 1 as the root volume has it" },
        { "total size", 0, "total size is not the sum of the volumes" },
        { "unused start", 0, "start of volume 3, found 0x0 expected 0xffffffffffffffff" },
        { "unused last start", 0, "start of volume 63, found 0x40000000" },
    };

    [Theory, MemberData(nameof(Changes))]
    public void Every_inconsistent_field_is_rejected_by_name(string change, int volume, string message)
    {
        List<IBlockDevice> devices = HeaderBuilder.Set(Three, volume, header => Change(header, change));
        VolumeSetException refusal = Assert.Throws<VolumeSetException>(() => VolumeSet.Open(devices));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
        Assert.StartsWith("v", refusal.DeviceName, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0UL, int.MinValue, "start of volume 1 leaves a gap or an overlap, found 0x80000000")]
    [InlineData(0UL, 512 << 20, "start of volume 1 is not a multiple of 0x40000000")]
    [InlineData(1UL << 30, 1 << 30, "start of volume 0 leaves a gap or an overlap, found 0x40000000")]
    public void Volumes_must_be_contiguous(ulong first, int second, string message)
    {
        void Move(VolumeHeaderView header)
        {
            header.VolumeStarts[0] = first;
            header.VolumeStarts[1] = (uint)second;
        }
        long[] sizes = [Gigabyte, Gigabyte];
        VolumeSetException refusal = Assert.Throws<VolumeSetException>(() => VolumeSet.Open(
            [HeaderBuilder.Volume(0, sizes, Move), HeaderBuilder.Volume(1, sizes, Move)]));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    public void The_number_of_volumes_must_be_in_range(byte volumesTotal)
    {
        using MemoryBlockDevice device = HeaderBuilder.Volume(
            0, [Gigabyte], header => header.Fields.VolumesTotal = volumesTotal);
        VolumeSetException refusal = Assert.Throws<VolumeSetException>(() => VolumeSet.Open([device]));
        Assert.Contains("number of volumes is out of range", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_volume_of_another_filesystem_is_named()
    {
        List<IBlockDevice> devices = HeaderBuilder.Set([Gigabyte]);
        devices.Add(HeaderBuilder.Volume(0, [Gigabyte], header => header.Fields.FilesystemId = default));
        VolumeSetException refusal = Assert.Throws<VolumeSetException>(() => VolumeSet.Open(devices));
        Assert.Contains(
            "not a volume of the same filesystem as v0", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_may_be_longer_than_its_volume()
    {
        var device = new MemoryBlockDevice(3 * Gigabyte);
        HeaderBuilder.WriteCopy(device, 0, HeaderBuilder.Version2(0, [Gigabyte]), null);
        using VolumeSet set = VolumeSet.Open([device]);
        Assert.Equal((ulong)Gigabyte, set.TotalBytes);
        Assert.Equal(Hammer2Error.Corrupt, set.Read((ulong)Gigabyte, new byte[1024]));
    }

    [Fact]
    public void A_short_device_opens_only_for_rescue_and_reads_past_its_end_return_Io()
    {
        var device = new MemoryBlockDevice(Gigabyte);
        HeaderBuilder.WriteCopy(device, 0, HeaderBuilder.Version2(0, [2 * Gigabyte]), null);
        VolumeSetException refusal = Assert.Throws<VolumeSetException>(() => VolumeSet.Open([device]));
        Assert.Contains("it has 1073741824 bytes of 2147483648, 1073741824 are missing", refusal.Message,
            StringComparison.Ordinal);
        var writing = new VolumeSetOptions(IsReadOnly: false, AcceptsShortDevices: true);
        _ = Assert.Throws<VolumeSetException>(() => VolumeSet.Open([device], writing));

        using VolumeSet set = VolumeSet.Open([device], new VolumeSetOptions(AcceptsShortDevices: true));
        Assert.Contains(
            "1073741824 are missing at its end", Assert.Single(set.Notes), StringComparison.Ordinal);
        Assert.Equal(Hammer2Error.None, set.Read((ulong)Gigabyte - 1024, new byte[1024]));
        Assert.Equal(Hammer2Error.Io, set.Read((ulong)Gigabyte, new byte[1024]));
    }

    [Fact]
    public void A_version_1_filesystem_has_one_volume_and_zeros_in_the_fields_of_version_2()
    {
        using VolumeSet set = VolumeSet.Open([HeaderBuilder.Version1(Gigabyte)]);
        Assert.Equal((ulong)Gigabyte, set.TotalBytes);
        Assert.True(set.Header.IsVersion1);
        Assert.Empty(set.Notes);
    }

    /// <summary>The change of a version 1 header, and the error message.</summary>
    public static TheoryData<string, string> Version1Changes => new()
    {
        { "id 1", "volume index of a version 1 filesystem, found 0x1 expected 0x0" },
        { "volumes total", "number of volumes in a version 1 header, found 0x4 expected 0x0" },
        { "unused start", "volume start in a version 1 header" },
        { "size not aligned", "volume size is not a multiple of 0x800000" },
    };

    [Theory, MemberData(nameof(Version1Changes))]
    public void Every_inconsistent_field_of_version_1_is_rejected_by_name(string change, string message)
    {
        using MemoryBlockDevice device = HeaderBuilder.Version1(Gigabyte, header => Change(header, change));
        VolumeSetException refusal = Assert.Throws<VolumeSetException>(() => VolumeSet.Open([device]));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_version_1_filesystem_grown_by_upstream_opens_read_only_with_a_warning()
    {
        using MemoryBlockDevice device = HeaderBuilder.Version1(
            Gigabyte, header => header.Fields.TotalBytes = 8 << 20);
        VolumeSetException refusal = Assert.Throws<VolumeSetException>(
            () => VolumeSet.Open([device], new VolumeSetOptions(IsReadOnly: false)));
        Assert.Contains("it can be opened read-only", refusal.Message, StringComparison.Ordinal);
        using VolumeSet set = VolumeSet.Open([device]);
        Assert.Contains("found 0x800000 expected 0x0", Assert.Single(set.Notes), StringComparison.Ordinal);
        Assert.Equal((ulong)Gigabyte, set.TotalBytes);
    }

    [Fact]
    public void Two_devices_cannot_be_one_version_1_filesystem()
    {
        VolumeSetException refusal = Assert.Throws<VolumeSetException>(() => VolumeSet.Open(
            [HeaderBuilder.Version1(Gigabyte), HeaderBuilder.Version1(
                Gigabyte, header => header.Fields.VolumeIndex = 1)]));
        Assert.Contains("a version 1 filesystem has one volume, but 2 devices were given", refusal.Message,
            StringComparison.Ordinal);
    }

    private static void Change(VolumeHeaderView header, string change)
    {
        ref VolumeHeaderSector fields = ref header.Fields;
        switch (change)
        {
            case "fstype": fields.FilesystemType.Low ^= 1; break;
            case "version 0": fields.Version = 0; break;
            case "version 3": fields.Version = 3; break;
            case "version 1 in one": fields.Version = 1; break;
            case "id 64": fields.VolumeIndex = 64; break;
            case "id 1": fields.VolumeIndex = 1; break;
            case "id 3": fields.VolumeIndex = 3; break;
            case "id of another": fields.VolumeIndex = 2; break;
            case "size 0": fields.VolumeBytes = 0; break;
            case "size too large": fields.VolumeBytes = ulong.MaxValue; break;
            case "size not whole": fields.VolumeBytes -= 8 << 20; break;
            case "size not aligned": fields.VolumeBytes -= 4096; break;
            case "fsid": fields.FilesystemId.High ^= 1; break;
            case "volumes total": fields.VolumesTotal = 4; break;
            case "own start": header.VolumeStarts[1] += 1 << 30; break;
            case "total size": fields.TotalBytes += 1 << 30; break;
            case "unused start": header.VolumeStarts[3] = fields.Version == 1 ? 1UL : 0; break;
            case "unused last start": header.VolumeStarts[63] = 1 << 30; break;
            default: throw new ArgumentOutOfRangeException(nameof(change), change, "unknown");
        }
    }
}
