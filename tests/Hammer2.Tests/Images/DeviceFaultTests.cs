// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Devices;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Images;

/// <summary>
/// Goal: a device with sporadic errors fails only the affected operations, and many concurrent readers see the same as
/// one. Method: fail single reads, by number and by offset, below intact images; read with many threads and a very
/// small cache.
/// </summary>
public sealed class DeviceFaultTests
{
    private const string Image = "fuzz1002";

    [Fact]
    public void A_read_that_fails_once_is_an_error_once()
    {
        Manifest manifest = Manifest.Read(Image, "DATA");
        var device = new FaultyBlockDevice(GoldenImage.Open(Image));
        using TestMount mount = TestMount.OpenDevice(device, "DATA", memoryBytes: 0);
        long opened = device.ReadCount;
        ManifestComparison.AssertEqual(manifest, TreeReader.Read(mount.Ops));
        long reads = device.ReadCount - opened;
        var random = new SeededRandom(SeededRandom.Seeds(1)[0]);
        int failed = 0;
        for (int round = 0; round < 40; round++)
        {
            device.FailReadNumber(device.ReadCount + random.Between(1, reads));
            List<TreeEntry> found = TreeReader.Read(mount.Ops);
            failed += found.Exists(entry => entry.Error == Errno.EIO) ? 1 : 0;
            Assert.DoesNotContain(found, entry => entry.Error is not (Errno.None or Errno.EIO));
            device.Heal();
        }
        Assert.InRange(failed, 20, 40);
        ManifestComparison.AssertEqual(manifest, TreeReader.Read(mount.Ops));
    }

    [Fact]
    public void A_device_that_disappears_and_returns_is_read_again()
    {
        Manifest manifest = Manifest.Read(Image, "DATA");
        var device = new FaultyBlockDevice(GoldenImage.Open(Image));
        using TestMount mount = TestMount.OpenDevice(device, "DATA", memoryBytes: 0);
        device.IsGone = true;
        Assert.Contains(TreeReader.Read(mount.Ops), entry => entry.Error == Errno.EIO);
        Assert.True(mount.Log.Contains(LogLevel.Error, "the device could not read it"));
        device.IsGone = false;
        ManifestComparison.AssertEqual(manifest, TreeReader.Read(mount.Ops));
    }

    [Fact]
    public void Reads_of_a_node_whose_device_disappears_are_served_by_the_others()
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes("cluster3");
        Manifest manifest = Manifest.Read(nodes[0], "CL");
        for (int gone = 0; gone < nodes.Count; gone++)
        {
            var filesystems = new List<VolumeSet>();
            var devices = new List<FaultyBlockDevice>();
            foreach (string node in nodes)
            {
                devices.Add(new FaultyBlockDevice(GoldenImage.Open(node)));
                filesystems.Add(VolumeSet.Open([devices[^1]]));
            }
            using TestMount mount = TestMount.Open(filesystems, "CL");
            devices[gone].IsGone = true;
            ManifestComparison.AssertEqual(manifest, TreeReader.Read(mount.Ops));
            Assert.InRange(mount.Pfs.RepairedReads, 1, long.MaxValue);
        }
    }

    [Theory]
    [InlineData(Image, "DATA", 0)]
    [InlineData(Image, "DATA", 64 << 20)]
    [InlineData("basic-types", "DATA", 0)]
    public void Many_readers_see_the_same_as_one(string image, string label, long memoryBytes)
    {
        const int Readers = 8;
        Manifest manifest = Manifest.Read(image, label);
        using TestMount mount = TestMount.OpenImage(image, label, memoryBytes);
        var differences = new List<string>[Readers];
        var threads = new Thread[Readers];
        for (int reader = 0; reader < Readers; reader++)
        {
            int self = reader;
            threads[reader] = new Thread(() =>
                differences[self] = ManifestComparison.Differences(manifest, TreeReader.Read(mount.Ops)));
            threads[reader].Start();
        }
        foreach (Thread thread in threads)
            thread.Join();
        foreach (List<string> found in differences)
            ManifestComparison.AssertNone(manifest, found);
        Assert.InRange(mount.Mount.Caches.Chains.HeldBytes, 0, Math.Max(memoryBytes, 256 << 10));
    }
}
