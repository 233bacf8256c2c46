// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Devices;

/// <summary>
/// One device under two names: image file and loop device, disk and partition, two device nodes. In either order, a
/// writer excludes all other users of the same bytes, and devices without common bytes do not exclude each other.
/// </summary>
public sealed class SharedBytesTests : IDisposable
{
    private const long Megabyte = 1L << 20;
    private static readonly FileBlockDeviceOptions Reading = new(IsReadOnly: true, LockWaitMilliseconds: 300);
    private static readonly FileBlockDeviceOptions Writing = new(IsReadOnly: false, LockWaitMilliseconds: 300);
    private readonly string _directory = Directory.CreateTempSubdirectory("hammer2-").FullName;
    private readonly string _file;

    public SharedBytesTests()
    {
        _file = Path.Combine(_directory, "disk.img");
        TestFile.Write(_file, new MemoryBlockDevice(16 * Megabyte));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_reader_becomes_the_writer_and_a_reader_again_without_unlocking_in_between()
    {
        using FileBlockDevice device = FileBlockDevice.Open(_file, Reading);
        using (FileBlockDevice.Open(_file, Reading))
            _ = Assert.Throws<DeviceBusyException>(device.BeginWriting);
        Assert.True(device.IsReadOnly);
        Assert.Equal(Hammer2Error.ReadOnly, device.Write(0, [1]));
        // After the refusal it keeps writers away and other readers not.
        _ = Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(_file, Writing));
        FileBlockDevice.Open(_file, Reading).Dispose();
        device.BeginWriting();
        Assert.False(device.IsReadOnly);
        _ = Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(_file, Reading));
        Assert.Equal(Hammer2Error.None, device.Write(4096, [7]));
        device.EndWriting();
        Assert.Equal(Hammer2Error.ReadOnly, device.Write(4096, [8]));
        byte[] read = [0];
        Assert.Equal(Hammer2Error.None, device.Read(4096, read));
        Assert.Equal(7, read[0]);
        FileBlockDevice.Open(_file, Reading).Dispose();
        _ = Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(_file, Writing));
    }

    [Fact]
    public void A_file_of_another_content_under_its_name_is_not_written()
    {
        using FileBlockDevice device = FileBlockDevice.Open(_file, Reading);
        File.Move(_file, _file + ".old");
        TestFile.Write(_file, new MemoryBlockDevice(16 * Megabyte));
        _ = Assert.Throws<DeviceOpenException>(device.BeginWriting);
        Assert.True(device.IsReadOnly);
    }

    [LoopFact]
    public void A_loop_device_and_its_backing_file_exclude_each_other()
    {
        using LoopDevice loop = LoopDevice.Attach(_file);
        AssertSameBytes(_file, loop.Path);
    }

    [LoopFact]
    public void The_backing_file_is_found_under_another_name()
    {
        string link = Path.Combine(_directory, "link.img");
        _ = File.CreateSymbolicLink(link, _file);
        using LoopDevice loop = LoopDevice.Attach(link);
        AssertSameBytes(link, loop.Path);
    }

    [LoopFact]
    public void Two_loop_devices_over_one_file_exclude_each_other()
    {
        using LoopDevice first = LoopDevice.Attach(_file);
        using LoopDevice second = LoopDevice.Attach(_file);
        AssertSameBytes(first.Path, second.Path);
    }

    [LoopFact]
    public void A_loop_device_over_a_loop_device_has_the_bytes_of_the_file()
    {
        using LoopDevice lower = LoopDevice.Attach(_file);
        using LoopDevice upper = LoopDevice.AttachPart(lower.Path, Megabyte, 4 * Megabyte);
        AssertSameBytes(_file, upper.Path);
    }

    [LoopFact]
    public void A_partition_and_its_disk_exclude_each_other()
    {
        using LoopDevice loop = LoopDevice.Attach(_file);
        string partition = loop.AddPartition(1, Megabyte, 4 * Megabyte);
        AssertSameBytes(partition, loop.Path);
        AssertSameBytes(partition, _file);
    }

    [LoopFact]
    public void A_partition_and_a_loop_device_over_part_of_it_exclude_each_other()
    {
        using LoopDevice disk = LoopDevice.Attach(_file);
        string partition = disk.AddPartition(1, Megabyte, 4 * Megabyte);
        using LoopDevice inside = LoopDevice.AttachPart(_file, (5 * Megabyte) - 512, Megabyte);
        AssertSameBytes(partition, inside.Path);
    }

    [LoopFact]
    public void Two_device_nodes_of_one_device_exclude_each_other()
    {
        using LoopDevice loop = LoopDevice.Attach(_file);
        string node = Path.Combine(_directory, "node");
        HostProgram.Run("mknod", node, "b", "7", loop.Path["/dev/loop".Length..]);
        AssertSameBytes(loop.Path, node);
    }

    [LoopFact]
    public void Partitions_of_one_disk_are_used_side_by_side()
    {
        using LoopDevice loop = LoopDevice.Attach(_file);
        string first = loop.AddPartition(1, Megabyte, 4 * Megabyte);
        string second = loop.AddPartition(2, 5 * Megabyte, 4 * Megabyte);
        using FileBlockDevice writer = FileBlockDevice.Open(first, Writing);
        FileBlockDevice.Open(second, Writing).Dispose();
        FileBlockDevice.Open(second, Reading).Dispose();
        Assert.Null(writer.LockNote);
    }

    [LoopFact]
    public void Loop_devices_over_parts_of_one_file_are_used_side_by_side()
    {
        using LoopDevice first = LoopDevice.AttachPart(_file, 0, Megabyte);
        using LoopDevice second = LoopDevice.AttachPart(_file, Megabyte, Megabyte);
        using FileBlockDevice writer = FileBlockDevice.Open(first.Path, Writing);
        FileBlockDevice.Open(second.Path, Writing).Dispose();
    }

    [LoopFact]
    public void The_message_names_the_file_and_the_process()
    {
        using LoopDevice loop = LoopDevice.Attach(_file);
        string process = $"this process ({Environment.ProcessId})";
        using (FileBlockDevice writer = FileBlockDevice.Open(loop.Path, Writing))
        {
            DeviceBusyException refusal = Assert.Throws<DeviceBusyException>(
                () => FileBlockDevice.Open(_file, Reading));
            Assert.Equal($"{_file}: is being written by {process}, which opened it under another name or device; "
                + "it cannot be opened read-only meanwhile", refusal.Message);
        }
        using FileBlockDevice reader = FileBlockDevice.Open(_file, Reading);
        DeviceBusyException second = Assert.Throws<DeviceBusyException>(
            () => FileBlockDevice.Open(loop.Path, Writing));
        Assert.Equal($"{loop.Path}: its backing file {_file} is in use by {process}; a second writer is refused",
            second.Message);
    }

    [LoopFact]
    public void Without_sysfs_loop_devices_are_resolved_and_other_devices_are_reported()
    {
        FileBlockDeviceOptions blind = Writing with { SystemDirectory = Path.Combine(_directory, "nothing") };
        using LoopDevice loop = LoopDevice.Attach(_file);
        string partition = loop.AddPartition(1, Megabyte, 4 * Megabyte);
        using (FileBlockDevice reader = FileBlockDevice.Open(_file, Reading))
            _ = Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(loop.Path, blind));
        using FileBlockDevice device = FileBlockDevice.Open(partition, blind);
        Assert.Contains("/sys is not mounted", device.LockNote, StringComparison.Ordinal);

        var log = new LogCapture();
        var options = new MediaSourceOptions { SystemDirectory = blind.SystemDirectory };
        device.Dispose();
        _ = Assert.Throws<NotHammer2Exception>(() => MediaSource.Open([partition], options, log));
        Assert.True(log.Contains(LogLevel.Warning, "cannot determine whether"));
    }

    [LoopFact]
    public void A_deleted_backing_file_is_reported()
    {
        using LoopDevice loop = LoopDevice.Attach(_file);
        File.Delete(_file);
        using FileBlockDevice device = FileBlockDevice.Open(loop.Path, Writing);
        Assert.Contains("not reachable under that name", device.LockNote, StringComparison.Ordinal);
    }

    [LoopFact]
    public void A_loop_device_over_a_file_is_found_and_a_missing_sysfs_is_reported()
    {
        using LoopDevice loop = LoopDevice.Attach(_file);
        Assert.Equal(new LoopUse(loop.Path, null), LoopUse.Find(_file));
        LoopUse unknown = LoopUse.Find(_file, Path.Combine(_directory, "nothing"));
        Assert.Null(unknown.Device);
        Assert.Contains("cannot determine whether a loop device uses it", unknown.Note, StringComparison.Ordinal);
        string free = Path.Combine(_directory, "free.img");
        File.WriteAllBytes(free, new byte[4096]);
        Assert.Equal(default, LoopUse.Find(free));
    }

    // Every pair of readers and writers in both orders; only readers share.
    private static void AssertSameBytes(string one, string other)
    {
        foreach ((string first, string second) in ((string, string)[])[(one, other), (other, one)])
        {
            foreach ((bool isFirstWriting, bool isSecondWriting) in ((bool, bool)[])[
                (true, true), (true, false), (false, true), (false, false)])
            {
                string pair = $"{first} {isFirstWriting}, {second} {isSecondWriting}";
                using FileBlockDevice holder = OpenSoon(first, isFirstWriting);
                Assert.True(holder.LockNote is null, holder.LockNote);
                bool mustRefuse = isFirstWriting || isSecondWriting;
                Assert.True(IsRefused(second, isSecondWriting, mustRefuse ? 0 : 2000) == mustRefuse, pair);
            }
        }
    }

    private static bool IsRefused(string path, bool isWriting, int waitMilliseconds)
    {
        try
        {
            FileBlockDevice.Open(path, (isWriting ? Writing : Reading) with { LockWaitMilliseconds = waitMilliseconds })
                .Dispose();
            return false;
        }
        catch (DeviceBusyException)
        {
            return true;
        }
    }

    // udev may open a device that was just written.
    private static FileBlockDevice OpenSoon(string path, bool isWriting) =>
        FileBlockDevice.Open(path, (isWriting ? Writing : Reading) with { LockWaitMilliseconds = 5000 });
}

/// <summary>Ranges relative to other ranges, and which of them exclude each other.</summary>
public sealed class ByteRangeTests
{
    [Fact]
    public void A_relative_range_is_shifted_and_cut_by_the_outer_range()
    {
        var partition = ByteRange.At(1000, 500);
        Assert.Equal(new ByteRange(1000, 1500), ByteRange.Whole.Within(partition));
        Assert.Equal(new ByteRange(1100, 1300), ByteRange.At(100, 200).Within(partition));
        Assert.Equal(new ByteRange(1400, 1500), ByteRange.At(400, 200).Within(partition));
        Assert.Equal(new ByteRange(1000, long.MaxValue), ByteRange.Whole.Within(ByteRange.At(1000, 0)));
        Assert.Equal(ByteRange.Whole, ByteRange.Whole.Within(ByteRange.Whole));
    }

    [Fact]
    public void A_loop_status_names_the_file_the_offset_and_the_length()
    {
        byte[] info = new byte[LoopStatus.InfoBytes];
        BitConverter.TryWriteBytes(info.AsSpan(0), 0x1234_5678UL); // a device whose minor number has more than 8 bits
        BitConverter.TryWriteBytes(info.AsSpan(8), 77UL);
        BitConverter.TryWriteBytes(info.AsSpan(24), 4096UL);
        BitConverter.TryWriteBytes(info.AsSpan(32), 8192UL);
        "/a/b.img"u8.CopyTo(info.AsSpan(56));
        LoopStatus status = LoopStatus.Read(info);
        var file = new FileStatus(0x8000, 77, 0, default, new DeviceNumber(0x456, 0x12378));
        Assert.True(status.IsBackedBy(file));
        Assert.False(status.IsBackedBy(file with { Inode = 78 }));
        Assert.False(status.IsBackedBy(file with { Device = new DeviceNumber(0x456, 0x78) }));
        Assert.Equal((4096L, 8192L, "/a/b.img"), (status.Offset, status.SizeLimit, status.FileName));
    }
}
