// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Win32.SafeHandles;
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
            _ = Done("snapshot", live.Root, "s1");
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
            _ = Done("snapshot", live.Root);
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
        _ = Done(["newfs", "-s", "128m", "--cluster", "CL", .. nodes]);
        using (MountFixture live = MountFixture.MountForWriting(nodes.Select(node => node + "@CL")))
        {
            File.WriteAllText(live.Root + "/f", "before");
            _ = Done("snapshot", live.Root, "/daily.1");
            _ = Done("pfs-create", live.Root, "new");
            File.Delete(live.Root + "/f");
        }
        foreach (string node in nodes) AssertHas(node, "/daily.1", "new");
        using (MountFixture snapshot = MountFixture.Mount(nodes.Select(node => node + "@/daily.1")))
            Assert.Equal("before", File.ReadAllText(snapshot.Root + "/f"));
        _ = Done(["fsck", .. nodes]);
        Directory.Delete(directory, recursive: true);
    }

    [MountFact]
    public void Devices_that_are_not_mounted_are_administered_as_well()
    {
        using var image = new PfsImage("128m", "A");
        _ = Done("snapshot", image.Path + "@A", "s");
        _ = Done("pfs-create", "-t", "slave", image.Path, "b/c");
        _ = Done("pfs-delete", image.Path, "A");
        AssertHas(image.Path, "s", "b/c");
        Refused("no PFS has the label A", "pfs-delete", image.Path, "A");
        image.AssertFreeAndClean();
    }

    [MountFact]
    public void A_snapshot_is_renamed_held_and_released_through_a_mount_and_on_devices()
    {
        using var image = new PfsImage("256m", "A");
        using (MountFixture live = MountFixture.MountForWriting(image.Path + "@A"))
        {
            Directory.CreateDirectory(live.Root + "/d");
            _ = Done("snapshot", live.Root, "s1");
            _ = Done("pfs-rename", live.Root + "/d", "s1", "/s.2");
            Refused("no PFS has the label s1", "pfs-rename", live.Root, "s1", "x");
            Refused("is mounted; unmount it first", "pfs-rename", live.Root, "A", "x");
            _ = Done("hold", live.Root, "/s.2", "audit");
            _ = Done("hold", live.Root, "/s.2", "backup");
            Refused("has a hold audit already", "hold", live.Root, "/s.2", "audit");
            Refused("is held", "pfs-delete", live.Root, "/s.2");
            _ = Done("hold", live.Root, "A", "live");
            File.WriteAllText(live.Root + "/after-the-hold", "x");
            Refused("has a hold live already", "hold", live.Root, "A", "live");
            Assert.Contains("live", Done("holds", live.Root), StringComparison.Ordinal);
            string list = Done("holds", live.Root);
            Assert.Contains("audit", list, StringComparison.Ordinal);
            Assert.Contains("/s.2", list, StringComparison.Ordinal);
            _ = Done("release", live.Root, "/s.2", "audit");
            Refused("it has no hold audit", "release", live.Root, "/s.2", "audit");
            Assert.Equal(36, Done("pfs-clid", live.Root, "/s.2").Trim().Length);
            Assert.NotEqual(Done("pfs-clid", live.Root, "/s.2"), Done("pfs-fsid", live.Root, "/s.2"));
            Refused("not in a HAMMER2 mount", "hold", "/", "A", "audit");
        }
        Refused("is held", "pfs-delete", image.Path, "/s.2");
        Assert.Contains("backup", Done("holds", image.Path), StringComparison.Ordinal);
        _ = Done("pfs-rename", image.Path, "/s.2", "s3");
        Assert.Equal(36, Done("pfs-clid", image.Path, "s3").Trim().Length);
        _ = Done("release", image.Path, "s3", "backup");
        _ = Done("pfs-delete", image.Path, "s3");
        image.AssertFreeAndClean();
    }

    [MountFact]
    public void A_PFS_is_rolled_back_through_a_mount_of_another_and_on_its_devices()
    {
        using var image = new PfsImage("256m", "A", "B");
        string kept;
        using (MountFixture other = MountFixture.MountForWriting(image.Path + "@B"))
        {
            using (MountFixture live = MountFixture.MountForWriting(image.Path + "@A"))
            {
                File.WriteAllText(live.Root + "/f", "before");
                _ = Done("snapshot", live.Root, "s");
                File.WriteAllText(live.Root + "/f", "after");
                live.UnmountAlone();
            }
            ProgramResult result = new(1, "", "");
            HammerProgram.WaitUntil(
                () => (result = HammerProgram.Run("rollback", other.Root, "A", "s")).ExitCode == 0, "the rollback");
            kept = result.Output.Trim().Split(' ')[^1];
            Assert.StartsWith("A.20", kept, StringComparison.Ordinal);
            Refused("B is mounted for writing", "rollback", other.Root, "A", "B");
            using MountFixture again = MountFixture.MountForWriting(image.Path + "@A");
            Assert.Equal("before", File.ReadAllText(again.Root + "/f"));
            again.UnmountAlone();
        }
        image.AssertFreeAndClean();
        Refused("no PFS has the label none", "rollback", image.Path, "A", "none");
        Refused("B is not a snapshot of A", "rollback", image.Path, "A", "B");
        _ = Done("rollback", image.Path, "A", kept);
        using (MountFixture undone = MountFixture.MountForWriting(image.Path + "@A"))
            Assert.Equal("after", File.ReadAllText(undone.Root + "/f"));
        image.AssertFreeAndClean();
    }

    [MountFact]
    public void A_mounted_PFS_is_rolled_back_and_nothing_shows_the_content_before()
    {
        using var image = new PfsImage("256m", "A", "B");
        using (MountFixture other = MountFixture.MountForWriting(image.Path + "@B"))
        using (MountFixture live = MountFixture.MountForWriting(image.Path + "@A"))
        {
            string file = live.Root + "/f", removed = live.Root + "/d/removed", late = live.Root + "/late";
            _ = Directory.CreateDirectory(live.Root + "/d");
            File.WriteAllText(file, "before");
            File.WriteAllText(removed, "removed");
            File.WriteAllText(live.Root + "/gone", "gone");
            _ = Done("snapshot", live.Root, "s");
            File.WriteAllText(file, "after!");
            File.Delete(removed);
            File.Delete(live.Root + "/gone");
            File.WriteAllText(late, "late");
            // The kernel knows all of them now, and which do not exist.
            Assert.Equal([false, false, true], Exist(removed, live.Root + "/gone", late));
            using (FileStream reader = File.OpenRead(file))
            {
                using (File.OpenWrite(late))
                {
                    Refused("1 file on it is open for writing", "rollback", live.Root, "A", "s");
                    Assert.Equal('a', reader.ReadByte());
                }
                string kept = Done("rollback", live.Root, "A", "s").Trim().Split(' ')[^1];
                Assert.Equal("before", File.ReadAllText(file));
                Assert.Equal([true, true, false], Exist(removed, live.Root + "/gone", late));
                Assert.Equal(["d", "f", "gone"], NamesIn(live.Root));
                // Past what the program itself has read: the kernel asks for it.
                _ = Assert.Throws<IOException>(() => RandomAccess.Read(reader.SafeFileHandle, new byte[1], 0));
                File.WriteAllText(file, "new");
                _ = Done("rollback", other.Root, "A", kept);
            }
            Assert.Equal("after!", File.ReadAllText(file));
            Assert.Equal(["d", "f", "late"], NamesIn(live.Root));
            using (FileStream writer = File.OpenWrite(late))
            {
                _ = Done("rollback", "--force", live.Root, "A", "s");
                _ = Assert.Throws<IOException>(() => RandomAccess.Write(writer.SafeFileHandle, "lost"u8, 0));
            }
            Assert.False(File.Exists(late));
            live.UnmountAlone();
            using MountFixture again = MountFixture.MountForWriting(image.Path + "@A");
            Assert.Equal("before", File.ReadAllText(again.Root + "/f"));
            again.UnmountAlone();
        }
        image.AssertFreeAndClean();
    }

    [MountFact]
    public void A_mounted_cluster_is_rolled_back_again_and_again_beside_readers_and_writers()
    {
        string directory = Directory.CreateTempSubdirectory("hammer2-cluster-").FullName;
        string[] nodes = [.. Enumerable.Range(0, 3).Select(node => $"{directory}/n{node}.img")];
        _ = Done(["newfs", "-s", "128m", "--cluster", "CL", .. nodes]);
        using (MountFixture live = MountFixture.MountForWriting(nodes.Select(node => node + "@CL")))
        {
            for (int i = 0; i < 100; i++) File.WriteAllText($"{live.Root}/f{i}", "0");
            _ = Done("snapshot", live.Root, "s");
            using var stop = new CancellationTokenSource();
            Task[] users = [.. Enumerable.Range(0, 3).Select(user => Task.Run(() => Use(live.Root, user, stop.Token)))];
            try
            {
                for (int round = 0; round < 5; round++)
                {
                    _ = Done("rollback", "--force", live.Root, "CL", "s");
                    // Rollback took back what was there; users go on to write into the other content.
                    Assert.Equal(100, NamesIn(live.Root).Count(static name => name[0] == 'f'));
                }
            }
            finally
            {
                stop.Cancel();
                Assert.True(Task.WaitAll(users, TimeSpan.FromMinutes(1)));
            }
            _ = Done("rollback", live.Root, "CL", "s");
            Assert.Equal(100, NamesIn(live.Root).Length);
            Assert.All(NamesIn(live.Root), name => Assert.Equal("0", File.ReadAllText($"{live.Root}/{name}")));
        }
        _ = Done(["fsck", .. nodes]);
        Directory.Delete(directory, recursive: true);
    }

    // What fails, fails because of a rollback; only what is read counts.
    private static void Use(string root, int user, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            try
            {
                string path = $"{root}/f{i % 100}";
                // Another user's truncation shortens what a read finds, and Linux fills the rest with zeros up to the
                // size that it still knows.
                Assert.Contains(ReadAtOnce(path).TrimEnd('\0'),
                    (string[])["0", "", $"{path} of 0", $"{path} of 1", $"{path} of 2"]);
                File.WriteAllText(path, $"{path} of {user}");
                File.WriteAllText($"{root}/u{user}-{i}", "x");
            }
            catch (IOException)
            {
                Thread.Yield();
            }
        }
    }

    // Two reads may be before and after a change by another user.
    private static string ReadAtOnce(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        byte[] room = new byte[4096];
        return Encoding.UTF8.GetString(room, 0, RandomAccess.Read(file, room, 0));
    }

    private static bool[] Exist(params string[] paths) => [.. paths.Select(File.Exists)];

    private static string[] NamesIn(string directory) =>
        [.. Directory.GetFileSystemEntries(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];

    [MountFact]
    public void A_cluster_is_rolled_back_on_all_its_devices()
    {
        string directory = Directory.CreateTempSubdirectory("hammer2-cluster-").FullName;
        string[] nodes = [.. Enumerable.Range(0, 3).Select(node => $"{directory}/n{node}.img")];
        _ = Done(["newfs", "-s", "128m", "--cluster", "CL", .. nodes]);
        using (MountFixture live = MountFixture.MountForWriting(nodes.Select(node => node + "@CL")))
        {
            File.WriteAllText(live.Root + "/f", "before");
            _ = Done("snapshot", live.Root, "s");
            File.Delete(live.Root + "/f");
        }
        _ = Done("rollback", "--node", nodes[1], "--node", nodes[2], nodes[0], "CL", "s");
        using (MountFixture again = MountFixture.MountForWriting(nodes.Select(node => node + "@CL")))
            Assert.Equal("before", File.ReadAllText(again.Root + "/f"));
        _ = Done(["fsck", .. nodes]);
        Directory.Delete(directory, recursive: true);
    }

    [MountFact]
    public void A_schedule_makes_one_snapshot_of_each_class_however_often_it_runs()
    {
        using var image = new PfsImage("256m", "A");
        using (MountFixture live = MountFixture.MountForWriting(image.Path + "@A"))
        {
            string plan = Done("snapshot-schedule", "--dry-run", live.Root, "daily=2", "monthly=1");
            Assert.Equal(2, CountOf("create", plan));
            Assert.Equal(["A"], LabelsOf(image.Path).Where(static label => label.StartsWith('A')));
            Task<ProgramResult>[] runs = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(
                () => HammerProgram.Run("snapshot-schedule", live.Root, "daily=2", "monthly=1")))];
            ProgramResult[] results = [.. runs.Select(static run => run.GetAwaiter().GetResult())];
            Assert.All(results, static result => Assert.True(result.ExitCode == 0, result.Error));
            string first = results[0].Output, second = results[1].Output;
            Assert.Equal(2, CountOf("create", first) + CountOf("create", second));
            Assert.Equal(2, CountOf("keep", first) + CountOf("keep", second));
            Assert.Equal(2,
                LabelsOf(image.Path).Count(static label => label.StartsWith("A.", StringComparison.Ordinal)));
            Assert.Contains("AUTOSNAP", Done("pfs-list", image.Path), StringComparison.OrdinalIgnoreCase);
        }
        string last = Done("snapshot-schedule", image.Path + "@A", "daily=0", "hourly=1");
        Assert.Equal((1, 1, 1), (CountOf("create", last), CountOf("delete", last), CountOf("keep", last)));
        image.AssertFreeAndClean();
    }

    private static int CountOf(string action, string output) =>
        output.Split('\n').Count(line => line.StartsWith(action + " ", StringComparison.Ordinal));

    private static string Done(params string[] words)
    {
        ProgramResult result = HammerProgram.Run(words);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
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
