// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Text;
using Hammer2.Fuse.Administration;
using Hammer2.Fuse.Administration.Doors;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration;

/// <summary>Goal: what is written to the control file is a request or is rejected with a sentence, whatever it is.
/// Method: examples of both forms, and drawn bytes and mutations.</summary>
public sealed class ControlRequestTextTests
{
    [Theory]
    [InlineData("status", "status")]
    [InlineData("status\n", "status")]
    [InlineData("  pfs-lookup \t label=DATA \n", "pfs-lookup|label=DATA")]
    [InlineData("snapshot before-upgrade", "snapshot|=before-upgrade")]
    [InlineData("snapshot label=\"a b\" no-sync=yes", "snapshot|label=a b|no-sync=yes")]
    [InlineData("snapshot \"label=a=\\\"b\\\\\"", "snapshot|label=a=\"b\\")]
    [InlineData("{\"request\":\"pfs-list\",\"max\":2,\"all\":true}", "pfs-list|max=2|all=true")]
    [InlineData(" {\"label\":\"\\u00e9\",\"request\":\"snapshot\"}\n", "snapshot|label=\u00e9")]
    public void A_request_is_read(string text, string expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Assert.Null(ControlRequestText.Parse(bytes, out ControlRequestText? request, out bool isJson));
        string[] read = [request!.Name, .. request.Values.Select(value => $"{value.Key}={value.Value}")];
        Assert.Equal(expected, string.Join('|', read));
        Assert.Equal(text.Contains('{', StringComparison.Ordinal), isJson);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("status\nstatus")]
    [InlineData("status\0")]
    [InlineData("status =x")]
    [InlineData("status \"a")]
    [InlineData("status a\\")]
    [InlineData("s a b c d e f g h i j k l m n o p q")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("{\"request\":null}")]
    [InlineData("{\"request\":\"status\"")]
    [InlineData("{\"request\":\"status\"} {}")]
    [InlineData("{\"request\":\"status\",\"request\":\"sync\"}")]
    [InlineData("{\"request\":\"status\",\"a\":[1]}")]
    [InlineData("{\"request\":\"\\ud800\"}")]
    public void A_malformed_request_is_rejected_with_a_sentence(string text)
    {
        string? fault = ControlRequestText.Parse(Encoding.UTF8.GetBytes(text), out ControlRequestText? request, out _);
        Assert.NotEmpty(fault!);
        Assert.Null(request);
    }

    [Fact]
    public void Bytes_that_are_no_text_reach_the_request_as_they_are()
    {
        Assert.Null(ControlRequestText.Parse("pfs-lookup label=\xC3\xFF"u8, out ControlRequestText? request, out _));
        Assert.Equal("\u00C3\u00FF", Assert.Single(request!.Values).Value);
        Assert.Null(ControlRequestText.Parse([.. "x y="u8, 0xFF], out request, out _));
        Assert.Equal("\uDCFF", Assert.Single(request!.Values).Value);
    }

    [Fact]
    public void Ten_thousand_drawn_writes_are_rejected_and_change_nothing()
    {
        using var volume = new AdministeredVolume();
        var conversation = new ControlConversation(RequestTable.Standard, volume.Mount);
        byte[][] seeds =
        [
            [.. "pfs-lookup label=NONE first=1"u8], [.. "{\"request\":\"pfs-list\",\"first\":\"0xzz\"}"u8],
            [.. "volume-list node=99"u8], [.. "snapshot label=a label=b"u8], [.. "inode-set inum=1 check=77"u8],
        ];
        ulong commit = CommitOf(volume);
        byte[] answer = new byte[8192];
        int rejected = 0;
        for (ulong seed = 1; seed <= 10_000; seed++)
        {
            var random = new SeededRandom(seed);
            byte[] bytes = Mutate(seeds[random.Below(seeds.Length)], random);
            Errno error = conversation.Write(AdministeredVolume.OwnerId, bytes, static () => false);
            // Some are valid requests after all, and may make a snapshot.
            if (error == Errno.None) commit = CommitOf(volume);
            if (error == Errno.None) continue;
            rejected++;
            Assert.Equal(commit, CommitOf(volume));
            int length = conversation.Read(answer);
            Assert.True(length > 0 && answer[length - 1] == '\n', $"seed {seed}: no sentence");
            Assert.Equal(0, conversation.Read(answer));
        }
        Assert.InRange(rejected, 8_000, 10_000);
        Assert.Equal(Errno.None, volume.Run("sync").Error);
    }

    [Fact]
    public void An_oversized_request_is_rejected()
    {
        using var volume = new AdministeredVolume();
        var conversation = new ControlConversation(RequestTable.Standard, volume.Mount);
        byte[] bytes = new byte[ControlRequestText.BytesMax + 1];
        bytes.AsSpan().Fill((byte)'a');
        Assert.Equal(Errno.EINVAL, conversation.Write(0, bytes, static () => false));
        Assert.Contains("at most", ControlConversationTests.ReadAll(conversation), StringComparison.Ordinal);
    }

    private static ulong CommitOf(AdministeredVolume volume) => ((StatusResult)volume.Run("status").Result!).Commit;

    private static byte[] Mutate(byte[] seed, SeededRandom random)
    {
        if (random.Below(4) == 0)
        {
            byte[] drawn = new byte[random.Below(200)];
            for (int index = 0; index < drawn.Length; index++) drawn[index] = (byte)random.Below(256);
            return drawn;
        }
        byte[] bytes = [.. seed];
        for (int changes = random.Below(4); changes >= 0; changes--)
            bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
        return bytes[..(1 + random.Below(bytes.Length))];
    }
}
