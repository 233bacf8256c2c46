// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics;
using System.IO;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Devices;

/// <summary>Image files: their bytes, their bounds, and which processes may open one at the same time.</summary>
public sealed class FileBlockDeviceTests : IDisposable
{
    private static readonly FileBlockDeviceOptions Reading = new(IsReadOnly: true, LockWaitMilliseconds: 0);
    private static readonly FileBlockDeviceOptions Writing = new(IsReadOnly: false, LockWaitMilliseconds: 0);
    private readonly string _directory = Directory.CreateTempSubdirectory("hammer2-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_is_written_is_read_and_ranges_must_lie_within_the_device()
    {
        using FileBlockDevice device = FileBlockDevice.Open(NewFile(10_000), Writing);
        byte[] noise = new byte[3000];
        new SeededRandom(7).Fill(noise);
        Assert.Equal(Hammer2Error.None, device.Write(7000, noise));
        byte[] read = new byte[3000];
        Assert.Equal(Hammer2Error.None, device.Read(7000, read));
        Assert.Equal(noise, read);
        Assert.Equal(Hammer2Error.None, device.Flush());
        Assert.Equal(Hammer2Error.None, device.Read(10_000, []));
        foreach (long offset in new[] { 7001, 10_000, -1, long.MaxValue, long.MinValue })
        {
            Assert.Equal(Hammer2Error.Io, device.Read(offset, read));
            Assert.Equal(Hammer2Error.Io, device.Write(offset, noise));
            Assert.Equal(Hammer2Error.Io, device.Discard(offset, 3000));
        }
        Assert.Equal(Hammer2Error.Io, device.Discard(0, -1));
    }

    [Fact]
    public void A_discarded_range_reads_as_zeros_and_the_bytes_around_it_are_kept()
    {
        using FileBlockDevice device = FileBlockDevice.Open(NewFile(1 << 20), Writing);
        byte[] ones = new byte[1 << 20];
        ones.AsSpan().Fill(1);
        Assert.Equal(Hammer2Error.None, device.Write(0, ones));
        Assert.Equal(Hammer2Error.None, device.Discard(65536, 131072));
        Assert.Equal(Hammer2Error.None, device.Read(0, ones));
        Assert.False(ones.AsSpan(65536, 131072).ContainsAnyExcept((byte)0));
        Assert.Equal(1, ones[65535]);
        Assert.Equal(1, ones[65536 + 131072]);
    }

    [Fact]
    public void A_device_opened_for_reading_cannot_be_written()
    {
        using FileBlockDevice device = FileBlockDevice.Open(NewFile(4096), Reading);
        Assert.Equal(Hammer2Error.ReadOnly, device.Write(0, new byte[512]));
        Assert.Equal(Hammer2Error.ReadOnly, device.Discard(0, 512));
        Assert.Equal(Hammer2Error.None, device.Flush());
        Assert.True(device.IsReadOnly);
    }

    [Fact]
    public void Reads_past_the_end_of_a_file_that_was_truncated_return_Io()
    {
        string path = NewFile(100_000);
        using FileBlockDevice device = FileBlockDevice.Open(path, Reading);
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(50_000);
        Assert.Equal(100_000, device.LengthBytes);
        Assert.Equal(Hammer2Error.None, device.Read(40_000, new byte[10_000]));
        Assert.Equal(Hammer2Error.Io, device.Read(40_001, new byte[10_000]));
    }

    [Theory]
    [InlineData("missing.img", "No such file or directory")]
    [InlineData(".", "neither a regular file nor a block device")]
    public void Files_of_other_types_are_rejected(string name, string reason)
    {
        DeviceOpenException refusal = Assert.Throws<DeviceOpenException>(
            () => FileBlockDevice.Open(Path.Combine(_directory, name), Reading));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_character_device_is_rejected_without_being_opened()
    {
        DeviceOpenException refusal = Assert.Throws<DeviceOpenException>(
            () => FileBlockDevice.Open("/dev/null", Reading));
        Assert.Contains("neither a regular file", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>First and second opening, for writing or not, and whether the second is allowed.</summary>
    public static TheoryData<bool, bool, bool> Pairs => new()
    {
        { false, false, true }, { false, true, false }, { true, false, false }, { true, true, false },
    };

    [Theory, MemberData(nameof(Pairs))]
    public void Readers_share_a_device_and_a_writer_has_it_alone(bool first, bool second, bool isAllowed)
    {
        string path = NewFile(4096);
        using FileBlockDevice holder = FileBlockDevice.Open(path, first ? Writing : Reading);
        if (isAllowed)
        {
            FileBlockDevice.Open(path, second ? Writing : Reading).Dispose();
            return;
        }
        DeviceBusyException refusal = Assert.Throws<DeviceBusyException>(
            () => FileBlockDevice.Open(path, second ? Writing : Reading));
        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(second ? "a second writer is refused" : "it cannot be opened read-only meanwhile",
            refusal.Message, StringComparison.Ordinal);
        holder.Dispose();
        FileBlockDevice.Open(path, second ? Writing : Reading).Dispose();
    }

    [Fact]
    public void Another_name_of_a_locked_file_is_locked_too()
    {
        string path = NewFile(4096);
        string link = Path.Combine(_directory, "link.img");
        _ = File.CreateSymbolicLink(link, path);
        using FileBlockDevice holder = FileBlockDevice.Open(path, Writing);
        _ = Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(link, Writing));
        using FileBlockDevice unlocked = FileBlockDevice.Open(link, Reading with { TakesLock = false });
        Assert.Equal(holder.Identity, unlocked.Identity);
    }

    [Theory]
    [InlineData("-x", true, false)]
    [InlineData("-x", false, false)]
    [InlineData("-s", true, false)]
    [InlineData("-s", false, true)]
    public void A_conflicting_process_is_named(string kind, bool isWriting, bool isAllowed)
    {
        string path = NewFile(4096);
        var start = new ProcessStartInfo("flock", [kind, path, "sh", "-c", "echo locked; read end"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        using Process holder = Process.Start(start)!;
        try
        {
            Assert.Equal("locked", holder.StandardOutput.ReadLine());
            FileBlockDeviceOptions options = isWriting ? Writing : Reading;
            if (isAllowed)
            {
                FileBlockDevice.Open(path, options).Dispose();
            }
            else
            {
                DeviceBusyException refusal = Assert.Throws<DeviceBusyException>(
                    () => FileBlockDevice.Open(path, options));
                Assert.Contains("process", refusal.Message, StringComparison.Ordinal);
            }
        }
        finally
        {
            holder.StandardInput.WriteLine();
            holder.WaitForExit();
        }
        FileBlockDevice.Open(path, Writing).Dispose(); // the lock ended with the process
    }

    private string NewFile(long lengthBytes)
    {
        string path = Path.Combine(_directory, $"{Directory.GetFiles(_directory).Length}.img");
        using FileStream file = File.Create(path);
        file.SetLength(lengthBytes);
        return path;
    }
}
