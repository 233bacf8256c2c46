// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using System.Threading;
using Hammer2.Fuse.Administration;
using Hammer2.Fuse.Administration.Doors;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration;

/// <summary>Goal: reading an open control file gives the answer to its own last request. Method: conversations on a
/// filesystem in memory, with a request that lasts as long as the test wants.</summary>
public sealed class ControlConversationTests
{
    [Fact]
    public void Text_is_answered_with_text_and_JSON_with_JSON()
    {
        using var volume = new AdministeredVolume();
        var one = new ControlConversation(RequestTable.Standard, volume.Mount);
        var other = new ControlConversation(RequestTable.Standard, volume.Mount);
        Assert.Equal("", ReadAll(one));
        Assert.Equal(Errno.None, Write(one, "version"));
        Assert.Equal(Errno.None, Write(other, "{\"request\":\"version\"}"));
        Assert.Equal("done\nformat: 2\n", ReadAll(one));
        using var json = JsonDocument.Parse(ReadAll(other));
        Assert.Equal("done", json.RootElement.GetProperty("state").GetString());
        Assert.Equal(2, json.RootElement.GetProperty("result").GetProperty("format").GetInt32());
        Assert.Equal("", ReadAll(one));
    }

    [Fact]
    public void A_list_is_a_line_for_each_element()
    {
        using var volume = new AdministeredVolume(nodes: 3);
        var conversation = new ControlConversation(RequestTable.Standard, volume.Mount);
        Assert.Equal(Errno.None, Write(conversation, "status"));
        string text = ReadAll(conversation);
        Assert.StartsWith("done\nhealth: healthy\n", text, StringComparison.Ordinal);
        Assert.Equal(3, text.Split("nodes: name=").Length - 1);
    }

    [Fact]
    public void A_refused_request_fails_the_write_and_says_why()
    {
        using var volume = new AdministeredVolume();
        var conversation = new ControlConversation(RequestTable.Standard, volume.Mount);
        Assert.Equal(Errno.EPERM, Write(conversation, "status", user: 1001));
        Assert.StartsWith("failed 1 EPERM: only root", ReadAll(conversation), StringComparison.Ordinal);
        Assert.Equal(Errno.EOPNOTSUPP, Write(conversation, "{\"request\":\"none\"}"));
        using var json = JsonDocument.Parse(ReadAll(conversation));
        Assert.Equal(95, json.RootElement.GetProperty("errno").GetInt32());
        Assert.Equal("none", json.RootElement.GetProperty("request").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("result").ValueKind);
    }

    [Fact]
    public void A_long_request_runs_in_the_background_and_can_be_polled()
    {
        using var volume = new AdministeredVolume();
        using var release = new ManualResetEventSlim();
        using var woken = new ManualResetEventSlim();
        var conversation = new ControlConversation(LongTable(release), volume.Mount);
        Assert.Equal((false, true), conversation.Poll(null));
        Assert.Equal(Errno.None, Write(conversation, "long"));
        Assert.Equal((false, false), conversation.Poll(woken.Set));
        Assert.Equal(Errno.EBUSY, Write(conversation, "long"));
        Assert.StartsWith("running\nnumber: 1\nrequest: long\n", ReadAll(conversation), StringComparison.Ordinal);
        string report = "";
        Assert.True(SpinWait.SpinUntil(
            () => (report = ReadAll(conversation)).Contains("doneBytes: 3\ntotalBytes: 8\n", StringComparison.Ordinal),
            TimeSpan.FromSeconds(30)), report);
        JobResult job = Assert.Single(((StatusResult)volume.Run("status").Result!).Jobs);
        Assert.Equal(("long", 3L, 8L), (job.Request, job.DoneBytes, job.TotalBytes));
        release.Set();
        Assert.True(woken.Wait(TimeSpan.FromSeconds(30)));
        Assert.Equal((true, true), conversation.Poll(null));
        Assert.Equal("done\nformat: 7\n", ReadAll(conversation));
        Assert.Equal((false, true), conversation.Poll(null));
    }

    [Fact]
    public void A_report_that_is_being_read_ends_before_the_answer_begins()
    {
        using var volume = new AdministeredVolume();
        using var release = new ManualResetEventSlim();
        using var woken = new ManualResetEventSlim();
        var conversation = new ControlConversation(LongTable(release), volume.Mount);
        Assert.Equal(Errno.None, Write(conversation, "long"));
        byte[] room = new byte[16];
        Assert.Equal(room.Length, conversation.Read(room));
        Assert.Equal((false, false), conversation.Poll(woken.Set));
        release.Set();
        Assert.True(woken.Wait(TimeSpan.FromSeconds(30)));
        string rest = ReadAll(conversation);
        Assert.Contains("request: long\n", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("done\n", rest, StringComparison.Ordinal);
        Assert.Equal((true, true), conversation.Poll(null));
        Assert.Equal("done\nformat: 7\n", ReadAll(conversation));
        Assert.Equal("", ReadAll(conversation));
    }

    [Fact]
    public void The_end_of_the_mount_cancels_what_runs_and_starts_nothing()
    {
        using var volume = new AdministeredVolume();
        using var release = new ManualResetEventSlim();
        var conversation = new ControlConversation(LongTable(release), volume.Mount);
        Assert.Equal(Errno.None, Write(conversation, "long"));
        volume.Mount.Jobs.Stop();
        Assert.StartsWith("failed 4 EINTR: cancelled\n", ReadAll(conversation), StringComparison.Ordinal);
        Assert.Equal(Errno.EBUSY, Write(conversation, "long"));
        Assert.Empty(volume.Mount.Jobs.Running);
    }

    [Fact]
    public void So_many_long_requests_run_at_once()
    {
        using var volume = new AdministeredVolume();
        using var release = new ManualResetEventSlim();
        RequestTable table = LongTable(release);
        for (int job = 0; job < BackgroundJobs.JobsMax; job++)
            Assert.Equal(Errno.None, Write(new ControlConversation(table, volume.Mount), "long"));
        Assert.Equal(Errno.EBUSY, Write(new ControlConversation(table, volume.Mount), "long"));
        release.Set();
    }

    internal static string ReadAll(ControlConversation conversation)
    {
        var all = new List<byte>();
        byte[] room = new byte[16];
        while (conversation.Read(room) is var bytes and > 0) all.AddRange(room[..bytes]);
        return Encoding.UTF8.GetString([.. all]);
    }

    private static Errno Write(ControlConversation conversation, string text, uint user = AdministeredVolume.OwnerId) =>
        conversation.Write(user, Encoding.UTF8.GetBytes(text), static () => false);

    // A request that waits until it is released or cancelled.
    private static RequestTable LongTable(ManualResetEventSlim release) => new(
    [
        new RequestRow<VersionResult>("long", "waits", ResultJson.Default.VersionResult, (context, _) =>
        {
            context.Report(3, 8);
            while (!release.Wait(1))
                if (context.IsCancelled()) return new(Errno.EINTR, "cancelled", null);
            return new VersionResult(7);
        })
        {
            IsLong = true,
        },
    ]);
}
