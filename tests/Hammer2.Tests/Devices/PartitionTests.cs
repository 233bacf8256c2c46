// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using Hammer2.Devices;
using Hammer2.Devices.Partitions;
using Hammer2.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Devices;

/// <summary>Finding the volume in the image of a whole disk.</summary>
public sealed class PartitionTests : IDisposable
{
    private const long Megabyte = 1L << 20;
    private const long DiskBytes = 256 * Megabyte;
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"hammer2-{Guid.NewGuid():n}.img");

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void A_GPT_lists_its_partitions_for_each_sector_size(int sectorBytes)
    {
        MemoryBlockDevice disk = GptDisk(sectorBytes);
        IReadOnlyList<PartitionEntry> found = PartitionTable.Read(disk);
        Assert.Equal(2, found.Count);
        Assert.Equal(new PartitionEntry("p1", Megabyte, 8 * Megabyte, "Linux filesystem", false), found[0]);
        Assert.Equal(new PartitionEntry("p2", 16 * Megabyte, 64 * Megabyte, "HAMMER2", true), found[1]);
    }

    [Theory]
    [InlineData(512 + 60)]  // the header's check
    [InlineData(1024 + 33)] // an entry
    public void A_damaged_GPT_is_read_from_its_copy(long offset)
    {
        var disk = new OverlayBlockDevice(GptDisk(512));
        disk.Flip(offset, 0xFF);
        Assert.Equal("p2", PartitionTable.Read(disk)[1].Name);
        disk.Flip(DiskBytes - 512 + 30, 0xFF);
        Assert.Empty(PartitionTable.Read(disk));
    }

    [Fact]
    public void An_MBR_lists_primary_and_logical_partitions()
    {
        var disk = new MemoryBlockDevice(DiskBytes);
        PartitionBuilder.WriteMbr(disk, 0, (0x83, 2048, 2048), (0x6C, 8192, 8192), (0x0F, 32768, 65536));
        PartitionBuilder.WriteMbr(disk, 32768 * 512, (0x83, 2048, 4096), (0x05, 8192, 8192));
        PartitionBuilder.WriteMbr(disk, (32768 + 8192) * 512, (0xA5, 2048, 4096));
        IReadOnlyList<PartitionEntry> found = PartitionTable.Read(disk);
        Assert.Equal(["s1", "s2", "s5", "s6"], Names(found));
        Assert.Equal(8192 * 512, found[1].Offset);
        Assert.Equal("DragonFly", found[1].TypeText);
        Assert.Equal((32768 + 2048) * 512, found[2].Offset);
        Assert.Equal((32768 + 8192 + 2048) * 512, found[3].Offset);
        Assert.Equal(4096 * 512, found[3].LengthBytes);
    }

    [Fact]
    public void A_cyclic_chain_of_logical_partitions_ends()
    {
        var disk = new MemoryBlockDevice(DiskBytes);
        PartitionBuilder.WriteMbr(disk, 0, (0x05, 2048, 65536));
        PartitionBuilder.WriteMbr(disk, 2048 * 512, (0x83, 1, 1), (0x05, 4096, 10));
        PartitionBuilder.WriteMbr(disk, (2048 + 4096) * 512, (0x83, 1, 1), (0x05, 4096, 10));
        Assert.Equal(128, PartitionTable.Read(disk).Count);
    }

    [Fact]
    public void Partitions_outside_the_disk_are_ignored()
    {
        var disk = new MemoryBlockDevice(DiskBytes);
        PartitionBuilder.WriteMbr(disk, 0,
            (0x83, 2048, uint.MaxValue), (0x83, uint.MaxValue, 1), (0x83, 0, 8));
        Assert.Empty(PartitionTable.Read(disk));
        PartitionBuilder.WriteLabel(disk, 0,
            (23, long.MaxValue, 4096), (23, 4096, -1), (23, 1 << 20, 1 << 20));
        Assert.Equal("c", Assert.Single(PartitionTable.Read(disk)).Name);
    }

    [Fact]
    public void A_DragonFly_label_divides_a_slice_or_the_whole_disk()
    {
        var disk = new MemoryBlockDevice(DiskBytes);
        PartitionBuilder.WriteLabel(disk, 0,
            (7, Megabyte, Megabyte), (0, 0, 0), (23, 8 * Megabyte, 64 * Megabyte));
        IReadOnlyList<PartitionEntry> whole = PartitionTable.Read(disk);
        Assert.Equal(["a", "c"], Names(whole));
        Assert.Equal(new PartitionEntry("c", 8 * Megabyte, 64 * Megabyte, "HAMMER2", true), whole[1]);

        PartitionBuilder.WriteMbr(disk, 0, (0x6C, 2048, 400_000));
        PartitionBuilder.WriteLabel(disk, Megabyte,
            (7, Megabyte, Megabyte), (23, 8 * Megabyte, 64 * Megabyte));
        IReadOnlyList<PartitionEntry> inSlice = PartitionTable.Read(disk);
        Assert.Equal(["s1", "s1a", "s1b"], Names(inSlice));
        Assert.Equal(9 * Megabyte, inSlice[2].Offset);
    }

    [Fact]
    public void A_damaged_DragonFly_label_is_ignored()
    {
        var memory = new MemoryBlockDevice(DiskBytes);
        PartitionBuilder.WriteLabel(memory, 0, (23, 8 * Megabyte, 64 * Megabyte));
        var disk = new OverlayBlockDevice(memory);
        disk.Flip(0x2C8 + 8, 0x10);
        Assert.Empty(PartitionTable.Read(disk));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(512)]
    [InlineData(1000)]
    public void A_device_too_small_for_a_table_has_none(long lengthBytes)
        => Assert.Empty(PartitionTable.Read(new MemoryBlockDevice(lengthBytes)));

    [Fact]
    public void The_only_partition_with_a_volume_is_found_whatever_its_type()
    {
        MemoryBlockDevice disk = GptDisk(512);
        PartitionBuilder.WriteVolume(disk, Megabyte, 8 * Megabyte); // the one of a Linux type
        using VolumeSet set = Open(disk, new MediaSourceOptions(), out LogCapture log);
        Assert.Equal($"{_path}:p1", set.Name);
        Assert.Equal((ulong)(8 * Megabyte), set.TotalBytes);
        Assert.Equal(8 * Megabyte, set.Volumes[0].Device.LengthBytes);
        Assert.True(log.Contains(LogLevel.Information, "partition"));
    }

    [Fact]
    public void One_of_several_partitions_with_volumes_must_be_named()
    {
        MemoryBlockDevice disk = GptDisk(512);
        PartitionBuilder.WriteVolume(disk, Megabyte, 8 * Megabyte);
        PartitionBuilder.WriteVolume(disk, 16 * Megabyte, 64 * Megabyte, "second");
        PartitionException refusal = Assert.Throws<PartitionException>(
            () => Open(disk, new MediaSourceOptions(), out _));
        Assert.Contains("2 partitions hold a HAMMER2 volume, name one of them: p1 (offset 1048576, "
            + "8388608 bytes, Linux filesystem), p2 (offset 16777216, 67108864 bytes, HAMMER2)",
            refusal.Message, StringComparison.Ordinal);

        using VolumeSet named = Open(disk, new MediaSourceOptions(Partition: "p2"), out _);
        Assert.Equal((ulong)(64 * Megabyte), named.TotalBytes);
        using VolumeSet placed = Open(disk, new MediaSourceOptions(PartitionOffset: Megabyte), out _);
        Assert.Equal((ulong)(8 * Megabyte), placed.TotalBytes);
        Assert.Equal(8 * Megabyte, placed.Volumes[0].Device.LengthBytes);
    }

    [Fact]
    public void An_offset_needs_no_table()
    {
        var disk = new MemoryBlockDevice(DiskBytes);
        PartitionBuilder.WriteVolume(disk, 3 * Megabyte, 16 * Megabyte);
        using VolumeSet set = Open(disk, new MediaSourceOptions(PartitionOffset: 3 * Megabyte), out _);
        Assert.Equal((ulong)(16 * Megabyte), set.TotalBytes);
        Assert.Equal($"{_path}+{3 * Megabyte}", set.Name);
    }

    [Theory]
    [InlineData("p9", null, "there is no partition p9, there are: p1 (")]
    [InlineData(null, 1L << 40, "offset 1099511627776 is outside the device, which has 268435456 bytes")]
    [InlineData(null, -5L, "offset -5 is outside the device")]
    [InlineData(null, null, "no valid HAMMER2 volume header, although by type there should be one in p2 (")]
    public void A_missing_partition_is_reported_with_the_existing_ones(string? name, long? offset, string message)
    {
        var options = new MediaSourceOptions(Partition: name, PartitionOffset: offset);
        MediaException refusal = Assert.ThrowsAny<MediaException>(() => Open(GptDisk(512), options, out _));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_volume_on_the_whole_disk_is_preferred_to_partitions()
    {
        var disk = new MemoryBlockDevice(DiskBytes);
        PartitionBuilder.WriteVolume(disk, 0, DiskBytes);
        using VolumeSet set = Open(disk, new MediaSourceOptions(), out _);
        Assert.Equal(_path, set.Name);
    }

    private static MemoryBlockDevice GptDisk(int sectorBytes)
    {
        var disk = new MemoryBlockDevice(DiskBytes, "disk");
        PartitionBuilder.WriteGpt(disk, sectorBytes,
            (PartitionBuilder.TypeLinux, Megabyte, 8 * Megabyte),
            (PartitionBuilder.TypeHammer2, 16 * Megabyte, 64 * Megabyte));
        return disk;
    }

    private static List<string> Names(IReadOnlyList<PartitionEntry> entries)
    {
        var names = new List<string>();
        foreach (PartitionEntry entry in entries)
            names.Add(entry.Name);
        return names;
    }

    private VolumeSet Open(MemoryBlockDevice disk, MediaSourceOptions options, out LogCapture log)
    {
        log = new LogCapture();
        TestFile.Write(_path, disk);
        return MediaSource.Open([_path], options, log);
    }
}
