// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Devices;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: the program mounts every volume made by upstream's code, the tree then equals upstream's listing, and failures
/// to mount have a message. Method: the built program runs as a process, and trees are read with system calls.
/// </summary>
public sealed class CommandMountTests
{
    /// <summary>All listings of undamaged images, each node of a cluster by itself too.</summary>
    public static TheoryData<string, string> Listings
    {
        get
        {
            var listings = new TheoryData<string, string>();
            foreach ((string image, string label) in GoldenImage.Manifests)
            {
                bool isDamaged = image.StartsWith("dmg-", StringComparison.Ordinal) && image != "dmg-base";
                bool isNode = image.StartsWith("cluster", StringComparison.Ordinal);
                if (!isDamaged && !isNode) listings.Add(image, label);
            }
            return listings;
        }
    }

    /// <summary>Damaged images with a listing of the undamaged state, and what must answer EIO.</summary>
    public static TheoryData<string, string[]> DamagedListings => new()
    {
        { "dmg-data", ["/d/rand"] },
        { "dmg-data-lz4", ["/d/text"] },
        { "dmg-indirect", ["/d/text"] },
        { "dmg-inode", ["/d/small"] },
        { "dmg-freemap", [] },
        { "dmg-two-headers", [] },
        { "dmg-volhdr0", [] },
    };

    [MountTheory, MemberData(nameof(Listings))]
    public void Every_entry_read_through_the_kernel_equals_its_listing(string image, string label)
    {
        using MountFixture mount = MountFixture.Mount(SpecOf(image, label));
        MountedTree.AssertEqual(Manifest.Read(image, label), mount.Root);
    }

    [MountTheory, MemberData(nameof(DamagedListings))]
    public void Damage_returns_EIO_for_its_object_only(string image, string[] hurt)
    {
        using MountFixture mount = MountFixture.Mount(SpecOf(image, "DATA"));
        MountedTree.AssertEqual(Manifest.Read("dmg-base", "DATA"), mount.Root, hurt);
    }

    [MountTheory]
    [InlineData("mvol2", 1, 0)]
    [InlineData("mvol4", 3, 2, 1, 0)]
    [InlineData("mvol4", 2, 0, 3, 1)]
    [InlineData("mvol4", 1, 3, 0, 2)]
    public void Volumes_may_be_given_in_any_order(string image, params int[] order)
    {
        IReadOnlyList<string> paths = GoldenImage.Paths(image);
        string spec = string.Join(':', order.Select(index => paths[index])) + "@DATA";
        using MountFixture mount = MountFixture.Mount(spec);
        MountedTree.AssertEqual(Manifest.Read(image, "DATA"), mount.Root);
    }

    [MountTheory]
    [InlineData("cluster2", "ro", 0, 1)]
    [InlineData("cluster3", "ro", 2, 0, 1)]
    [InlineData("cluster3", "ro", 0, 1)]
    [InlineData("cluster3", "ro", 1, 2)]
    [InlineData("cluster3", "ro", 2, 0)]
    [InlineData("cluster2", "degraded", 0)]
    [InlineData("cluster2", "degraded", 1)]
    [InlineData("cluster3", "degraded", 1)]
    public void Nodes_of_a_cluster_are_one_mount_also_with_some_missing(
        string cluster, string options, params int[] present)
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes(cluster);
        IEnumerable<string> specs = present.Select(node => GoldenImage.Path(nodes[node]) + "@CL");
        using MountFixture mount = MountFixture.Mount(specs, options);
        MountedTree.AssertEqual(Manifest.Read(nodes[0], "CL"), mount.Root);
    }

    [MountTheory]
    [InlineData("cluster3", 0)]
    [InlineData("cluster3", 1)]
    [InlineData("cluster3", 2)]
    [InlineData("cluster2", 0)]
    [InlineData("cluster2", 1)]
    public void Damage_on_one_node_is_read_from_another(string cluster, int damaged)
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes(cluster);
        using var copy = new ScratchImage(nodes[damaged]);
        ManifestEntry[] files = [.. Manifest.Read(nodes[0], "CL").Entries.Where(entry => entry.Size > 70000)];
        Assert.NotEmpty(files);
        List<byte[]> contents = [];
        using (MountFixture single = MountFixture.Mount(copy.Path + "@CL", "degraded"))
            contents.AddRange(files.Select(file => PosixTree.Contents(single.Root + file.Path)));
        contents.ForEach(copy.Damage);
        Assert.True(copy.DamagedTotal > 0, "nothing was found to damage");
        Manifest manifest = Manifest.Read(nodes[0], "CL");
        using (MountFixture single = MountFixture.Mount(copy.Path + "@CL", "degraded"))
            Assert.ThrowsAny<Exception>(() => MountedTree.AssertEqual(manifest, single.Root));

        IEnumerable<string> specs = nodes.Select(
            (node, index) => (index == damaged ? copy.Path : GoldenImage.Path(node)) + "@CL");
        using MountFixture mount = MountFixture.Mount(specs);
        MountedTree.AssertEqual(manifest, mount.Root);
    }

    [MountFact]
    public void The_stale_node_of_a_cluster_is_not_read()
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes("cluster3-lag");
        using MountFixture mount = MountFixture.Mount(nodes.Select(node => GoldenImage.Path(node) + "@CL"));
        MountedTree.AssertEqual(Manifest.Read(nodes[0], "CL"), mount.Root);
    }

    [MountFact]
    public void Options_replace_owner_group_and_permissions()
    {
        using MountFixture mount = MountFixture.Mount(
            SpecOf("basic-types", "DATA"), "uid=1234,gid=4321,umask=027,nofail,x-systemd.automount,noexec");
        PosixStatus status = PosixTree.Status(mount.Root + "/d3/f");
        Assert.Equal((1234u, 4321u), (status.User, status.Group));
        Assert.Equal(UnixMode.RegularFile | UnixMode.O750, status.Mode);
        Assert.Equal(UnixMode.Directory | UnixMode.O750, PosixTree.Status(mount.Root + "/d4").Mode);
        string line = MountFixture.TableLine(mount.Root);
        Assert.Contains("noexec", line, StringComparison.Ordinal);
        Assert.Contains("fuse.hammer2", line, StringComparison.Ordinal);
        Assert.Contains(SpecOf("basic-types", "DATA"), line, StringComparison.Ordinal);
    }

    [MountTheory]
    [InlineData("mount.hammer2", "SPEC", "DIR", "-o", "ro,noauto,user")]
    [InlineData("mount.hammer2", "SPEC", "DIR", "-sn", "-o", "rw,nosuchoption")]
    [InlineData("SPEC", "DIR", "-o", "ro")]
    [InlineData("mount", "-o", "uid=7", "-o", "gid=8", "--", "SPEC", "DIR")]
    public void Each_name_of_the_program_mounts(params string[] words)
    {
        using var copy = new ScratchImage("basic-types");
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        string[] filled = [.. words.Select(word =>
            word == "SPEC" ? copy.Path + "@DATA" : word == "DIR" ? target : word)];
        ProgramResult result = HammerProgram.Run(filled);
        Assert.True(result.ExitCode == 0, result.Error);
        using MountFixture mount = MountFixture.Adopt(target);
        Assert.Equal("", result.Error);
        Assert.Equal('d', PosixTree.Status(mount.Root + "/d0").Type);
    }

    [MountTheory]
    [InlineData(32, "/nowhere/at/all", "DIR", "", "/nowhere/at/all")]
    [InlineData(32, "IMAGE@NOLABEL", "DIR", "", "NOLABEL")]
    [InlineData(32, "IMAGE", "/nowhere/at/all", "", "/nowhere/at/all")]
    [InlineData(32, "IMAGE", "/dev/null", "", "/dev/null")]
    [InlineData(32, "/dev/null", "DIR", "", "/dev/null")]
    [InlineData(1, "IMAGE", "DIR", "nosuchoption", "nosuchoption")]
    [InlineData(1, "IMAGE", "DIR", "umask=999", "umask")]
    [InlineData(1, "IMAGE", "DIR", "memory=lots", "memory")]
    [InlineData(1, "IMAGE", "DIR", "max_threads=0", "max_threads")]
    [InlineData(1, "IMAGE", "DIR", "remount", "remount")]
    [InlineData(32, "IMAGE", "DIR", "offset=1M", "IMAGE")]
    public void A_failed_mount_is_reported_to_the_caller(
        int exitCode, string spec, string directory, string options, string mentioned)
    {
        string image = GoldenImage.Path("basic-types");
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        ProgramResult result = HammerProgram.Run(
            "mount", spec.Replace("IMAGE", image, StringComparison.Ordinal),
            directory == "DIR" ? target : directory, "-o", options.Length == 0 ? "ro" : options);
        Assert.Equal(exitCode, result.ExitCode);
        string expected = mentioned.Replace("IMAGE", image, StringComparison.Ordinal);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.StartsWith("hammer2: ", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Trim().Split('\n'));
        Assert.False(MountFixture.IsMounted(target));
        Directory.Delete(target);
    }

    [MountFact]
    public void A_cluster_that_lacks_a_master_is_not_healthy_also_when_no_device_was_named_for_it()
    {
        string directory = Directory.CreateTempSubdirectory("hammer2-nodes-").FullName;
        string[] nodes = [directory + "/0", directory + "/1", directory + "/2"];
        ProgramResult made = HammerProgram.Run(["newfs", "--cluster", "CL", "-s", "64m", .. nodes]);
        Assert.True(made.ExitCode == 0, made.Error);
        using (MountFixture all = MountFixture.Mount([nodes[0] + "@CL", nodes[1], nodes[2]]))
            Assert.Equal(0, HammerProgram.Run("status", all.Root).ExitCode);
        using (MountFixture two = MountFixture.Mount([nodes[0] + "@CL", nodes[1]]))
        {
            ProgramResult status = HammerProgram.Run("status", two.Root);
            Assert.Equal(1, status.ExitCode);
            Assert.Contains("1 of the cluster's masters are on no device", status.Output, StringComparison.Ordinal);
        }
        Directory.Delete(directory, recursive: true);
    }

    [MountFact]
    public void A_mount_by_relative_paths_names_its_devices_to_other_commands()
    {
        using var image = new PfsImage("256m", "A");
        string directory = Path.GetDirectoryName(image.Path)!, name = Path.GetFileName(image.Path);
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        ProgramResult mounted = HammerProgram.RunAny("sh", "-c", "cd \"$1\" && \"$0\" mount \"$2@A\" \"$3\"",
            HammerProgram.ProgramPath, directory, name, target);
        try
        {
            Assert.True(mounted.ExitCode == 0, mounted.Error);
            ProgramResult usage = HammerProgram.Run("usage", target);
            Assert.True(usage.ExitCode == 0, usage.Error);
        }
        finally
        {
            _ = HammerProgram.RunAny("umount", target);
            Directory.Delete(target);
        }
    }

    [MountFact]
    public void Too_few_masters_are_rejected_and_named_unless_degraded_is_given()
    {
        IReadOnlyList<string> nodes = GoldenImage.Nodes("cluster2");
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        ProgramResult result = HammerProgram.Run(
            "mount", "-o", "ro", GoldenImage.Path(nodes[0]) + "@CL", "/nowhere/node1@CL", target);
        Assert.Equal(32, result.ExitCode);
        Assert.Contains("/nowhere/node1", result.Error, StringComparison.Ordinal);
        Assert.Contains("1 of 2 masters", result.Error, StringComparison.Ordinal);
        Directory.Delete(target);
    }

    [MountFact]
    public void A_device_in_use_by_a_writer_is_rejected_and_the_writer_is_named()
    {
        using var copy = new ScratchImage("empty-min");
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        using (FileBlockDevice.Open(copy.Path, new FileBlockDeviceOptions(IsReadOnly: false)))
        {
            ProgramResult result = HammerProgram.Run("mount", copy.Path + "@LOCAL", target);
            Assert.Equal(32, result.ExitCode);
            Assert.Contains(copy.Path, result.Error, StringComparison.Ordinal);
            Assert.Contains(
                Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture),
                result.Error, StringComparison.Ordinal);
        }
        Directory.Delete(target);
    }

    [MountFact]
    public void A_device_mounted_for_reading_cannot_be_opened_for_writing()
    {
        using var copy = new ScratchImage("empty-min");
        using (MountFixture.Mount(copy.Path + "@LOCAL"))
        {
            var options = new FileBlockDeviceOptions(IsReadOnly: false, LockWaitMilliseconds: 0);
            Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(copy.Path, options));

            // Two readers do not exclude each other.
            using MountFixture second = MountFixture.Mount(copy.Path + "@LOCAL");
        }
        using FileBlockDevice free = FileBlockDevice.Open(
            copy.Path,
            new FileBlockDeviceOptions(
                IsReadOnly: false, LockWaitMilliseconds: HammerProgram.PatienceMilliseconds));
        Assert.False(free.IsReadOnly);
    }

    /// <summary>The specification of an image and a label.</summary>
    internal static string SpecOf(string image, string label) =>
        string.Join(':', GoldenImage.Paths(image)) + "@" + label;
}
