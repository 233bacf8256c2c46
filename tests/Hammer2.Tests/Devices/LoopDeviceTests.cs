// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Runtime.CompilerServices;
using System.Threading;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Images;
using Xunit;

namespace Hammer2.Tests.Devices;

/// <summary>A test that needs a loop device; skipped, with the reason, when the kernel has none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LoopFactAttribute : FactAttribute
{
    public LoopFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = LoopDevice.Absence;
}

/// <summary>Block devices: size, bytes, locks, and the backing file of a loop device.</summary>
public sealed class LoopDeviceTests : IDisposable
{
    private const long Megabyte = 1L << 20;
    private const int WaitMilliseconds = 2000; // udev opens every device after it was written
    private static readonly FileBlockDeviceOptions Reading = new(true, true, WaitMilliseconds);
    private static readonly FileBlockDeviceOptions Writing = new(false, true, WaitMilliseconds);
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"hammer2-{Guid.NewGuid():n}.img");

    public void Dispose() => File.Delete(_file);

    /// <summary>The device gets a long write at once, and fails it while no caller waits for it.</summary>
    [LoopFact]
    public void An_error_of_early_write_back_is_reported_by_the_next_flush()
    {
        string full = Directory.CreateTempSubdirectory("hammer2-full-").FullName;
        HostProgram.Run("mount", "-t", "tmpfs", "-o", "size=1m", "hammer2-full", full);
        try
        {
            string file = Path.Combine(full, "image");
            using (FileStream image = File.Create(file)) image.SetLength(8 * Megabyte);
            using LoopDevice loop = LoopDevice.Attach(file);
            using FileBlockDevice device = FileBlockDevice.Open(loop.Path, Writing);
            byte[] data = new byte[4 * Megabyte];
            new Random(1).NextBytes(data);
            Assert.Equal(Hammer2Error.None, device.Write(0, data));
            Thread.Sleep(100);
            Assert.NotEqual(Hammer2Error.None, device.Flush());
        }
        finally
        {
            HostProgram.Run("umount", "-l", full);
            Directory.Delete(full);
        }
    }

    [LoopFact]
    public void A_block_device_is_read_written_flushed_and_discarded()
    {
        TestFile.Write(_file, new MemoryBlockDevice(8 * Megabyte));
        using LoopDevice loop = LoopDevice.Attach(_file);
        using FileBlockDevice device = FileBlockDevice.Open(loop.Path, Writing);
        Assert.Equal(8 * Megabyte, device.LengthBytes);
        Assert.Equal(512, device.SectorBytes);
        byte[] bytes = new byte[65536];
        bytes.AsSpan().Fill(0xA5);
        Assert.Equal(Hammer2Error.None, device.Write(Megabyte + 100, bytes));
        Assert.Equal(Hammer2Error.None, device.Flush());
        Assert.Equal(0xA5, File.ReadAllBytes(_file)[Megabyte + 100]);
        Assert.Equal(Hammer2Error.None, device.Discard(Megabyte, 131072));
        Assert.Equal(Hammer2Error.None, device.Read(8 * Megabyte - 65536, bytes));
        Assert.Equal(Hammer2Error.Io, device.Read(8 * Megabyte - 65535, bytes));
    }

    [LoopFact]
    public void Writes_that_bypass_the_page_cache_are_visible_to_readers_of_it() => AssertVisible(isRead: false);

    [LoopFact]
    public void Long_writes_are_visible_whether_they_bypass_the_page_cache_or_not() => AssertVisible(isRead: true);

    private void AssertVisible(bool isRead)
    {
        TestFile.Write(_file, new MemoryBlockDevice(8 * Megabyte));
        using LoopDevice loop = LoopDevice.Attach(_file);
        using FileBlockDevice device = FileBlockDevice.Open(loop.Path, Writing);
        var buffer = new UncachedBuffer((int)Megabyte);
        byte[] read = new byte[Megabyte];
        var random = new SeededRandom(1);
        // Whole pages, and ranges that are not: the page cache holds the old content.
        foreach ((long offset, int start, int length) in ((long, int, int)[])[
            (Megabyte, 0, (int)Megabyte), (Megabyte, 4096, 512 << 10), (Megabyte + 512, 0, 256 << 10),
            (Megabyte + 4096, 0, (256 << 10) + 1), (2 * Megabyte, 100, 256 << 10), (7 * Megabyte, 0, (int)Megabyte)])
        {
            Assert.Equal(Hammer2Error.None, device.Read(offset, read.AsSpan(0, length)));
            Span<byte> bytes = buffer.Span.Slice(start, length);
            random.Fill(bytes);
            // Its first page is dirty in the page cache.
            Assert.Equal(Hammer2Error.None, device.Write(offset, read.AsSpan(0, 4096)));
            // The other one may bypass it as well, when the device is fast.
            Assert.Equal(Hammer2Error.None,
                isRead ? device.Write(offset, bytes) : device.WriteUncached(offset, bytes));
            Assert.Equal(Hammer2Error.None, device.Read(offset, read.AsSpan(0, length)));
            Assert.True(bytes.SequenceEqual(read.AsSpan(0, length)), $"{length} bytes at {offset}");
            Assert.Equal(Hammer2Error.None, device.Flush());
            Assert.True(bytes.SequenceEqual(File.ReadAllBytes(_file).AsSpan((int)offset, length)), $"{offset}");
        }
        Assert.Equal(Hammer2Error.Io, device.WriteUncached((8 * Megabyte) - 4096, buffer.Span));
    }

    [LoopFact]
    public void A_claim_is_released_and_renewed_while_the_lock_is_held()
    {
        TestFile.Write(_file, new MemoryBlockDevice(Megabyte));
        using LoopDevice loop = LoopDevice.Attach(_file);
        FileBlockDeviceOptions soon = Writing with { LockWaitMilliseconds = 0 };
        using FileBlockDevice device = FileBlockDevice.Open(loop.Path, Writing);
        Assert.Equal(loop.Path, device.ClaimedPath);
        DeviceBusyException claimed = Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(loop.Path, soon));
        Assert.Contains("claimed", claimed.Message, StringComparison.Ordinal);

        Assert.True(device.ReleaseClaim());
        DeviceBusyException locked = Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(loop.Path, soon));
        Assert.Contains("second writer", locked.Message, StringComparison.Ordinal);
        byte[] bytes = [1, 2, 3, 4];
        Assert.Equal(Hammer2Error.None, device.Write(100, bytes));
        Assert.Equal(Hammer2Error.None, device.Flush());
        Assert.Equal(bytes, File.ReadAllBytes(_file)[100..104]);

        Assert.True(device.RenewClaim());
        claimed = Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(loop.Path, soon));
        Assert.Contains("claimed", claimed.Message, StringComparison.Ordinal);
    }

    [LoopFact]
    public void A_block_device_has_one_writer_or_many_readers()
    {
        TestFile.Write(_file, new MemoryBlockDevice(Megabyte));
        using LoopDevice loop = LoopDevice.Attach(_file);
        using (FileBlockDevice writer = FileBlockDevice.Open(loop.Path, Writing))
        {
            _ = Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(loop.Path, Writing));
            _ = Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(loop.Path, Reading));
        }
        using FileBlockDevice first = FileBlockDevice.Open(loop.Path, Reading);
        using FileBlockDevice second = FileBlockDevice.Open(loop.Path, Reading);
        DeviceBusyException refusal = Assert.Throws<DeviceBusyException>(
            () => FileBlockDevice.Open(loop.Path, Writing with { LockWaitMilliseconds = 0 }));
        Assert.Contains(loop.Path, refusal.Message, StringComparison.Ordinal);
    }

    [LoopFact]
    public void The_backing_file_of_a_loop_device_in_use_cannot_be_opened_for_writing()
    {
        TestFile.Write(_file, new MemoryBlockDevice(Megabyte));
        using LoopDevice loop = LoopDevice.Attach(_file);
        using (FileBlockDevice device = FileBlockDevice.Open(loop.Path, Writing))
            _ = Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(_file, Writing));
        using FileBlockDevice file = FileBlockDevice.Open(_file, Writing);
        DeviceBusyException refusal = Assert.Throws<DeviceBusyException>(
            () => FileBlockDevice.Open(loop.Path, Writing with { LockWaitMilliseconds = 0 }));
        Assert.Contains("its backing file", refusal.Message, StringComparison.Ordinal);
    }

    [LoopFact]
    public void A_golden_image_in_a_partition_of_a_block_device_matches_its_listing()
    {
        using FileBlockDevice image = GoldenImage.Open("empty-min");
        var disk = new MemoryBlockDevice(image.LengthBytes + 4 * Megabyte);
        byte[] piece = new byte[Megabyte];
        for (long offset = 0; offset < image.LengthBytes; offset += piece.Length)
        {
            Assert.Equal(Hammer2Error.None, image.Read(offset, piece));
            if (piece.AsSpan().ContainsAnyExcept((byte)0))
                Assert.Equal(Hammer2Error.None, disk.Write(2 * Megabyte + offset, piece));
        }
        PartitionBuilder.WriteGpt(disk, 512,
            (PartitionBuilder.TypeLinux, Megabyte, Megabyte),
            (PartitionBuilder.TypeHammer2, 2 * Megabyte, image.LengthBytes));
        TestFile.Write(_file, disk);
        using LoopDevice loop = LoopDevice.Attach(_file);
        VolumeSet volumes = MediaSource.Open([loop.Path], new MediaSourceOptions(), new LogCapture());
        using TestMount mount = TestMount.Open([volumes], "LOCAL");
        Assert.Equal($"{loop.Path}:p2", volumes.Name);
        ManifestComparison.AssertEqual(Manifest.Read("empty-min", "LOCAL"), TreeReader.Read(mount.Ops));
    }
}
