// SPDX-License-Identifier: BSD-3-Clause
using System.Net.Sockets;
using System.Text;
using Hammer2.Tool.Commands;
using Hammer2.Tool.Mounts;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>What is told to a manager of services, and how events are shown.</summary>
public sealed class ServiceNoticeTests
{
    [Theory, InlineData(false), InlineData(true)]
    public void A_notice_is_one_datagram_to_the_socket_that_is_named(bool isAbstract)
    {
        using var directory = new ScratchDirectory();
        string name = isAbstract ? "@hammer2-" + directory.Below("notify") : directory.Below("notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + name[1..] : name));
        Assert.Null(ServiceNotice.Send(name, ServiceNotice.Ready("/srv/a b")));
        byte[] received = new byte[200];
        int bytes = manager.Receive(received);
        Assert.Equal("READY=1\nSTATUS=mounted on /srv/a b", Encoding.UTF8.GetString(received, 0, bytes));
    }

    [Fact]
    public void Without_a_manager_nothing_is_sent_and_a_wrong_socket_is_told()
    {
        Assert.Null(ServiceNotice.Send(null, "READY=1"));
        Assert.Null(ServiceNotice.Send("", "READY=1"));
        Assert.Contains("/none/socket", ServiceNotice.Send("/none/socket", "READY=1"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_event_is_a_line_with_its_time_and_what_was_lost_before_it()
    {
        const string Line = """
            {"number":7,"lost":2,"time":"2026-01-02T03:04:05Z","level":"Warning","source":"Nodes","message":"a\nb"}
            """;
        string text = EventsCommand.TextOf(Line);
        Assert.StartsWith("2 events were dropped unread\n2026-01-0", text, StringComparison.Ordinal);
        Assert.Contains(" warning Nodes: a", text, StringComparison.Ordinal);
        Assert.Equal(1, text.Split('\n').Length - 1);
    }
}
