// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Concurrency;
using Hammer2.Format;
using Hammer2.Fuse.Control;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse.Control;

/// <summary>Goal: whatever comes over the socket, the process that serves goes on and answers others. Method: a server
/// with one request, in a run-time directory of the test.</summary>
public sealed class ControlServerTests : IDisposable
{
    private static readonly MediaUuid Filesystem = MediaUuid.From(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("hammer2-run-").FullName;
    private readonly RuntimeDirectory _runtime;
    private readonly ControlServer _server;
    private int _answered;

    public ControlServerTests()
    {
        _runtime = new RuntimeDirectory(Path.Combine(_directory, "hammer2"), LinuxFiles.EffectiveUser());
        _server = NewServer();
    }

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void A_request_is_answered_and_the_files_go_with_the_filesystem()
    {
        _server.Listen(Filesystem);
        Assert.Equal([Filesystem + ".lock", Filesystem + ".sock"], Files());
        AssertAnswers();
        _server.Close(Filesystem);
        Assert.Empty(Files());
        Assert.Null(UnixSocket.TryConnect(SocketPath()));
    }

    [Theory]
    [InlineData(1, "dance", "no such request")]
    [InlineData(2, "echo", "version")]
    public void What_is_not_known_is_refused(int version, string command, string mentioned)
    {
        _server.Listen(Filesystem);
        ControlAnswer? answer = Ask(ControlCodec.Encode(new ControlRequest(version, command, new PathView("m", "r"))));
        Assert.Equal(ControlStatus.Refused, answer!.Status);
        Assert.Contains(mentioned, answer.Message, StringComparison.Ordinal);
        AssertAnswers();
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(-1, "")]
    [InlineData(2, "{}")]
    [InlineData(4, "nono")]
    public void A_malformed_request_is_refused_and_the_next_one_answered(int length, string json)
    {
        _server.Listen(Filesystem);
        ControlAnswer? answer = Ask([.. BitConverter.GetBytes(length), .. Encoding.ASCII.GetBytes(json)]);
        Assert.Equal(ControlStatus.Refused, answer!.Status);
        Assert.StartsWith("malformed request", answer.Message, StringComparison.Ordinal);
        AssertAnswers();
    }

    [Fact]
    public void Connections_that_send_nothing_or_half_a_request_hold_up_no_other()
    {
        _server.Listen(Filesystem);
        using UnixSocket silent = UnixSocket.TryConnect(SocketPath())!;
        using UnixSocket half = UnixSocket.TryConnect(SocketPath())!;
        Assert.True(half.TrySend([100, 0, 0, 0, (byte)'{'], new Deadline(TimeProvider.System, Patience)));
        using (UnixSocket gone = UnixSocket.TryConnect(SocketPath())!) { }
        AssertAnswers();
    }

    [Fact]
    public void A_defect_in_a_request_ends_that_request_alone()
    {
        _server.Listen(Filesystem);
        ControlAnswer? answer = Ask(ControlCodec.Encode(new ControlRequest(1, "fail", new PathView("m", "r"))));
        Assert.Equal(ControlStatus.Refused, answer!.Status);
        Assert.Contains("defect", answer.Message, StringComparison.Ordinal);
        AssertAnswers();
    }

    [Fact]
    public void A_socket_that_was_left_over_is_replaced()
    {
        using (_runtime.OpenOrCreate())
        {
            UnixSocket.Listen(SocketPath()).Dispose();      // as when its process was killed: the file stays
            File.WriteAllText(Path.ChangeExtension(SocketPath(), ".lock"), "");
        }
        Assert.Null(UnixSocket.TryConnect(SocketPath()));
        _server.Listen(Filesystem);
        AssertAnswers();
        Assert.Equal(2, Files().Length);
    }

    [Fact]
    public void Sockets_that_killed_processes_left_are_removed_and_those_that_are_served_stay()
    {
        using (_runtime.OpenOrCreate())
        {
            foreach (string name in (string[])["left-over", Filesystem + ".2"])
            {
                UnixSocket.Listen(Path.Combine(_runtime.Path, name + ".sock")).Dispose();
                File.WriteAllText(Path.Combine(_runtime.Path, name + ".lock"), "");
            }
        }
        _server.Listen(Filesystem);
        using (ControlServer other = NewServer()) other.Listen(default(MediaUuid));
        Assert.Equal([Filesystem + ".lock", Filesystem + ".sock"], Files());
        AssertAnswers();
    }

    [Fact]
    public void A_copy_of_a_filesystem_that_another_process_serves_has_a_socket_of_its_own()
    {
        _server.Listen(Filesystem);
        using (ControlServer other = NewServer())
        {
            other.Listen(Filesystem);
            Assert.Equal([$"{Filesystem}.2.lock", $"{Filesystem}.2.sock", $"{Filesystem}.lock", $"{Filesystem}.sock"],
                Files());
            using Microsoft.Win32.SafeHandles.SafeFileHandle open = _runtime.TryOpen()!;
            Assert.Equal(2, RuntimeDirectory.Sockets(open, Filesystem).Count);
            Assert.Empty(RuntimeDirectory.Sockets(open, default(MediaUuid)));
        }
        AssertAnswers();
        Assert.Equal(2, Files().Length);
    }

    [Fact]
    public void A_server_that_ends_waits_for_the_answer_under_way()
    {
        _server.Listen(Filesystem);
        using UnixSocket client = UnixSocket.TryConnect(SocketPath())!;
        Send(client, ControlCodec.Encode(new ControlRequest(1, "stay", new PathView("m", "r"))));
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _answered) == 1, Patience));
        _server.Dispose();
        Assert.Equal(ControlStatus.Ended, Receive(client)!.Status);
        Assert.Empty(Files());
    }

    private ControlServer NewServer() => new(_runtime,
        [
            new("echo", (connection, request) => connection.TryAnswer(ControlStatus.Done, request.Command)),
            new("fail", (_, _) => throw new InvalidOperationException("thrown by the test")),
            new("stay", (connection, request) =>
            {
                Volatile.Write(ref _answered, 1);
                connection.WaitForHangUp();
                _ = connection.TryAnswer(ControlStatus.Ended);
            }),
        ],
        NullLoggerFactory.Instance, TimeProvider.System, SystemScheduler.Instance);

    private void AssertAnswers()
    {
        ControlAnswer? answer = Ask(ControlCodec.Encode(new ControlRequest(1, "echo", new PathView("m", "r"))));
        Assert.Equal((ControlStatus.Done, "echo", Environment.ProcessId),
            (answer!.Status, answer.Message, answer.Process));
    }

    private ControlAnswer? Ask(byte[] bytes)
    {
        using UnixSocket socket = UnixSocket.TryConnect(SocketPath())!;
        Assert.Equal(LinuxFiles.EffectiveUser(), socket.Peer!.Value.UserId);
        Send(socket, bytes);
        return Receive(socket);
    }

    private static void Send(UnixSocket socket, byte[] bytes) =>
        Assert.True(socket.TrySend(bytes, new Deadline(TimeProvider.System, Patience)));

    private static ControlAnswer? Receive(UnixSocket socket)
    {
        var deadline = new Deadline(TimeProvider.System, Patience);
        byte[] prefix = new byte[ControlCodec.PrefixBytes];
        Assert.True(socket.TryReceive(prefix, deadline));
        Assert.True(ControlCodec.TryReadLength(prefix, out int length));
        byte[] json = new byte[length];
        Assert.True(socket.TryReceive(json, deadline));
        return ControlCodec.DecodeAnswer(json);
    }

    private string SocketPath() => Path.Combine(_runtime.Path, Filesystem + ".sock");

    private string[] Files() =>
        [.. Directory.GetFiles(_runtime.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
