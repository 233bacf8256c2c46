// SPDX-License-Identifier: BSD-3-Clause

using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: the program handles arguments that are not UTF-8, closed streams and ^C. Method: bash runs the built program.
/// </summary>
public sealed class ShellTests : IDisposable
{
    private const string RawName = "$'\\xff\\xfe x'";
    private readonly string _directory = Directory.CreateTempSubdirectory("hammer2-shell-").FullName;

    // Names that are not UTF-8 are removed by rm(1).
    public void Dispose() => _ = HammerProgram.RunAny("rm", "-rf", _directory);

    [MountFact]
    public void Arguments_are_bytes()
    {
        ProgramResult one = Bash("\"$H\" hash --json $'\\xff' | tr -d ' \\n'");
        Assert.Equal("", one.Error);
        Assert.Contains($"\"hash\":\"0x{DirectoryHash.Compute([0xFF]):x16}\"", one.Output, StringComparison.Ordinal);
        Assert.Contains("\\\\xff", one.Output, StringComparison.Ordinal);
        ProgramResult longest = Bash("\"$H\" hash \"$(printf '\\xfe%.0s' {1..255})\"");
        Assert.True(longest.ExitCode == 0, longest.Error);
        Assert.Equal(2, Bash("\"$H\" hash \"$(printf '\\xfe%.0s' {1..256})\"").ExitCode);
    }

    [MountFact]
    public void Image_label_and_mount_point_are_bytes()
    {
        ProgramResult made = Bash($"mkdir {RawName} && \"$H\" newfs -s 64m -L {RawName} {RawName}/image");
        Assert.True(made.ExitCode == 0, made.Error);
        ProgramResult written = Bash($"mkdir {RawName}/m && \"$H\" mount {RawName}/image@{RawName} {RawName}/m "
            + $"&& echo 1 >{RawName}/m/f && \"$H\" umount {RawName}/m && [ ! -e {RawName}/m/f ]");
        Assert.True(written.ExitCode == 0, written.Error);
        ProgramResult read = Bash($"cd {RawName} && \"$H\" mount -o ro image@{RawName} m && cat m/f && umount m");
        Assert.True(read.ExitCode == 0, read.Error);
        Assert.Equal("1\n", read.Output);
        ProgramResult cat = Bash($"\"$H\" cat {RawName}/image@{RawName} /f && \"$H\" extract {RawName}/image@{RawName} "
            + $"{RawName}/out >&2 && cat {RawName}/out/f");
        Assert.True(cat.ExitCode == 0, cat.Error);
        Assert.Equal("1\n1\n", cat.Output);
    }

    [UserMountFact]
    public void A_user_mounts_on_a_directory_whose_name_is_not_UTF8()
    {
        string user = "setpriv --reuid=65534 --regid=65534 --clear-groups --";
        ProgramResult made = Bash(
            $"mkdir {RawName} && chown -R 65534:65534 . && {user} \"$H\" newfs -s 64m {RawName}/image");
        Assert.True(made.ExitCode == 0, made.Error);

        // The root directory is the caller's.
        ProgramResult used = Bash($"{user} mkdir {RawName}/m && {user} \"$H\" mount {RawName}/image {RawName}/m && "
            + $"{user} sh -c 'echo 1 >\"$0\"/m/f' {RawName} && {user} \"$H\" umount {RawName}/m");
        Assert.True(used.ExitCode == 0, used.Error);
    }

    [MountTheory]
    [InlineData("info")]
    [InlineData("info --json")]
    [InlineData("pfs-list")]
    [InlineData("show")]
    public void A_closed_standard_output_is_reported(string command)
    {
        string[] words = command.Split(' ');
        string image = GoldenImage.Path("empty-min");
        ProgramResult result = Bash($"\"$H\" {words[0]} '{image}@LOCAL' {string.Join(' ', words.Skip(1))} >&-");
        Assert.True(result.ExitCode == 5, $"{result.ExitCode}: {result.Error}");
        Assert.Equal("hammer2: standard output: Bad file descriptor\n", result.Error);
    }

    [MountFact]
    public void Output_to_closed_streams_is_not_written_to_a_volume()
    {
        ProgramResult made = Bash("\"$H\" newfs -s 64m --uuid 11111111-2222-3333-4444-555555555555 --time 1 a.img");
        Assert.True(made.ExitCode == 0, made.Error);
        _ = Bash("\"$H\" newfs -s 64m --uuid 11111111-2222-3333-4444-555555555555 --time 1 b.img <&- >&- 2>&-");
        Assert.Equal(0, Bash("cmp a.img b.img").ExitCode);
        Assert.Equal(0, Bash("\"$H\" fsck b.img").ExitCode);
    }

    [MountTheory]
    [InlineData("missing")]
    [InlineData("file")]
    public void An_invalid_mount_point_is_rejected_before_anything_is_written(string target)
    {
        using var copy = new ScratchImage("basic-types");
        File.WriteAllText(Path.Combine(_directory, "file"), "");
        byte[] before = SHA256.HashData(File.ReadAllBytes(copy.Path));
        ProgramResult result = HammerProgram.Run("mount", copy.Path + "@DATA", Path.Combine(_directory, target));
        Assert.Equal(32, result.ExitCode);
        string reason = target == "file" ? "Not a directory" : "No such file";
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
        Assert.Equal(before, SHA256.HashData(File.ReadAllBytes(copy.Path)));
    }

    /// <summary>Populating takes much longer than the signal, which is sent when it has begun.</summary>
    [MountTheory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void An_interrupted_populate_reports_the_content_of_the_filesystem(string signal)
    {
        const int Files = 30_000;
        string image = Path.Combine(_directory, "new.img"), source = Path.Combine(_directory, "source");
        _ = Directory.CreateDirectory(source);
        for (int number = 0; number < Files; number++) File.WriteAllText(Path.Combine(source, $"{number}"), "");
        string[] words = ["newfs", "-s", "128m", "--populate", source, image];
        using Process program = HammerProgram.Start(HammerProgram.ProgramPath, words);
        HammerProgram.WaitUntil(() => program.HasExited || HasCommit(image), "the first commit");
        Assert.Equal(0, HammerProgram.RunAny("kill", "-" + signal, $"{program.Id}").ExitCode);
        Assert.True(program.WaitForExit(HammerProgram.PatienceMilliseconds));
        string error = program.StandardError.ReadToEnd();
        Assert.Matches($"^hammer2: newfs: interrupted; {image}: the filesystem is complete[ ,][^\n]*\n$", error);
        Assert.Equal(128 + (signal == "INT" ? 2 : 15), program.ExitCode);
        Assert.Equal(0, HammerProgram.Run("fsck", image).ExitCode);
    }

    /// <summary>The mount waits for a lock that the test holds.</summary>
    [MountTheory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void An_interrupted_mount_reports_that_nothing_is_mounted(string signal)
    {
        using var copy = new ScratchImage("empty-min");
        string target = Directory.CreateDirectory(Path.Combine(_directory, "m")).FullName;
        using FileBlockDevice holder = FileBlockDevice.Open(copy.Path);
        using Process starter = HammerProgram.Start(HammerProgram.ProgramPath, ["mount", copy.Path + "@LOCAL", target]);
        HammerProgram.WaitUntil(() => HammerProgram.ServersOf(target).Count == 2, "the process in the background");
        Assert.Equal(0, HammerProgram.RunAny("kill", "-" + signal, $"{starter.Id}").ExitCode);
        Assert.True(starter.WaitForExit(HammerProgram.PatienceMilliseconds));
        Assert.Equal("hammer2: interrupted; nothing is mounted\n", starter.StandardError.ReadToEnd());
        Assert.Equal(32, starter.ExitCode);
        Assert.False(MountFixture.IsMounted(target));
        Assert.Empty(HammerProgram.ServersOf(target));
    }

    /// <summary>The starting process learns how the daemon ended also when SIGCHLD is ignored, where the kernel
    /// discards exit statuses.</summary>
    [MountTheory]
    [InlineData("")]
    [InlineData("trap '' CHLD; ")]
    public void A_mount_reports_that_its_process_was_killed(string before)
    {
        using var copy = new ScratchImage("empty-min");
        string target = Directory.CreateDirectory(Path.Combine(_directory, "m")).FullName;
        using FileBlockDevice holder = FileBlockDevice.Open(copy.Path);
        string script = before + "exec \"$0\" mount \"$1\" \"$2\"";
        string[] words = ["-c", script, HammerProgram.ProgramPath, copy.Path + "@LOCAL", target];
        using Process starter = HammerProgram.Start("bash", words);
        HammerProgram.WaitUntil(() => HammerProgram.ServersOf(target).Count == 2, "the process in the background");
        int server = HammerProgram.ServersOf(target).Single(number => number != starter.Id);
        Assert.Equal(0, HammerProgram.RunAny("kill", "-KILL", $"{server}").ExitCode);
        Assert.True(starter.WaitForExit(HammerProgram.PatienceMilliseconds));
        Assert.Equal("hammer2: the background process ended by signal 9 before it mounted\n",
            starter.StandardError.ReadToEnd());
        Assert.Equal(32, starter.ExitCode);
    }

    [MountFact]
    public void The_log_of_a_mount_names_damaged_files()
    {
        string target = Directory.CreateDirectory(Path.Combine(_directory, "m")).FullName;
        string[] words = ["mount", "-f", "-o", "ro", CommandMountTests.SpecOf("dmg-data", "DATA"), target];
        using Process server = HammerProgram.Start(HammerProgram.ProgramPath, words);
        HammerProgram.WaitUntil(() => MountFixture.IsMounted(target), "the mount");
        Assert.ThrowsAny<IOException>(() => File.ReadAllBytes(target + "/d/rand"));
        Assert.Equal(0, HammerProgram.RunAny("umount", target).ExitCode);
        string log = server.StandardError.ReadToEnd();
        Assert.Matches("dmg-data.img: Data block at byte [0-9]+ .*, PFS DATA, .*check code does not match", log);
        Assert.Matches(@"PFS DATA: /d/rand \(inode 0x[0-9a-f]+\) returned EIO", log);
    }

    // newfs writes the header with the first transaction id; the commit when populating starts is the next one.
    private static bool HasCommit(string image)
    {
        const ulong FirstTid = 16;
        byte[] header = new byte[Media.VolumeHeaderBytes];
        if (!File.Exists(image)) return false;
        using FileBlockDevice file = FileBlockDevice.Open(image, new FileBlockDeviceOptions(true, TakesLock: false));
        return file.Read(0, header) == Hammer2Error.None && new VolumeHeaderView(header).Fields.MirrorTid > FirstTid;
    }

    private ProgramResult Bash(string script) =>
        HammerProgram.RunAny("bash", "-c", $"cd \"$0\" && H='{HammerProgram.ProgramPath}' && {script}", _directory);
}
