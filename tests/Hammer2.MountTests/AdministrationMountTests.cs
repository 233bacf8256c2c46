// SPDX-License-Identifier: BSD-3-Clause

using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: a mount is administered through its control file and by upstream's ioctls. Method: the built program serves a
/// copy of a golden image; requests are system calls.
/// </summary>
public sealed class AdministrationMountTests
{
    private const int NotPermitted = -1;
    private const int Exists = -17;
    private const int Malformed = -22;
    private const int NotSupported = -95;
    private const short PollIn = 1;
    private const short PollOut = 4;

    [MountFact]
    public void The_virtual_directory_is_not_listed_and_for_its_owner()
    {
        using var copy = new ScratchImage("empty-mounted");
        using MountFixture mount = MountFixture.MountForWriting(copy.Path + "@DATA");
        string directory = mount.Root + "/.hammer2";
        Assert.Empty(Directory.GetFileSystemEntries(mount.Root));
        Assert.Equal(["control", "events", "metrics", "pfs", "snapshots", "stats", "status", "trace", "volumes"],
            Directory.GetFileSystemEntries(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(0, PosixCalls.StatX(directory, 0, out PosixStatus found));
        Assert.Equal(0x4140, found.Mode);
        Assert.Equal(0, PosixCalls.StatX(directory + "/control", 0, out found));
        Assert.Equal(0x8180, found.Mode);
        ProgramResult stranger = HammerProgram.RunAny(
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", "cat", directory + "/status");
        Assert.NotEqual(0, stranger.ExitCode);

        Assert.Equal(Exists, PosixCalls.MakeDirectory(directory));
        Assert.Equal(NotPermitted, PosixCalls.RemoveDirectory(directory));
        Assert.Equal(NotPermitted, PosixCalls.Rename(directory, mount.Root + "/other"));
        Assert.Equal(NotPermitted, PosixCalls.Unlink(directory + "/control"));
        Assert.True(PosixCalls.Open(directory + "/made", PosixCalls.Create | PosixCalls.WriteOnly) < 0);
        Assert.Equal(0, PosixCalls.MakeDirectory(mount.Root + "/other"));
        Assert.Equal(NotPermitted, PosixCalls.Rename(mount.Root + "/other", directory));
    }

    [MountFact]
    public void An_entry_of_its_name_is_shown_instead()
    {
        string source = Directory.CreateTempSubdirectory("hammer2-entry-").FullName;
        string image = Path.GetTempFileName();
        try
        {
            File.WriteAllText(source + "/.hammer2", "an entry");
            File.Delete(image);
            ProgramResult made = HammerProgram.Run("newfs", "-s", "64m", "--populate", source, image);
            Assert.True(made.ExitCode == 0, made.Error);
            using MountFixture mount = MountFixture.MountForWriting(image + "@DATA");
            Assert.Equal("an entry", File.ReadAllText(mount.Root + "/.hammer2"));
            Assert.Single(Directory.GetFileSystemEntries(mount.Root));
            File.Delete(mount.Root + "/.hammer2");
            Assert.True(Directory.Exists(mount.Root + "/.hammer2"));
        }
        finally
        {
            Directory.Delete(source, recursive: true);
            File.Delete(image);
        }
    }

    [MountTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Its_files_have_answers_as_JSON(bool isReadOnly)
    {
        using var copy = new ScratchImage("empty-mounted");
        using MountFixture mount = isReadOnly
            ? MountFixture.Mount(copy.Path + "@DATA") : MountFixture.MountForWriting(copy.Path + "@DATA");
        for (int round = 0; round < 3; round++)
        {
            JsonElement status = Result(mount, "status");
            Assert.Equal("healthy", status.GetProperty("health").GetString());
            Assert.Equal(isReadOnly, status.GetProperty("isReadOnly").GetBoolean());
        }
        Assert.Contains(Result(mount, "pfs").GetProperty("pfs").EnumerateArray(),
            pfs => pfs.GetProperty("label").GetString() == "DATA");
        Assert.Equal(copy.Path, Result(mount, "volumes").GetProperty("volumes")[0].GetProperty("path").GetString());
    }

    [MountFact]
    public void Each_opener_of_the_control_file_reads_its_own_answer()
    {
        using var copy = new ScratchImage("empty-mounted");
        using MountFixture mount = MountFixture.MountForWriting(copy.Path + "@DATA");
        using PosixFile one = OpenControl(mount), other = OpenControl(mount);
        Assert.Equal("", Read(one));
        Assert.Equal(7, Write(one, "version"));
        Assert.Equal(16, Write(other, "pfs-lookup DATA\n"));
        Assert.StartsWith("done\nformat: ", Read(one), StringComparison.Ordinal);
        Assert.StartsWith("done\nlabel: DATA\ntype: MASTER\n", Read(other), StringComparison.Ordinal);

        Assert.Equal(Malformed, Write(one, "version\nversion"));
        Assert.StartsWith("failed 22 EINVAL: malformed request: ", Read(one), StringComparison.Ordinal);
        Assert.Equal(Malformed, Write(one, new string('a', 100_000)));
        Assert.Contains("at most 4000 bytes", Read(one), StringComparison.Ordinal);
        Assert.Equal(NotSupported, Write(one, "no-such-request"));
        Assert.Equal(21, Write(one, "{\"request\":\"version\"}"));
        Assert.Contains("\"state\":\"done\"", Read(one), StringComparison.Ordinal);

        // As a shell does: truncated and written at once.
        File.WriteAllText(mount.Root + "/.hammer2/control", "sync\n");
    }

    [MountFact]
    public void A_long_request_is_polled()
    {
        using var copy = new ScratchImage("empty-mounted");
        using MountFixture mount = MountFixture.MountForWriting(copy.Path + "@DATA");
        using PosixFile control = OpenControl(mount);
        Assert.Equal(PollOut, PosixCalls.Poll(control.Id, PollIn | PollOut));
        Assert.Equal(8, Write(control, "bulkfree"));
        Assert.Equal(PollIn, PosixCalls.Poll(control.Id, PollIn, HammerProgram.PatienceMilliseconds));
        Assert.StartsWith("done\nfreedBytes: ", Read(control), StringComparison.Ordinal);
        Assert.Equal(PollOut, PosixCalls.Poll(control.Id, PollIn | PollOut));
    }

    [MountTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Events_and_requests_of_the_kernel_are_shown(bool isReadOnly)
    {
        using var copy = new ScratchImage("empty-mounted");
        using MountFixture mount = isReadOnly
            ? MountFixture.Mount(copy.Path + "@DATA") : MountFixture.MountForWriting(copy.Path + "@DATA");
        Assert.Contains("is mounted on", File.ReadAllText(mount.Root + "/.hammer2/events"), StringComparison.Ordinal);
        JsonElement[] operations = [.. Result(mount, "stats").GetProperty("operations").EnumerateArray()];
        JsonElement lookups = operations.Single(one => one.GetProperty("name").GetString() == "Lookup");
        Assert.Equal(lookups.GetProperty("count").GetInt64(),
            lookups.GetProperty("histogram").EnumerateArray().Sum(range => range.GetInt64()));
        if (isReadOnly) return;

        using PosixFile events = PosixTree.Open(mount.Root + "/.hammer2/events");
        Assert.Contains("is mounted on", Read(events), StringComparison.Ordinal);
        Assert.Equal(0, PosixCalls.Poll(events.Id, PollIn));
        File.WriteAllText(mount.Root + "/.hammer2/control", "snapshot made");
        Assert.Equal(PollIn, PosixCalls.Poll(events.Id, PollIn, HammerProgram.PatienceMilliseconds));
        Assert.Contains("snapshot of user 0 is done: label=made", Read(events), StringComparison.Ordinal);
        File.WriteAllText(mount.Root + "/.hammer2/control", "pfs-delete made");
        Assert.Contains("pfs-delete of user 0 is done", Read(events), StringComparison.Ordinal);
        Assert.Equal("", Read(events));
        ProgramResult listed = HammerProgram.Run("events", mount.Root);
        Assert.Equal(0, listed.ExitCode);
        Assert.Matches(
            @"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d information \w+: request snapshot of user 0 is done", listed.Output);
        Assert.Equal("", HammerProgram.Run("events", "--new", mount.Root).Output);
        AssertFollowed(mount);
    }

    private static void AssertFollowed(MountFixture mount)
    {
        using Process follower = HammerProgram.Start(
            HammerProgram.ProgramPath, ["events", "--json", "--follow", mount.Root]);
        Assert.NotNull(follower.StandardOutput.ReadLine());
        File.WriteAllText(mount.Root + "/.hammer2/control", "snapshot followed");
        string? line;
        do line = follower.StandardOutput.ReadLine();
        while (line?.Contains("label=followed", StringComparison.Ordinal) == false);
        HammerProgram.RunAny("kill", "-INT", follower.Id.ToString(CultureInfo.InvariantCulture));
        Assert.True(follower.WaitForExit(HammerProgram.PatienceMilliseconds));
        using JsonDocument found = JsonDocument.Parse(line!);
        Assert.Equal("Information", found.RootElement.GetProperty("level").GetString());
    }

    [MountFact]
    public void Ioctls_of_upstream_are_answered_on_files_and_directories()
    {
        using var copy = new ScratchImage("empty-mounted");
        using MountFixture mount = MountFixture.MountForWriting(copy.Path + "@DATA");
        File.WriteAllText(mount.Root + "/file", "content");
        using PosixFile root = PosixTree.Open(mount.Root), file = PosixTree.Open(mount.Root + "/file");
        byte[] version = new byte[256];
        Assert.Equal(0, PosixCalls.InputOutputControl(file.Id, 0xC1006840, version));
        Assert.InRange(version[0], 1, 2);
        byte[] inode = new byte[1056];
        Assert.Equal(0, PosixCalls.InputOutputControl(file.Id, 0xC4206856, inode));
        Assert.Equal(7UL, BinaryPrimitives.ReadUInt64LittleEndian(inode.AsSpan(0x20 + 0x60)));
        byte[] pfs = new byte[320];
        pfs.AsSpan(0, 8).Fill(0xFF);
        Assert.Equal(0, PosixCalls.InputOutputControl(root.Id, 0xC1406850, pfs));
        Assert.Equal("DATA\0", Encoding.ASCII.GetString(pfs.AsSpan(64, 5)));
        byte[] volumes = new byte[5896];
        volumes[0x1600] = 64;
        Assert.Equal(0, PosixCalls.InputOutputControl(root.Id, 0xD70868C5, volumes));
        Assert.Equal(1, volumes[0x1600]);
        Assert.Equal(NotSupported, PosixCalls.InputOutputControl(root.Id, 0xC1106861, new byte[272]));
        Assert.Equal(NotSupported, PosixCalls.InputOutputControl(root.Id, 0xC0046801, new byte[4]));
    }

    private static JsonElement Result(MountFixture mount, string name)
    {
        string text = File.ReadAllText($"{mount.Root}/.hammer2/{name}");
        using var document = JsonDocument.Parse(text);
        Assert.Equal(0, document.RootElement.GetProperty("errno").GetInt32());
        return document.RootElement.GetProperty("result").Clone();
    }

    private static PosixFile OpenControl(MountFixture mount) =>
        PosixTree.Open(mount.Root + "/.hammer2/control", PosixCalls.ReadWrite);

    private static long Write(PosixFile control, string request) =>
        PosixCalls.Write(control.Id, Encoding.UTF8.GetBytes(request));

    private static string Read(PosixFile control)
    {
        var text = new StringBuilder();
        byte[] room = new byte[100];
        while (PosixCalls.Read(control.Id, room) is var bytes and > 0)
            _ = text.Append(Encoding.UTF8.GetString(room.AsSpan(0, (int)bytes)));
        return text.ToString();
    }
}
