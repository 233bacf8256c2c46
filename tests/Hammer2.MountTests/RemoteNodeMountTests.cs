// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text.Json;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.SyncedFiles;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: exports of NBD servers of others are devices of every command and nodes of mounts; a cluster on three servers
/// goes on without any one of them, whether it is killed, hangs, fails or is slow, and has it back without unmounting.
/// Method: the built program, with nbdkit and its filters, nbd-server and qemu-nbd; each image is checked and mounted
/// by itself at the end.
/// </summary>
public sealed class RemoteNodeMountTests : IDisposable
{
    private const int NodesTotal = 3;

    private readonly string _directory = Directory.CreateTempSubdirectory("hammer2-remote-").FullName;
    private readonly List<string> _images = [];
    private readonly List<NbdServerProcess> _servers = [];

    public void Dispose()
    {
        foreach (NbdServerProcess server in _servers) server.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [NbdMountTheory, InlineData("nbdkit"), InlineData("nbd-server"), InlineData("qemu-nbd")]
    public void An_export_is_a_device_of_every_command(string kind)
    {
        string image = Path.Combine(_directory, "one.img");
        using (FileStream file = File.Create(image)) file.SetLength(1L << 30);
        _servers.Add(NbdServerProcess.OnPort(kind, image));
        string address = _servers[0].Address;
        AssertRuns("newfs", "-L", "DATA", address);
        Assert.Contains("DATA", AssertRuns("pfs-list", address).Output, StringComparison.Ordinal);
        byte[] content = Noise(1);
        using (MountFixture mount = MountFixture.MountForWriting(address + "@DATA"))
        {
            Assert.Contains(address, MountFixture.TableLine(mount.Root), StringComparison.Ordinal);
            WriteSynced(mount.Root + "/file", content);
            Directory.CreateDirectory(mount.Root + "/directory");
            AssertReadsAhead(mount, 4096);
        }
        foreach (string command in new[] { "info", "volume-list", "verify", "fsck", "ls" })
            AssertRuns(command, address);
        using (MountFixture mount = MountFixture.Mount(address + "@DATA", "readahead=512k"))
        {
            Assert.Equal(content, File.ReadAllBytes(mount.Root + "/file"));
            AssertReadsAhead(mount, 512);
        }
        _servers[0].End("TERM");
        AssertRuns("fsck", image);
        ProgramResult gone = HammerProgram.Run("pfs-list", address);
        Assert.Contains("cannot be connected", gone.Error, StringComparison.Ordinal);
    }

    // Root alone can set it.
    private static void AssertReadsAhead(MountFixture mount, int kibibytes)
    {
        if (!Environment.IsPrivilegedProcess) return;
        string device = MountFixture.TableLine(mount.Root).Split(' ')[2];
        Assert.Equal($"{kibibytes}", File.ReadAllText($"/sys/class/bdi/{device}/read_ahead_kb").Trim());
    }

    [NbdMountFact]
    public void An_export_becomes_a_volume_of_a_mounted_filesystem()
    {
        using var image = new PfsImage("1g", "A");
        string export = Path.Combine(_directory, "added.img");
        using (FileStream file = File.Create(export)) file.SetLength(512L << 20);
        _servers.Add(NbdServerProcess.OnPort("nbdkit", export));
        string address = _servers[0].Address, devices = $"{image.Path}@A";
        byte[] content = Noise(8);
        using (MountFixture mount = MountFixture.MountForWriting(devices))
        {
            ProgramResult none = HammerProgram.Run("volume-add", mount.Root, "nbd+unix:///?socket=/none");
            Assert.Contains("cannot be connected", none.Error, StringComparison.Ordinal);
            AssertRuns("volume-add", mount.Root, address);
            Assert.Contains(address, AssertRuns("volume-list", mount.Root).Output, StringComparison.Ordinal);
            // It is claimed, also for a process that sees the file behind it.
            Assert.Contains("is being written by", HammerProgram.Run("newfs", "--force", export).Error,
                StringComparison.Ordinal);
            Assert.NotEqual(0, HammerProgram.Run("volume-add", mount.Root, address).ExitCode);
            // More than the first volume has.
            for (int i = 0; (i * (long)content.Length) < 1200L << 20; i++)
            {
                BitConverter.TryWriteBytes(content, i);
                File.WriteAllBytes($"{mount.Root}/{i}", content);
            }
        }
        image.WaitUntilFree();
        AssertRuns("fsck", $"{image.Path}:{address}");
        using MountFixture again = MountFixture.Mount($"{image.Path}:{address}@A");
        BitConverter.TryWriteBytes(content, 5);
        Assert.Equal(content, File.ReadAllBytes(again.Root + "/5"));
    }

    [NbdMountFact]
    public void A_server_with_tls_proves_its_name_and_so_does_the_client()
    {
        string image = Path.Combine(_directory, "tls.img");
        NewVolume.InFile(image);
        string keys = Path.Combine(_directory, "keys");
        TestCertificates.Write(keys);
        _servers.Add(NbdServerProcess.OnPort("nbdkit", image,
            "--tls=require", "--tls-certificates=" + keys, "--tls-verify-peer"));
        string plain = _servers[0].Address, address = plain.Replace("nbd://", "nbds://", StringComparison.Ordinal);
        Assert.Contains("nbds:// is needed", HammerProgram.Run("pfs-list", plain).Error, StringComparison.Ordinal);
        Assert.Contains("TLS connection is refused", HammerProgram.Run("pfs-list", address).Error,
            StringComparison.Ordinal);
        address += "?tls-certificates=" + keys;
        Assert.Contains("TLS connection is refused",
            HammerProgram.Run("pfs-list", address + "&tls-hostname=other").Error, StringComparison.Ordinal);
        byte[] content = Noise(1);
        using (MountFixture mount = MountFixture.MountForWriting(address + "@DATA"))
            WriteSynced(mount.Root + "/file", content);
        using (MountFixture mount = MountFixture.Mount(address + "@DATA"))
            Assert.Equal(content, File.ReadAllBytes(mount.Root + "/file"));
        AssertRuns("fsck", address);
    }

    [NbdMountFact]
    public void Servers_that_are_killed_in_turn_return_without_unmounting()
    {
        Serve("");
        using (MountFixture mount = Mount())
        {
            WriteSynced(mount.Root + "/first", Noise(1));
            for (int node = 0; node < NodesTotal; node++)
            {
                _servers[node].Kill();
                WriteSynced($"{mount.Root}/without{node}", Noise((ulong)node + 2));
                Assert.Equal(NodesTotal - 1, SyncedOf(mount));
                _servers[node].Start();
                HammerProgram.WaitUntil(() => SyncedOf(mount) == NodesTotal, "the node to be synced again");
                WriteSynced($"{mount.Root}/with{node}", Noise((ulong)node + 10));
            }
        }
        AssertLevel();
    }

    [NbdMountTheory, InlineData(false), InlineData(true)]
    public void A_server_that_hangs_is_fenced_in_time_and_returns(bool isPausedByFilter)
    {
        Serve("timeout=2", node => isPausedByFilter
            ? ["--filter=pause", $"pause-control={_images[node]}.pause"] : []);
        using (MountFixture mount = Mount())
        {
            for (int node = 0; node < NodesTotal; node++)
            {
                if (isPausedByFilter) Pause(node, 'p', 'P');
                else _servers[node].Signal("STOP");
                WriteSynced($"{mount.Root}/without{node}", Noise((ulong)node + 2));
                Assert.Equal(NodesTotal - 1, SyncedOf(mount));
                WriteSynced($"{mount.Root}/more{node}", Noise((ulong)node + 2));
                if (isPausedByFilter) Pause(node, 'r', 'R');
                else _servers[node].Signal("CONT");
                HammerProgram.WaitUntil(() => SyncedOf(mount) == NodesTotal, "the node to be synced again");
                WriteSynced($"{mount.Root}/with{node}", Noise((ulong)node + 10));
            }
        }
        AssertLevel();
    }

    [NbdMountFact]
    public void A_server_whose_writes_fail_returns_when_they_succeed()
    {
        string flag = Path.Combine(_directory, "fail");
        Serve("", node => node == 1
            ? ["--filter=error", "error=EIO", "error-pwrite-rate=100%", "error-file=" + flag] : []);
        using (MountFixture mount = Mount())
        {
            for (int node = 0; node < NodesTotal; node++)
            {
                File.WriteAllText(flag, "");
                WriteSynced($"{mount.Root}/without{node}", Noise((ulong)node + 2));
                Assert.Equal(NodesTotal - 1, SyncedOf(mount));
                File.Delete(flag);
                HammerProgram.WaitUntil(() => SyncedOf(mount) == NodesTotal, "the node to be synced again");
                WriteSynced($"{mount.Root}/with{node}", Noise((ulong)node + 10));
            }
        }
        AssertLevel();
    }

    [NbdMountFact]
    public void Slow_servers_and_one_that_shuts_down_are_no_danger()
    {
        string flag = Path.Combine(_directory, "end");
        Serve("", node => node switch
        {
            0 => ["--filter=delay", "rdelay=20ms", "wdelay=30ms"],
            1 => ["--filter=rate", "rate=100M"],
            _ => ["--filter=exitwhen", "exit-when-file-created=" + flag, "exit-when-poll=1"],
        });
        using (MountFixture mount = Mount())
        {
            WriteSynced(mount.Root + "/first", Noise(1));
            Assert.Equal(NodesTotal, SyncedOf(mount));
            File.WriteAllText(flag, "");
            for (int node = 0; node < NodesTotal; node++)
            {
                WriteSynced($"{mount.Root}/without{node}", Noise((ulong)node + 2));
                WriteSynced($"{mount.Root}/with{node}", Noise((ulong)node + 10));
            }
            // It lets its clients end by themselves, and is killed while it waits for them.
            _servers[2].Kill();
            File.Delete(flag);
            _servers[2].Start();
            WriteSynced(mount.Root + "/more", Noise(9));
            HammerProgram.WaitUntil(() => SyncedOf(mount) == NodesTotal, "the node to be synced again");
        }
        AssertLevel();
    }

    [NbdMountFact]
    public void While_an_export_is_mounted_no_other_process_writes_it_not_even_through_its_image()
    {
        string image = Path.Combine(_directory, "shared.img");
        NewVolume.InFile(image);
        _servers.Add(NbdServerProcess.Nbdkit(image));
        string address = _servers[0].Address;
        byte[] content = Noise(1);
        using (MountFixture mount = MountFixture.MountForWriting(address + "@DATA"))
        {
            string[][] writers = [["fsck", "--repair", address], ["newfs", "--force", address], ["bulkfree", image]];
            foreach (string[] words in writers)
            {
                ProgramResult refused = HammerProgram.Run(words);
                Assert.NotEqual(0, refused.ExitCode);
                Assert.Contains($"is being written by process {mount.ServerNumber} of {Environment.MachineName}",
                    refused.Error, StringComparison.Ordinal);
            }
            WriteSynced(mount.Root + "/file", content);
        }
        AssertRuns("fsck", "--repair", address);
        using (MountFixture mount = MountFixture.Mount(address + "@DATA"))
        {
            Assert.Equal(content, File.ReadAllBytes(mount.Root + "/file"));
            // A reader that becomes a writer claims it, too.
            AssertRuns("fsck", "--repair", address);
            if (!Environment.IsPrivilegedProcess) return;
            AssertRuns("mount.hammer2", "none", mount.Root, "-o", "remount,rw");
            Assert.NotEqual(0, HammerProgram.Run("fsck", "--repair", address).ExitCode);
            WriteSynced(mount.Root + "/more", content);
        }
        AssertRuns("fsck", image);
    }

    private static ProgramResult AssertRuns(params string[] words)
    {
        ProgramResult result = HammerProgram.Run(words);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', words)}: {result.Output}{result.Error}");
        return result;
    }

    // Sends a letter to the pause filter, which answers by another one.
    private void Pause(int node, char sent, char answered)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(_images[node] + ".pause"));
        _ = socket.Send([(byte)sent]);
        byte[] answer = new byte[1];
        Assert.Equal(1, socket.Receive(answer));
        Assert.Equal((byte)answered, answer[0]);
    }

    private void Serve(string options, Func<int, string[]>? filters = null)
    {
        for (int node = 0; node < NodesTotal; node++) _images.Add(Path.Combine(_directory, $"n{node}.img"));
        NewVolume.ClusterInFiles(_images, 2L << 30);
        for (int node = 0; node < NodesTotal; node++)
            _servers.Add(NbdServerProcess.Nbdkit(_images[node], options, filters?.Invoke(node) ?? []));
    }

    private MountFixture Mount() => MountFixture.MountForWriting(
        [_servers[0].Address + "@CL", _servers[1].Address, _servers[2].Address]);

    private static int SyncedOf(MountFixture mount)
    {
        using JsonDocument status = JsonDocument.Parse(File.ReadAllText(mount.Root + "/.hammer2/status"));
        return status.RootElement.GetProperty("result").GetProperty("nodes").EnumerateArray().Count(
            node => node.GetProperty("state").GetString() == "Synced");
    }

    private void AssertLevel()
    {
        foreach (NbdServerProcess server in _servers) server.Dispose();
        foreach (string image in _images)
        {
            AssertRuns("fsck", image);
            using MountFixture mount = MountFixture.Mount(image + "@CL", "degraded");
            for (int node = 0; node < NodesTotal; node++)
            {
                Assert.Equal(Noise((ulong)node + 2), File.ReadAllBytes($"{mount.Root}/without{node}"));
                Assert.Equal(Noise((ulong)node + 10), File.ReadAllBytes($"{mount.Root}/with{node}"));
            }
        }
    }
}
