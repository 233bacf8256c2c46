// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: snapshots are read below .hammer2/snapshots of a mount by ordinary programs, keep their content while the
/// mount is written, and are not deleted, mounted or unmounted under a program that uses them. Method: the program, new
/// filesystems in files, find, tar and cp.
/// </summary>
public sealed class SnapshotViewTests
{
    private const int Busy = -16;
    private const int Stale = -116;
    private const int ReadOnly = -30;
    private const int FilesTotal = 20;

    [MountFact]
    public void A_snapshot_under_a_writer_is_one_moment_and_stays_so()
    {
        using var image = new PfsImage("512m", "A");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A", "nowriteback");
        string[] files = [.. Enumerable.Range(0, FilesTotal).Select(i => $"{live.Root}/f{i:D2}")];
        foreach (string file in files) File.WriteAllText(file, "00000000");
        using var stop = new ManualResetEventSlim();
        var writer = new Thread(() =>
        {
            for (int version = 1; !stop.IsSet; version++)
                foreach (string file in files) WriteInPlace(file, $"{version:D8}");
        });
        writer.Start();
        try
        {
            var seen = new Dictionary<string, string[]>();
            for (int round = 0; round < 5; round++)
            {
                Done("snapshot", live.Root, $"s{round}");
                seen.Add($"s{round}", VersionsIn($"{live.Root}/.hammer2/snapshots/s{round}"));
            }
            foreach (string[] versions in seen.Values) AssertMoment(versions);
            Done("bulkfree", live.Root);
            Done("bulkfree", live.Root);
            foreach ((string label, string[] versions) in seen)
                Assert.Equal(versions, VersionsIn($"{live.Root}/.hammer2/snapshots/{label}"));
        }
        finally
        {
            stop.Set();
            writer.Join();
        }
    }

    [MountTheory]
    [InlineData(1)]
    [InlineData(3)]
    public void Find_tar_and_cp_copy_snapshots_beside_the_live_tree(int nodes)
    {
        string directory = Directory.CreateTempSubdirectory("hammer2-views-").FullName;
        string[] images = [.. Enumerable.Range(0, nodes).Select(node => $"{directory}/n{node}.img")];
        Done(nodes == 1
            ? ["newfs", "-s", "256m", "-L", "A", .. images] : ["newfs", "-s", "256m", "--cluster", "A", .. images]);
        using (MountFixture live = MountFixture.MountForWriting(images.Select(image => image + "@A")))
        {
            MakeTree(live.Root);
            string kept = directory + "/kept", copy = directory + "/copy", extracted = directory + "/extracted";
            Shell($"cp -a {live.Root}/. {kept}");
            Done("snapshot", live.Root, "one");
            File.WriteAllText(live.Root + "/sub/file-3", "changed in the live tree");
            File.Delete(live.Root + "/linked");
            Done("snapshot", live.Root, "/two");
            string snapshots = live.Root + "/.hammer2/snapshots";

            Shell($"cp -a {snapshots}/one {copy} && diff -r --no-dereference {kept} {copy}");
            Shell($"test $(stat -c %h {copy}/linked) = 2");
            // Hard links are told by device and inode number: those of one tree must not look like those of another.
            Shell($"mkdir {extracted} && cd {live.Root}"
                + $" && tar cf - . -C {snapshots} one %2Ftwo | tar xf - -C {extracted}");
            Shell($"diff -r --no-dereference {kept} {extracted}/one");
            Shell($"diff -r --no-dereference {live.Root} {extracted}/%2Ftwo");
            Shell($"grep -q 'changed' {extracted}/sub/file-3 && ! grep -q 'changed' {extracted}/one/sub/file-3");
            Shell($"test $(stat -c %h {extracted}/one/linked) = 2");
            string trees = $"{live.Root} {snapshots}/one {snapshots}/%2Ftwo";
            // One name of a file that has two, in the first snapshot, is the only number that comes twice.
            Shell($"test $(find {trees} -xdev -printf '%D %i\\n' | sort | uniq -d | wc -l) = 1");
            Shell($"test -z \"$(find {live.Root} -name .hammer2)\"");
            Shell($"cd {snapshots}/one && ! touch new 2>/dev/null && ! rm sub/file-3 2>/dev/null");
            Assert.Equal(ReadOnly, PosixCalls.Open(snapshots + "/one/linked", PosixCalls.WriteOnly));
            AssertStranger(live.Root, snapshots);
        }
        Directory.Delete(directory, recursive: true);
    }

    [MountFact]
    public void With_snapdirs_each_directory_shows_what_it_was()
    {
        string directory = Directory.CreateTempSubdirectory("hammer2-snapdirs-").FullName;
        using var image = new PfsImage("256m", "A");
        using (MountFixture live = MountFixture.MountForWriting(image.Path + "@A", "snapdirs"))
        {
            MakeTree(live.Root);
            string root = live.Root, kept = directory + "/kept", sub = root + "/sub", then;
            Shell($"cp -a {sub}/. {kept}");
            Done("snapshot", root, "one");
            Shell($"mkdir {sub}/later && echo more > {sub}/later/file && rm {sub}/file-3 && mv {sub} {root}/moved");
            (sub, then) = (root + "/moved", root + "/moved/.hammer2/snapshots");
            Done("snapshot", root, "two");
            Shell($"diff -r --no-dereference {kept} {then}/one && test \"$(ls {then})\" = \"$(printf 'one\\ntwo')\"");
            // A directory that a snapshot does not have is not shown there.
            Shell($"test \"$(ls {sub}/later/.hammer2/snapshots)\" = two");
            Shell($"! ls {sub}/later/.hammer2/snapshots/one 2>/dev/null");
            // Hidden from all that lists; each copy has what it had without the option.
            Shell($"test -z \"$(find {root} -xdev -name .hammer2)\" && ! ls -A {sub} | grep -q hammer2");
            Shell($"tar cf - -C {root} moved | tar tf - | grep -q later/file");
            Shell($"! tar cf - -C {root} moved | tar tf - | grep -q hammer2");
            if (HammerProgram.RunAny("sh", "-c", "command -v rsync").ExitCode == 0)
            {
                Shell($"rsync -xa {root}/ {directory}/synced && diff -r --no-dereference {root} {directory}/synced");
                Shell($"rsync -xa {then}/one/ {directory}/restored"
                    + $" && diff -r --no-dereference {kept} {directory}/restored");
            }
            Shell($"mkdir {directory}/out && tar cf - -C {then} one | tar xf - -C {directory}/out"
                + $" && diff -r --no-dereference {kept} {directory}/out/one");
            // The same directory below both paths: numbers of their own, and each shell stays where it is.
            string below = root + "/.hammer2/snapshots/one/sub";
            Shell($"test $(find {then}/one {below} {sub} -xdev -printf '%D %i\\n' | sort | uniq -d | wc -l) = 0");
            Shell($"cd {then}/one && ls {below} > {directory}/seen && test \"$(/bin/pwd)\" = {then}/one"
                + $" && ls .. | grep -q two && test -f file-3");
            Shell($"cd {below} && ls {then}/one > {directory}/seen && test \"$(/bin/pwd)\" = {below}"
                + $" && ls .. | grep -q sub");
            Shell($"! touch {then}/one/new 2>/dev/null && ! mkdir {sub}/.hammer2 2>/dev/null");
            Shell($"cat {then}/two/later/file | grep -q more");
            Done("pfs-delete", root, "one");
            Shell($"test \"$(ls {then})\" = two");
        }
        image.AssertFreeAndClean();
        Directory.Delete(directory, recursive: true);
    }

    [MountFact]
    public void A_snapshot_in_use_is_kept_until_deletion_is_forced()
    {
        using var image = new PfsImage("256m", "A");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A");
        File.WriteAllText(live.Root + "/f", new string('x', 1 << 20));
        Done("snapshot", live.Root, "s");
        using (PosixFile used = PosixTree.Open(live.Root + "/.hammer2/snapshots/s/f"))
        {
            ProgramResult refused = HammerProgram.Run("pfs-delete", live.Root, "s");
            Assert.NotEqual(0, refused.ExitCode);
            Assert.Contains(".hammer2/snapshots", refused.Error, StringComparison.Ordinal);
            Assert.Contains($"process {Environment.ProcessId}", Ask(live, "pfs-delete s"), StringComparison.Ordinal);
            ProgramResult mount = HammerProgram.Run("mount", image.Path + "@s", live.Root);
            Assert.Contains("files in it are open", mount.Error, StringComparison.Ordinal);
            Assert.NotEqual(0, HammerProgram.RunAny("umount", live.Root).ExitCode);
            Assert.Equal(100, PosixCalls.Read(used.Id, new byte[100]));
            Done("pfs-delete", "--force", live.Root, "s");
            Assert.Equal(Stale, ReadPast(used));
        }
        Assert.False(Directory.Exists(live.Root + "/.hammer2/snapshots/s"));
        Done("bulkfree", live.Root);
        Assert.Equal(1 << 20, File.ReadAllText(live.Root + "/f").Length);
    }

    [MountFact]
    public void A_snapshot_that_is_mounted_is_seen_there_alone()
    {
        using var image = new PfsImage("256m", "A");
        using MountFixture live = MountFixture.MountForWriting(image.Path + "@A");
        File.WriteAllText(live.Root + "/f", "before");
        Done("snapshot", live.Root, "s");
        string inside = live.Root + "/.hammer2/snapshots/s/f";
        Assert.Equal("before", File.ReadAllText(inside));
        using (MountFixture mounted = MountFixture.MountForWriting(image.Path + "@s"))
        {
            Assert.Equal(Busy, PosixCalls.StatX(inside, 0, out _));
            File.WriteAllText(mounted.Root + "/f", "changed in the snapshot");
            mounted.UnmountAlone();
        }
        HammerProgram.WaitUntil(() => PosixCalls.StatX(inside, 0, out _) == 0, "the snapshot to be free");
        Assert.Equal("changed in the snapshot", File.ReadAllText(inside));
        Assert.Equal("before", File.ReadAllText(live.Root + "/f"));
    }

    [MountTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_hundred_snapshots_are_listed_and_read(bool isReadOnly)
    {
        using var image = new PfsImage("256m", "A");
        using (MountFixture live = MountFixture.MountForWriting(image.Path + "@A"))
        {
            File.WriteAllText(live.Root + "/f", "content");
            for (int i = 0; i < 100; i++) File.WriteAllText(live.Root + "/.hammer2/control", $"snapshot s{i:D3}");
        }
        using MountFixture mount = isReadOnly
            ? MountFixture.Mount(image.Path + "@A") : MountFixture.MountForWriting(image.Path + "@A");
        string snapshots = mount.Root + "/.hammer2/snapshots";
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(100, Directory.GetFileSystemEntries(snapshots).Length);
            for (int i = 0; i < 100; i++) Assert.Equal("content", File.ReadAllText($"{snapshots}/s{i:D3}/f"));
        }
    }

    private static long ReadPast(PosixFile file)
    {
        // Past what the kernel has read ahead.
        byte[] room = new byte[4096];
        for (int i = 0; i < 256; i++)
            if (PosixCalls.Read(file.Id, room) is var bytes and <= 0) return bytes;
        return 0;
    }

    private static string Ask(MountFixture mount, string request)
    {
        using PosixFile control = PosixTree.Open(mount.Root + "/.hammer2/control", PosixCalls.ReadWrite);
        _ = PosixCalls.Write(control.Id, Encoding.UTF8.GetBytes(request));
        byte[] room = new byte[4096];
        return Encoding.UTF8.GetString(room.AsSpan(0, (int)PosixCalls.Read(control.Id, room)));
    }

    private static void AssertStranger(string live, string snapshots)
    {
        Shell($"chmod 755 {live}");
        ProgramResult stranger = HammerProgram.RunAny(
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", "ls", snapshots + "/one");
        Assert.NotEqual(0, stranger.ExitCode);
    }

    private static void MakeTree(string root)
    {
        Directory.CreateDirectory(root + "/sub");
        for (int i = 0; i < 50; i++)
            File.WriteAllText($"{root}/sub/file-{i}", new string((char)('a' + (i % 26)), i * 999));
        Shell($"ln {root}/sub/file-7 {root}/linked && ln -s sub/file-7 {root}/symlink && mkfifo {root}/fifo");
        Shell($"rm {root}/fifo && truncate -s 1M {root}/sparse && chmod 640 {root}/sub/file-9");
    }

    private static void WriteInPlace(string file, string content)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.Write(Encoding.ASCII.GetBytes(content));
    }

    private static string[] VersionsIn(string directory) =>
        [.. Enumerable.Range(0, FilesTotal).Select(i => File.ReadAllText($"{directory}/f{i:D2}"))];

    // Files are written in their order, so that at any moment some first ones have the version after that of the rest.
    private static void AssertMoment(string[] versions)
    {
        int[] numbers = [.. versions.Select(int.Parse)];
        Assert.Equal(numbers.OrderDescending(), numbers);
        Assert.InRange(numbers[0] - numbers[^1], 0, 1);
    }

    private static void Shell(string command)
    {
        ProgramResult result = HammerProgram.RunAny("sh", "-c", command);
        Assert.True(result.ExitCode == 0, $"{command}: {result.Output} {result.Error}");
    }

    private static void Done(params string[] words)
    {
        ProgramResult result = HammerProgram.Run(words);
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
