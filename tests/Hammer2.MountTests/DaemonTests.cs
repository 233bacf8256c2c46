// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using Hammer2.Devices;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: nothing is left of a mount after any kind of end, and a mount serves many callers at once. Method: the built
/// program serves golden images, and is unmounted, signalled and killed.
/// </summary>
public sealed class DaemonTests
{
    private const int NotConnected = -107;
    private const int ConnectionAborted = -103;
    private const int ReadersTotal = 8;

    [MountTheory]
    [InlineData("umount", "DIR")]
    [InlineData("umount", "-l", "DIR")]
    [InlineData("fusermount3", "-u", "DIR")]
    [InlineData("HAMMER2", "umount", "DIR")]
    [InlineData("HAMMER2", "umount", "--lazy", "DIR")]
    public void Unmounting_leaves_nothing(params string[] words)
    {
        using var copy = new ScratchImage("empty-min");
        using MountFixture mount = MountFixture.Mount(copy.Path + "@LOCAL");
        string program = words[0] == "HAMMER2" ? HammerProgram.ProgramPath : words[0];
        string[] rest = [.. words.Skip(1).Select(word => word == "DIR" ? mount.Root : word)];
        ProgramResult result = HammerProgram.RunAny(program, rest);
        Assert.True(result.ExitCode == 0, result.Error);
        mount.AssertGone();
        AssertFree(copy);
    }

    [MountTheory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    [InlineData("QUIT")]
    public void A_signal_unmounts_and_leaves_nothing(string signal)
    {
        using var copy = new ScratchImage("empty-min");
        using MountFixture mount = MountFixture.Mount(copy.Path + "@LOCAL");
        mount.Signal(signal);
        mount.AssertGone();
        AssertFree(copy);
    }

    [MountFact]
    public void Other_signals_are_ignored()
    {
        using var copy = new ScratchImage("empty-min");
        using (MountFixture mount = MountFixture.MountForWriting(copy.Path + "@LOCAL"))
        {
            File.WriteAllText(mount.Root + "/before", "1");
            foreach (string signal in (string[])["USR1", "USR2", "ALRM"])
            {
                mount.Signal(signal);
                File.WriteAllText(mount.Root + "/" + signal, signal);
                Assert.Equal(signal, File.ReadAllText(mount.Root + "/" + signal));
            }
            Assert.Equal(0, HammerProgram.RunAny("umount", mount.Root).ExitCode);
            mount.AssertGone();
        }
        using MountFixture again = MountFixture.Mount(copy.Path + "@LOCAL");
        Assert.Equal(["ALRM", "USR1", "USR2", "before"],
            Directory.GetFiles(again.Root).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [MountFact]
    public void A_background_process_keeps_nothing_open_that_its_starter_had()
    {
        using var copy = new ScratchImage("empty-min");
        string inherited = Path.GetTempFileName(), target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        const string Script = "exec 8<>\"$1\" 9<>\"$1\"; \"$0\" mount \"$2@LOCAL\" \"$3\"";
        ProgramResult mounted = HammerProgram.RunAny(
            "sh", "-c", Script, HammerProgram.ProgramPath, inherited, copy.Path, target);
        try
        {
            Assert.True(mounted.ExitCode == 0, mounted.Error);
            string[] processes = [.. Directory.GetDirectories("/proc").Where(static path => char.IsDigit(path[6]))];
            Assert.DoesNotContain(processes, path => Holds(path, inherited));
            // Where the program is executed by its link in /proc, Linux calls the process "exe".
            string daemon = processes.Single(
                path => TextOf(path, "cmdline").EndsWith('\0' + target + '\0', StringComparison.Ordinal));
            Assert.Equal("hammer2\n", TextOf(daemon, "comm"));
        }
        finally
        {
            _ = HammerProgram.RunAny("umount", target);
            Directory.Delete(target);
            File.Delete(inherited);
        }
    }

    private static string TextOf(string process, string file) => Look(() => File.ReadAllText($"{process}/{file}"), "");

    private static bool Holds(string process, string file) => Look(() => Directory.GetFileSystemEntries(process + "/fd")
        .Any(path => new FileInfo(path).LinkTarget == file), false);

    // Processes of others end while they are looked at.
    private static T Look<T>(Func<T> look, T gone)
    {
        try
        {
            return look();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return gone;
        }
    }

    [MountFact]
    public void Data_written_before_QUIT_is_durable()
    {
        using var copy = new ScratchImage("empty-min");
        using (MountFixture mount = MountFixture.MountForWriting(copy.Path + "@LOCAL"))
        {
            File.WriteAllText(mount.Root + "/f", "content");
            mount.Signal("QUIT");
            mount.AssertGone();
        }
        using MountFixture again = MountFixture.Mount(copy.Path + "@LOCAL");
        Assert.Equal("content", File.ReadAllText(again.Root + "/f"));
    }

    [MountFact]
    public void A_signal_ends_the_mount_while_files_are_open()
    {
        using var copy = new ScratchImage("basic-types");
        using MountFixture mount = MountFixture.Mount(copy.Path + "@DATA");
        int file = PosixCalls.Open(mount.Root + "/d3/f", 0);
        Assert.True(file >= 0);
        mount.Signal("TERM");
        mount.AssertGone();
        AssertFree(copy);

        // A process with an open file gets errors and does not wait.
        byte[] buffer = new byte[4096];
        Assert.InRange(PosixCalls.ReadAt(file, buffer, 65536), NotConnected, ConnectionAborted);
        Assert.Equal(0, PosixCalls.Close(file));
    }

    [MountFact]
    public void Umount_of_a_busy_mount_fails_without_effect()
    {
        using MountFixture mount = MountFixture.Mount(CommandMountTests.SpecOf("basic-types", "DATA"));
        using (PosixTree.Open(mount.Root + "/d3/f"))
        {
            Assert.NotEqual(0, HammerProgram.RunAny("umount", mount.Root).ExitCode);
            ProgramResult result = HammerProgram.Run("umount", mount.Root);
            Assert.Equal(32, result.ExitCode);
            Assert.Contains(mount.Root, result.Error, StringComparison.Ordinal);
        }
        Assert.Equal('d', PosixTree.Status(mount.Root + "/d0").Type);
    }

    [MountFact]
    public void A_killed_daemon_leaves_a_mount_that_umount_removes()
    {
        using var copy = new ScratchImage("basic-types");
        using MountFixture mount = MountFixture.Mount(copy.Path + "@DATA");
        mount.Signal("KILL");
        HammerProgram.WaitUntil(() => HammerProgram.ServersOf(mount.Root).Count == 0, "the process to die");
        Assert.True(MountFixture.IsMounted(mount.Root));

        // One of its threads may receive the first request before it dies; the kernel then returns EIO.
        HammerProgram.WaitUntil(
            () => PosixCalls.StatX(mount.Root + "/d0", 0, out _) is >= NotConnected and <= ConnectionAborted,
            "the connection to end");
        AssertFree(copy);

        // Mounting over it works as well, and both can be unmounted.
        ProgramResult result = HammerProgram.RunAny("umount", mount.Root);
        Assert.True(result.ExitCode == 0, result.Error);
        mount.AssertGone();
    }

    [MountFact]
    public void In_the_foreground_the_program_serves_until_it_is_unmounted()
    {
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        string spec = CommandMountTests.SpecOf("basic-types", "DATA");
        string[] words = ["mount", "-f", "-o", "ro,loglevel=info", spec, target];
        using Process process = HammerProgram.Start(HammerProgram.ProgramPath, words);
        HammerProgram.WaitUntil(() => MountFixture.IsMounted(target), "the mount");
        Assert.Equal('d', PosixTree.Status(target + "/d0").Type);
        Assert.False(process.HasExited);
        Assert.Equal(0, HammerProgram.RunAny("umount", target).ExitCode);
        Assert.True(process.WaitForExit(HammerProgram.PatienceMilliseconds));
        Assert.Equal(0, process.ExitCode);
        string log = process.StandardError.ReadToEnd();
        Assert.Contains("is mounted on " + target, log, StringComparison.Ordinal);
        Directory.Delete(target);
    }

    [MountFact]
    public void An_interrupted_foreground_program_unmounts()
    {
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        string spec = CommandMountTests.SpecOf("basic-types", "DATA");
        using Process process = HammerProgram.Start(
            HammerProgram.ProgramPath, ["mount", "--foreground", "-o", "ro", spec, target]);
        HammerProgram.WaitUntil(() => MountFixture.IsMounted(target), "the mount");
        string number = process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        HammerProgram.WaitUntil(() => PosixCalls.StatX(target + "/d0", 0, out _) == 0, "an answer");
        Assert.Equal(0, HammerProgram.RunAny("kill", "-INT", number).ExitCode);
        Assert.True(process.WaitForExit(HammerProgram.PatienceMilliseconds));
        Assert.Equal(0, process.ExitCode);
        Assert.False(MountFixture.IsMounted(target));
        Directory.Delete(target);
    }

    [MountFact]
    public void Many_concurrent_readers_read_the_same_as_one()
    {
        using MountFixture mount = MountFixture.Mount(
            CommandMountTests.SpecOf("matrix", "DATA"), "ro,max_threads=4");
        Dictionary<string, string> hashes = Manifest.Read("matrix", "DATA").Entries
            .Where(entry => entry.Type == 'f').ToDictionary(entry => entry.Path, entry => entry.Value);
        var wrong = new List<string>();
        var readers = new List<Thread>();
        for (int reader = 0; reader < ReadersTotal; reader++)
        {
            int start = reader;
            readers.Add(new Thread(() => ReadAll(mount.Root, hashes, start, wrong)));
            readers[^1].Start();
        }
        readers.ForEach(reader => reader.Join());
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [MountFact]
    public void Listings_in_pieces_with_and_without_attributes_name_every_entry_once()
    {
        using MountFixture mount = MountFixture.Mount(CommandMountTests.SpecOf("dir20k", "DATA"));
        string[] directories = [.. Manifest.Read("dir20k", "DATA").Entries
            .Where(entry => entry.Type == 'd').Select(entry => entry.Path)];
        foreach (string path in directories)
        {
            string directory = path == "/" ? mount.Root : mount.Root + path;
            List<PosixEntry> all = PosixTree.Entries(directory);
            for (int index = 0; index < all.Count; index += 97)
            {
                // Stating what was listed makes the next listing one with attributes.
                PosixStatus status = PosixTree.Status(directory + "/" + all[index].Name);
                if (all[index].Name != "..") Assert.Equal(all[index].Inode, status.Inode);
            }
            List<PosixEntry> again = PosixTree.Entries(directory, bufferBytes: 1000);
            Assert.Equal(all.Select(entry => entry.Name), again.Select(entry => entry.Name));
            Assert.Equal(all.Count, all.Select(entry => entry.Name).Distinct().Count());
        }
    }

    [UserMountFact]
    public void Only_the_user_who_mounted_can_access_a_user_mount()
    {
        using var copy = new ScratchImage("basic-types");
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        Assert.Equal(0, HammerProgram.RunAny("chown", "65534:65534", target, copy.Path).ExitCode);
        string[] asOrdinaryUser =
            ["--reuid=65534", "--regid=65534", "--clear-groups", "--", HammerProgram.ProgramPath];
        ProgramResult result = HammerProgram.RunAny(
            "setpriv", [.. asOrdinaryUser, "mount", copy.Path + "@DATA", target]);
        Assert.True(result.ExitCode == 0, result.Error);

        using MountFixture mount = MountFixture.Adopt(target);
        string line = MountFixture.TableLine(target);
        Assert.Contains("user_id=65534", line, StringComparison.Ordinal);
        Assert.DoesNotContain("allow_other", line, StringComparison.Ordinal);
        Assert.Equal(-13, PosixCalls.StatX(target + "/d0", 0, out _));       // EACCES, even for root
        ProgramResult listing = HammerProgram.RunAny(
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", "ls", target);
        Assert.Contains("emptydir", listing.Output, StringComparison.Ordinal);

        result = HammerProgram.RunAny("setpriv", [.. asOrdinaryUser, "umount", target]);
        Assert.True(result.ExitCode == 0, result.Error);
        mount.AssertGone();
    }

    [MountFact]
    public void The_cache_limit_holds_during_a_complete_walk()
    {
        using MountFixture mount = MountFixture.Mount(
            CommandMountTests.SpecOf("dir20k", "DATA"), "memory=8M");
        ProgramResult walk = HammerProgram.RunAny("find", mount.Root, "-links", "+1000");
        Assert.True(walk.ExitCode == 0, walk.Error);
        string status = File.ReadAllText($"/proc/{mount.ServerNumber}/status");
        string peak = status.Split('\n').Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        int kibibytes = int.Parse(peak.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(kibibytes, 1, 200 * 1024);
    }

    private static void ReadAll(
        string root, Dictionary<string, string> hashes, int start, List<string> wrong)
    {
        string[] paths = [.. hashes.Keys.Order(StringComparer.Ordinal)];
        for (int step = 0; step < paths.Length; step++)
        {
            string path = paths[(step + start * paths.Length / ReadersTotal) % paths.Length];
            string hash = Convert.ToHexStringLower(SHA256.HashData(PosixTree.Contents(root + path)));
            if (hash == hashes[path]) continue;
            lock (wrong) wrong.Add($"reader {start}: {path}");
        }
    }

    // The daemon releases its devices, so that a writer can open them. A killed process loses its command line in /proc
    // before its files are closed, so its lock may be held a moment longer.
    private static void AssertFree(ScratchImage image)
    {
        using FileBlockDevice device = FileBlockDevice.Open(
            image.Path,
            new FileBlockDeviceOptions(
                IsReadOnly: false, LockWaitMilliseconds: HammerProgram.PatienceMilliseconds));
        Assert.False(device.IsReadOnly);
    }
}
