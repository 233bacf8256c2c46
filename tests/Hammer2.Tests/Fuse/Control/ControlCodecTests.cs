// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Hammer2.Fuse.Control;
using Hammer2.Testing;
using Linux.Text;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Fuse.Control;

/// <summary>Requests and answers as bytes: they come back as they were, and malformed ones give a reason.</summary>
public sealed class ControlCodecTests
{
    private const int MutationsPerSeed = 400;

    // A path and a label that are no UTF-8.
    private static readonly string Path = ByteText.Decode([(byte)'/', 0xFF, 0xC3, (byte)'a', 0xE4, 0xBD, 0xA0]);
    private static readonly string Label = ByteText.Decode([0x80, (byte)'b']);

    [Fact]
    public void A_request_comes_back_with_every_byte_of_its_paths_and_label()
    {
        ControlRequest sent = Request();
        byte[] bytes = ControlCodec.Encode(sent);
        Assert.True(ControlCodec.TryReadLength(bytes, out int length));
        Assert.Equal(bytes.Length - ControlCodec.PrefixBytes, length);
        Assert.True(ControlCodec.TryDecode(bytes.AsSpan(ControlCodec.PrefixBytes), out ControlRequest? got, out _));
        Assert.Equal((sent.Version, sent.Command, sent.Client), (got.Version, got.Command, got.Client));
        MountArguments mount = got.Mount!;
        Assert.Equal([Path, "/b"], mount.Nodes[0].Devices);
        Assert.Equal(Label, mount.Nodes[0].Label);
        Assert.Null(mount.Nodes[1].Label);
        Assert.Equal(("source", Path, LogLevel.Debug, true, false),
            (mount.Source, mount.Target, mount.LogLevel, mount.IsSloppy, mount.Stays));
        Assert.Equal(["ro,uid=7", @"fsname=a\,b"], mount.Options);
    }

    [Fact]
    public void An_answer_comes_back_with_its_log()
    {
        var sent = new ControlAnswer(1, ControlStatus.Refused, 77)
        {
            Message = "PFS " + Label + " is mounted on " + Path,
            Target = Path,
            Log = [new ControlLogLine(LogLevel.Warning, "Category", "text")],
        };
        ControlAnswer? got = ControlCodec.DecodeAnswer(ControlCodec.Encode(sent).AsSpan(ControlCodec.PrefixBytes));
        Assert.Equal((sent.Status, sent.Process, sent.Message, sent.Target),
            (got!.Status, got.Process, got.Message, got.Target));
        Assert.Equal(sent.Log, got.Log);
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("null", "null")]
    [InlineData("[]", "")]
    [InlineData("{}", "")]
    [InlineData("{\"version\":1,\"command\":null,\"client\":{\"mountNamespace\":\"m\",\"root\":\"r\"}}", "")]
    [InlineData("{\"version\":1,\"command\":\"mount\",\"client\":{}}", "")]
    [InlineData("{\"version\":1,\"command\":7,\"client\":{\"mountNamespace\":\"m\",\"root\":\"r\"}}", "string")]
    [InlineData("MOUNT nodes []", "nodes")]
    [InlineData("MOUNT nodes [null]", "node")]
    [InlineData("MOUNT nodes [{\"devices\":[],\"label\":null}]", "node")]
    [InlineData("MOUNT nodes [{\"devices\":[null],\"label\":null}]", "device")]
    [InlineData("MOUNT nodes [{\"devices\":[\"relative\"],\"label\":null}]", "device")]
    [InlineData("MOUNT nodes [{\"devices\":[\"/a\\u0000b\"],\"label\":null}]", "device")]
    [InlineData("MOUNT nodes [{\"devices\":[\"/\\u4f60\"],\"label\":null}]", "no byte")]
    [InlineData("MOUNT nodes [{\"devices\":[\"/\\ud800\"],\"label\":null}]", "character")]
    [InlineData("MOUNT nodes [{\"devices\":[\"/a\"],\"label\":\"\"}]", "label")]
    [InlineData("MOUNT target \"relative\"", "target")]
    [InlineData("MOUNT options [null]", "options")]
    [InlineData("MOUNT options {}", "")]
    [InlineData("MOUNT logLevel 99", "log level")]
    [InlineData("MOUNT logLevel \"Loud\"", "")]
    [InlineData("MOUNT stays 1", "")]
    public void A_malformed_request_is_refused_with_a_reason(string json, string mentioned)
    {
        Assert.False(ControlCodec.TryDecode(Bytes(json), out ControlRequest? request, out string? fault));
        Assert.Null(request);
        Assert.NotEqual("", fault);
        Assert.Contains(mentioned, fault, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_request_that_malformed_ones_are_made_of_is_well_formed() =>
        Assert.True(ControlCodec.TryDecode(Bytes("MOUNT stays true"), out _, out string? fault), fault);

    [Fact]
    public void Too_deep_nesting_is_refused()
    {
        string json = new string('[', 10_000) + new string(']', 10_000);
        Assert.False(ControlCodec.TryDecode(Encoding.ASCII.GetBytes(json), out _, out _));
    }

    [Theory]
    [InlineData(0u, false)]
    [InlineData(1u, true)]
    [InlineData((uint)ControlCodec.MessageBytesMax, true)]
    [InlineData((uint)ControlCodec.MessageBytesMax + 1, false)]
    [InlineData(uint.MaxValue, false)]
    public void Lengths_are_bounded(uint announced, bool isAccepted)
    {
        Assert.Equal(isAccepted, ControlCodec.TryReadLength(BitConverter.GetBytes(announced), out int length));
        Assert.Equal(isAccepted ? announced : 0, (uint)length);
    }

    [Fact]
    public void Whatever_bytes_come_a_request_is_well_formed_or_has_a_fault()
    {
        byte[] good = ControlCodec.Encode(Request())[ControlCodec.PrefixBytes..];
        int accepted = 0;
        foreach (ulong seed in SeededRandom.Seeds(20))
        {
            var random = new SeededRandom(seed);
            for (int count = 0; count < MutationsPerSeed; count++)
            {
                byte[] bytes = Mutate(good, random);
                bool isRead;
                try
                {
                    isRead = ControlCodec.TryDecode(bytes, out ControlRequest? request, out string? fault);
                    Assert.Equal(isRead, request is not null);
                    Assert.Equal(isRead, fault is null);
                    _ = ControlCodec.DecodeAnswer(bytes);
                    if (request?.Mount is { } mount) AssertUsable(mount);
                }
                catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
                {
                    throw new InvalidOperationException($"seed {seed}: {Encoding.Latin1.GetString(bytes)}", failure);
                }
                if (isRead) accepted++;
            }
        }
        Assert.NotEqual(0, accepted);
    }

    private static void AssertUsable(MountArguments mount)
    {
        Assert.InRange(mount.Nodes.Count, 1, 8);
        foreach (MountNodeName node in mount.Nodes)
            Assert.All(node.Devices, path => Assert.StartsWith("/", path, StringComparison.Ordinal));
        Assert.StartsWith("/", mount.Target, StringComparison.Ordinal);
        try
        {
            _ = MountService.RequestOf(mount);
        }
        catch (Hammer2.Fuse.MountOptionException)
        {
            // an option that is not known
        }
    }

    private static byte[] Mutate(byte[] good, SeededRandom random)
    {
        var bytes = new List<byte>(good);
        for (int change = random.Below(4); change >= 0 && bytes.Count > 0; change--)
        {
            int at = random.Below(bytes.Count);
            switch (random.Below(4))
            {
                case 0:
                    bytes[at] = (byte)random.Below(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Below(16), bytes.Count - at));
                    break;
                case 2:
                    bytes.Insert(at, (byte)"{}[]\",:0\\u"[random.Below(10)]);
                    break;
                default:
                    int from = random.Below(bytes.Count);
                    bytes.InsertRange(at, bytes.GetRange(from, Math.Min(random.Below(64), bytes.Count - from)));
                    break;
            }
        }
        return [.. bytes];
    }

    private static ControlRequest Request() => new(1, "mount", new PathView("mnt:[1]", "1:2"))
    {
        Mount = new MountArguments([new([Path, "/b"], Label), new(["/c"], null)], "source", Path,
            ["ro,uid=7", @"fsname=a\,b"], IsSloppy: true, LogLevel.Debug, Stays: false),
    };

    // "MOUNT field value" is a well-formed mount with one field replaced.
    private static byte[] Bytes(string json)
    {
        if (!json.StartsWith("MOUNT ", StringComparison.Ordinal)) return Encoding.UTF8.GetBytes(json);
        string[] words = json.Split(' ', 3);
        var fields = new Dictionary<string, string>
        {
            ["nodes"] = "[{\"devices\":[\"/a\"],\"label\":null}]",
            ["source"] = "\"s\"",
            ["target"] = "\"/t\"",
            ["options"] = "[]",
            ["isSloppy"] = "false",
            ["logLevel"] = "\"Warning\"",
            ["stays"] = "false",
        };
        Assert.True(fields.ContainsKey(words[1]));
        fields[words[1]] = words[2];
        var mount = new StringBuilder();
        foreach ((string name, string value) in fields)
            _ = mount.Append(mount.Length == 0 ? "" : ",").Append($"\"{name}\":{value}");
        return Encoding.UTF8.GetBytes(
            "{\"version\":1,\"command\":\"mount\",\"client\":{\"mountNamespace\":\"m\",\"root\":\"r\"},\"mount\":{"
            + mount + "}}");
    }
}
