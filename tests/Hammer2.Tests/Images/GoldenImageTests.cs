// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Security.Cryptography;
using Hammer2.Cluster.Operations;
using Hammer2.Devices;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Images;

/// <summary>
/// Goal: every volume made by upstream's own code reads as upstream's own code lists it. Method: walk each PFS that has
/// a listing through vnode operations and compare each field of each entry.
/// </summary>
public sealed class GoldenImageTests
{
    private const ulong HugeBytes = 3UL << 30;

    /// <summary>All listings of undamaged images; each node of a cluster too, by itself.</summary>
    public static TheoryData<string, string> Listings
    {
        get
        {
            var listings = new TheoryData<string, string>();
            foreach ((string image, string label) in GoldenImage.Manifests)
            {
                if (!image.StartsWith("dmg-", StringComparison.Ordinal) || image == "dmg-base")
                    listings.Add(image, label);
            }
            return listings;
        }
    }

    [Theory, MemberData(nameof(Listings))]
    public void Every_entry_of_an_image_equals_its_listing(string image, string label)
    {
        using TestMount mount = TestMount.OpenImage(image, label);
        Manifest manifest = Manifest.Read(image, label);
        Assert.NotEmpty(manifest.Entries);

        ManifestComparison.AssertEqual(manifest, TreeReader.Read(mount.Ops));

        Assert.Empty(mount.Log.Lines(LogLevel.Error));
        Assert.Equal(0, mount.Pfs.RepairedReads);
    }

    [Fact]
    public void Every_image_without_damage_has_a_listing_or_spot_checks()
    {
        foreach (string file in GoldenImage.FileNames)
        {
            bool isVolume = file.Contains(".v", StringComparison.Ordinal);
            string image = isVolume ? file[..file.LastIndexOf('.')] : file;
            bool isKnown = image.StartsWith("dmg-", StringComparison.Ordinal) || image == "indirect-huge";
            foreach ((string listed, _) in GoldenImage.Manifests)
                isKnown |= listed == image;
            Assert.True(isKnown, $"nothing says what {file} holds");
        }
    }

    [Fact]
    public void Every_extent_of_a_file_of_2_to_59_bytes_is_read_correctly()
    {
        using TestMount mount = TestMount.OpenImage("indirect-huge", "DATA");
        Assert.Equal(Errno.None, mount.Find("/huge", out VnodeAttributes huge));
        Assert.Equal((1UL << 59) + 4096, huge.SizeBytes);
        int spots = 0;
        foreach (string line in File.ReadLines(RepositoryRoot.Below("images", "indirect-huge.spots.tsv")))
        {
            string[] fields = line.Split('\t');
            ulong offset = ulong.Parse(fields[1], CultureInfo.InvariantCulture);
            byte[] bytes = new byte[int.Parse(fields[2], CultureInfo.InvariantCulture)];
            Assert.Equal(Errno.None, mount.Ops.Read(huge.Inum, offset, bytes, out int readBytes));
            Assert.Equal(bytes.Length, readBytes);
            string hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
            Assert.True(fields[3] == hash, $"wrong bytes at {offset}");
            Assert.Equal(Errno.None, mount.Ops.Seek(huge.Inum, offset, SeekTarget.Data, out ulong data));
            Assert.Equal(offset, data);
            spots++;
        }
        Assert.Equal(310, spots);
        Assert.Empty(mount.Log.Lines(LogLevel.Error));
    }

    [Fact]
    public void Holes_between_the_extents_of_a_10_gigabyte_file_read_as_zeros()
    {
        using TestMount mount = TestMount.OpenImage("sparse10g", "DATA");
        Assert.Equal(Errno.None, mount.Find("/sparse", out VnodeAttributes sparse));
        Assert.True(sparse.SizeBytes > HugeBytes);
        byte[] bytes = new byte[4096];
        int holes = 0;
        ulong position = 0;
        while (mount.Ops.Seek(sparse.Inum, position, SeekTarget.Hole, out ulong hole) == Errno.None
            && hole < sparse.SizeBytes)
        {
            holes++;
            Errno seek = mount.Ops.Seek(sparse.Inum, hole, SeekTarget.Data, out ulong data);
            ulong end = seek == Errno.None ? data : sparse.SizeBytes;
            Assert.True(seek is Errno.None or Errno.ENXIO && end > hole);
            foreach (ulong place in new[] { hole, hole + (end - hole) / 2, end - 4096 })
            {
                bytes.AsSpan().Fill(0xFF);
                Assert.Equal(Errno.None, mount.Ops.Read(sparse.Inum, place, bytes, out int readBytes));
                Assert.Equal(bytes.Length, readBytes);
                Assert.False(bytes.AsSpan().ContainsAnyExcept((byte)0), $"hole at {place} is not zero");
            }
            position = end;
            if (position >= sparse.SizeBytes)
                break;
        }
        Assert.Equal(4, holes); // five extents, one of them at either end
    }

    [Theory]
    [InlineData("mvol2")]
    [InlineData("mvol4")]
    public void Volumes_given_in_any_order_read_the_same(string image)
    {
        Manifest manifest = Manifest.Read(image, "DATA");
        IReadOnlyList<string> paths = GoldenImage.Paths(image);
        int orders = 0;
        foreach (int[] order in Permutations.Of(paths.Count))
        {
            orders++;
            var devices = new List<IBlockDevice>();
            foreach (int index in order)
                devices.Add(FileBlockDevice.Open(paths[index], new FileBlockDeviceOptions(IsReadOnly: true)));
            using TestMount mount = TestMount.Open([VolumeSet.Open(devices)], "DATA");
            ManifestComparison.AssertEqual(manifest, TreeReader.Read(mount.Ops));
            Assert.Empty(mount.Log.Lines(LogLevel.Error));
        }
        Assert.Equal(paths.Count == 2 ? 2 : 24, orders);
    }

    [Fact]
    public void A_tree_reads_the_same_with_the_smallest_cache()
    {
        Manifest manifest = Manifest.Read("fuzz1002", "DATA");
        using TestMount mount = TestMount.OpenImage("fuzz1002", "DATA", memoryBytes: 0);
        ManifestComparison.AssertEqual(manifest, TreeReader.Read(mount.Ops));
        Assert.InRange(mount.Mount.Caches.Chains.HeldBytes, 1, 256 << 10);
    }
}
