// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>Goal: PFSs on one filesystem share its devices, none is in use twice, and the last one closes them. Method:
/// golden images, which are files with an identity.</summary>
public sealed class OpenFilesystemsTests
{
    private static readonly ClusterMountOptions ReadOnly = new(new MediaSourceOptions());

    private readonly List<string> _opened = [];
    private readonly List<string> _closing = [];
    private readonly OpenFilesystems _filesystems;

    public OpenFilesystemsTests() => _filesystems = new OpenFilesystems(16 << 20)
    {
        Opened = volumes => _opened.Add(volumes.Name),
        Closing = volumes => _closing.Add(volumes.Name),
    };

    [Fact]
    public void PFSs_of_one_filesystem_share_it_and_the_last_one_closes_it()
    {
        string path = GoldenImage.Path("pfs-many");
        ClusterMount first = Mount("S001", path);
        ClusterMount second = Mount("S002", path);
        Assert.Same(first.Devices[0], second.Devices[0]);
        Assert.Same(first.Caches, second.Caches);
        Assert.Equal([path], _opened);
        Assert.Equal("S001 or S002", first.Devices[0].Faults.Label);

        first.Dispose();
        Assert.Empty(_closing);
        Assert.Equal("S002", second.Devices[0].Faults.Label);
        using (ClusterMount third = Mount("S001", path)) Assert.Same(second.Devices[0], third.Devices[0]);
        second.Dispose();
        Assert.Equal([path], _closing);
    }

    [Fact]
    public void A_PFS_in_use_is_refused_with_what_uses_it_and_nothing_is_left_open()
    {
        string path = GoldenImage.Path("pfs-many");
        using (ClusterMount user = Mount("S001", path))
        {
            PfsInUseException refusal = Assert.Throws<PfsInUseException>(() => Mount("S001", path));
            Assert.Same(user, refusal.User);
            Assert.Equal("S001", refusal.Label);
            Assert.Throws<PfsException>(() => Mount("NONE", path));
            Assert.Empty(_closing);
        }
        Assert.Equal([path], _closing);
    }

    [Fact]
    public void Another_node_of_a_cluster_in_use_is_refused_whatever_device_it_lies_on()
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes("cluster3");
        var degraded = ReadOnly with { AllowDegraded = true };
        using ClusterMount user = Mount("CL", GoldenImage.Path(nodes[0]), degraded);
        Assert.Throws<PfsInUseException>(() => Mount("CL", GoldenImage.Path(nodes[1]), degraded));
        Assert.Equal([GoldenImage.Path(nodes[1])], _closing);
    }

    [Fact]
    public void Volumes_are_named_all_and_a_device_that_is_only_read_gets_no_writer()
    {
        IReadOnlyList<string> paths = GoldenImage.Paths("mvol2");
        using ClusterMount user = Mount("DATA", string.Join(':', paths));
        VolumeSetException part = Assert.Throws<VolumeSetException>(() => Mount("LOCAL", paths[0]));
        Assert.Contains("2 volumes", part.Message, StringComparison.Ordinal);
        var writing = new ClusterMountOptions(new MediaSourceOptions(IsReadOnly: false));
        Assert.Throws<DeviceBusyException>(() => Mount("LOCAL", string.Join(':', paths), writing));
        using ClusterMount other = Mount("LOCAL", string.Join(':', paths));
        Assert.Same(user.Devices[0], other.Devices[0]);
    }

    [Fact]
    public void Only_filesystems_that_are_open_for_writing_take_further_mounts()
    {
        string path = GoldenImage.Path("pfs-many");
        MountSpec[] specs = [new([path], "S001")];
        Assert.False(_filesystems.HasWritable(specs, ReadOnly.Media));
        using (Mount("S002", path)) Assert.False(_filesystems.HasWritable(specs, ReadOnly.Media));

        string copy = Path.Combine(Path.GetTempPath(), $"hammer2-{Guid.NewGuid():N}.img");
        File.Copy(path, copy);
        try
        {
            using (Mount("S002", copy, new ClusterMountOptions(new MediaSourceOptions(IsReadOnly: false))))
            {
                Assert.True(_filesystems.HasWritable([new([copy], "S001")], ReadOnly.Media));
                Assert.False(_filesystems.HasWritable(specs, ReadOnly.Media));      // the same id, other bytes
            }
            Assert.False(_filesystems.HasWritable([new([copy], "S001")], ReadOnly.Media));
        }
        finally
        {
            File.Delete(copy);
        }
    }

    private ClusterMount Mount(string label, string spec, ClusterMountOptions? options = null) =>
        _filesystems.Mount([new MountSpec(spec.Split(':'), label)], options ?? ReadOnly, NullLoggerFactory.Instance);
}
