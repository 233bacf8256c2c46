// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Linq;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: snapshots and PFSs are made and deleted by the command while the filesystem is mounted, on all nodes, and on
/// devices that are not mounted; what is in use is refused.
/// Method: the program, new filesystems in files, and what it shows of them afterwards.
/// </summary>
public sealed class PfsChangeTests
{
    [MountFact]
    public void A_snapshot_of_a_mount_is_mounted_beside_it_and_deleted_once_it_is_unmounted()
    {
        using var image = new PfsImage("256m", "A");
        using (MountFixture live = MountFixture.MountForWriting(image.Path + "@A"))
        {
            File.WriteAllText(live.Root + "/f", "before");
            Done("snapshot", live.Root, "s1");
            File.WriteAllText(live.Root + "/f", "after");
            using (MountFixture snapshot = MountFixture.MountForWriting(image.Path + "@s1"))
            {
                Assert.Equal("before", File.ReadAllText(snapshot.Root + "/f"));
                File.WriteAllText(snapshot.Root + "/g", "in the snapshot alone");
                Refused("is mounted; unmount it first", "pfs-delete", live.Root, "s1");
                Refused("is mounted; unmount it first", "pfs-delete", live.Root, "A");
                snapshot.UnmountAlone();
            }
            Assert.False(File.Exists(live.Root + "/g"));
            Refused("exists already", "snapshot", live.Root, "s1");
            Done("snapshot", live.Root);
            HammerProgram.WaitUntil(
                () => HammerProgram.Run("pfs-delete", live.Root, "s1").ExitCode == 0, "the snapshot to be free");
            Refused("no PFS has the label", "pfs-delete", live.Root, "s1");
        }
        string[] labels = LabelsOf(image.Path);
        Assert.Contains(labels, label => label.StartsWith("A.20", StringComparison.Ordinal));
        Assert.DoesNotContain("s1", labels);
        image.AssertFreeAndClean();
    }

    [MountFact]
    public void A_cluster_has_snapshots_and_new_PFSs_on_every_node()
    {
        string directory = Directory.CreateTempSubdirectory("hammer2-cluster-").FullName;
        string[] nodes = [.. Enumerable.Range(0, 3).Select(node => $"{directory}/n{node}.img")];
        Done(["newfs", "-s", "128m", "--cluster", "CL", .. nodes]);
        using (MountFixture live = MountFixture.MountForWriting(nodes.Select(node => node + "@CL")))
        {
            File.WriteAllText(live.Root + "/f", "before");
            Done("snapshot", live.Root, "/daily.1");
            Done("pfs-create", live.Root, "new");
            File.Delete(live.Root + "/f");
        }
        foreach (string node in nodes) AssertHas(node, "/daily.1", "new");
        using (MountFixture snapshot = MountFixture.Mount(nodes.Select(node => node + "@/daily.1")))
            Assert.Equal("before", File.ReadAllText(snapshot.Root + "/f"));
        Done(["fsck", .. nodes]);
        Directory.Delete(directory, recursive: true);
    }

    [MountFact]
    public void Devices_that_are_not_mounted_are_administered_as_well()
    {
        using var image = new PfsImage("128m", "A");
        Done("snapshot", image.Path + "@A", "s");
        Done("pfs-create", "-t", "slave", image.Path, "b/c");
        Done("pfs-delete", image.Path, "A");
        AssertHas(image.Path, "s", "b/c");
        Refused("no PFS has the label A", "pfs-delete", image.Path, "A");
        image.AssertFreeAndClean();
    }

    private static void Done(params string[] words)
    {
        ProgramResult result = HammerProgram.Run(words);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    private static void Refused(string reason, params string[] words)
    {
        ProgramResult result = HammerProgram.Run(words);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
    }

    private static void AssertHas(string image, params string[] labels)
    {
        string[] found = LabelsOf(image);
        foreach (string label in labels) Assert.Contains(label, found);
    }

    private static string[] LabelsOf(string image)
    {
        ProgramResult list = HammerProgram.Run("pfs-list", image);
        Assert.True(list.ExitCode == 0, list.Error);
        return [.. list.Output.Split('\n').Skip(2).Where(line => line.Length > 0)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1])];
    }
}
