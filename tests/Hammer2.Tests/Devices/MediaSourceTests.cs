// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using Hammer2.Devices;
using Hammer2.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Devices;

/// <summary>Opening filesystems from paths.</summary>
public sealed class MediaSourceTests : IDisposable
{
    private const long Gigabyte = 1L << 30;
    private static readonly MediaSourceOptions Writing = new(IsReadOnly: false, LockWaitMilliseconds: 0);
    private readonly string _directory = Directory.CreateTempSubdirectory("hammer2-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_device_given_twice_is_rejected_under_any_name()
    {
        string path = Write("a.img", HeaderBuilder.Volume(0, [Gigabyte]));
        string link = Path.Combine(_directory, "b.img");
        _ = File.CreateSymbolicLink(link, path);
        foreach (string second in new[] { path, link })
        {
            VolumeSetException refusal = Assert.Throws<VolumeSetException>(
                () => MediaSource.Open([path, second], Writing, new LogCapture()));
            Assert.Contains($"the same device as {path}", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_copy_of_a_volume_is_rejected_with_both_names()
    {
        string first = Write("a.img", HeaderBuilder.Volume(0, [Gigabyte]));
        string second = Write("b.img", HeaderBuilder.Volume(0, [Gigabyte]));
        VolumeSetException refusal = Assert.Throws<VolumeSetException>(
            () => MediaSource.Open([first, second], Writing, new LogCapture()));
        Assert.Contains($"was already found on {first}; is one a copy of the other?", refusal.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void No_lock_is_held_after_a_failed_open()
    {
        long[] sizes = [Gigabyte, Gigabyte];
        string first = Write("a.img", HeaderBuilder.Volume(0, sizes));
        string second = Write("b.img", HeaderBuilder.Volume(1, sizes));
        string other = Write("c.img", new MemoryBlockDevice(1 << 20));
        _ = Assert.Throws<VolumeSetException>(() => MediaSource.Open([first], Writing, new LogCapture()));
        _ = Assert.Throws<NotHammer2Exception>(
            () => MediaSource.Open([first, second, other], Writing, new LogCapture()));
        _ = Assert.Throws<DeviceOpenException>(
            () => MediaSource.OpenAll([first, second, "/nowhere"], Writing, new LogCapture()));
        using VolumeSet set = MediaSource.Open([second, first], Writing, new LogCapture());
        Assert.Equal((ulong)(2 * Gigabyte), set.TotalBytes);
        DeviceBusyException busy = Assert.Throws<DeviceBusyException>(
            () => MediaSource.Open([first, second], Writing, new LogCapture()));
        Assert.Contains($"this process ({Environment.ProcessId})", busy.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Devices_of_several_filesystems_are_joined_by_filesystem()
    {
        List<string> paths = [];
        foreach (string name in new[] { "mvol2", "cluster3.n1", "mvol4", "cluster3.n0" })
            paths.AddRange(GoldenImage.Paths(name));
        paths.Reverse();
        IReadOnlyList<VolumeSet> sets = MediaSource.OpenAll(
            paths, new MediaSourceOptions(TakesLock: false), new LogCapture());
        int[] volumes = [1, 4, 1, 2];
        Assert.Equal(volumes.Length, sets.Count);
        for (int index = 0; index < sets.Count; index++)
        {
            Assert.Equal(volumes[index], sets[index].Volumes.Count);
            sets[index].Dispose();
        }
        paths.RemoveAt(1);
        VolumeSetException refusal = Assert.Throws<VolumeSetException>(() => MediaSource.OpenAll(
            paths, new MediaSourceOptions(TakesLock: false), new LogCapture()));
        Assert.Contains("volume 3 is missing", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_copy_that_is_not_used_is_logged()
    {
        var log = new LogCapture();
        MediaSource.Open(
            GoldenImage.Paths("dmg-volhdr-best"), new MediaSourceOptions(TakesLock: false), log).Dispose();
        Assert.True(log.Contains(LogLevel.Warning, "copy 3 at 0x180000000: CRC of sector"));
    }

    [Fact]
    public void Every_golden_volume_set_opens_without_warnings()
    {
        foreach (string file in GoldenImage.FileNames)
        {
            bool isVolume = file.Contains(".v", StringComparison.Ordinal);
            if (isVolume || file.StartsWith("dmg-", StringComparison.Ordinal))
                continue;
            using VolumeSet set = GoldenImage.OpenVolumes(file);
            Assert.InRange(set.TotalBytes, 1UL << 20, 1UL << 40);
            // Growing zeroes the new header copies and writes one of them at each flush.
            if (!file.StartsWith("grown-", StringComparison.Ordinal))
                Assert.Empty(set.Notes);
        }
    }

    private string Write(string name, IBlockDevice device)
    {
        string path = Path.Combine(_directory, name);
        TestFile.Write(path, device);
        return path;
    }
}
