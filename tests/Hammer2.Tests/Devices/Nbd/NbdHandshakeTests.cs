// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Linq;
using Hammer2.Devices;
using Hammer2.Devices.Nbd;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Devices.Nbd;

/// <summary>Goal: a server that refuses, or breaks the protocol before anything is read, is named with the reason.
/// Method: a server in this process that says one wrong thing.</summary>
public sealed class NbdHandshakeTests
{
    private static readonly byte[] Endless = [.. Reply(7, 3, 0x7FFF_FFFF, [])];

    public static TheoryData<string, string> Greetings => new()
    {
        { "HTTP/1.1 400 Bad Re", "not an NBD server" },
        { "NBDMAGIC\0\0\u0042\u0002\u0081\u0086\u0012\u0053\0\0", "old style" },
        { "NBDMAGICIHAVEOPP\0\u0003", "greets with" },
        { "NBDMAGICIHAVEOPT\0\0", "fixed new style" },
    };

    [Theory, MemberData(nameof(Greetings))]
    public void Other_greetings(string greeting, string why) =>
        AssertRefused(new FakeNbdOptions { Greeting = [.. greeting.Select(one => (byte)one)] }, why);

    [Fact]
    public void Answers_to_options()
    {
        (string Why, byte[] Answer)[] cases =
        [
            ("no export", Reply(7, 0x8000_0006, 0, [])),
            ("encrypted", Reply(7, 0x8000_0005, 0, [])),
            ("shutting down", Reply(7, 0x8000_0007, 0, [])),
            ("block sizes", Reply(7, 0x8000_0008, 0, [])),
            ("does not know NBD_OPT_GO", Reply(7, 0x8000_0001, 0, [])),
            ("refuses NBD_OPT_GO (go away)", Reply(7, 0x8000_0002, 7, "go away"u8)),
            ("by 0x2", Reply(7, 2, 0, [])),
            ("size of the export", Reply(7, 1, 0, [])),
            ("by 0x1", Reply(7, 1, 1, [0])),
            ("tells nothing", Reply(7, 3, 1, [0])),
            ("information 0 in 11", Reply(7, 3, 11, new byte[11])),
            ("information 3 in 2", Reply(7, 3, 2, [0, 3])),
            ("answered option 8 instead of 7", Reply(8, 1, 0, [])),
            ("where the answer", new byte[20]),
            ("announced an answer of 2147483647", Endless),
            ("closed the connection", []),
            ("more than 64", [.. Enumerable.Range(0, 65).SelectMany(_ => Reply(7, 3, 2, [0, 9]))]),
        ];
        foreach ((string why, byte[] answer) in cases)
            AssertRefused(new FakeNbdOptions { Option = option => option == 7 ? answer : null }, why);
    }

    [Theory]
    [InlineData(0u, 1u, 1u, "least block size of 0")]
    [InlineData(3u, 4096u, 4096u, "least block size of 3")]
    [InlineData(131072u, 131072u, 131072u, "least block size of 131072")]
    [InlineData(4096u, 4096u, 2048u, "greatest block size of 2048")]
    [InlineData(512u, 4096u, 2048u, "greatest block size of 2048")]
    public void Block_sizes_that_cannot_be(uint least, uint preferred, uint greatest, string why) =>
        AssertRefused(new FakeNbdOptions { BlockSizes = (least, preferred, greatest) }, why);

    [Fact]
    public void Sizes_that_cannot_be() =>
        AssertRefused(new FakeNbdOptions { LengthBytes = ulong.MaxValue }, "a size of");

    [Fact]
    public void Flags_that_are_none() => AssertRefused(new FakeNbdOptions { Flags = 4 }, "flags 4");

    [Fact]
    public void A_server_that_says_nothing() =>
        AssertRefused(new FakeNbdOptions { HangsInHandshake = true }, "does not answer", "timeout=1");

    [Fact]
    public void A_server_without_tls() => AssertRefused(new FakeNbdOptions(), "does not know TLS", scheme: "nbds");

    [Fact]
    public void A_server_that_is_not_there()
    {
        using var server = new FakeNbdServer(new MemoryBlockDevice(1 << 20));
        server.Stop();
        DeviceOpenException refusal = Assert.Throws<DeviceOpenException>(() => DeviceOpener.Open(
            server.Address(), new FileBlockDeviceOptions(), new LogCapture()));
        Assert.Contains("cannot be connected", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_that_is_malformed()
    {
        DeviceOpenException refusal = Assert.Throws<DeviceOpenException>(
            () => DeviceOpener.Open("nbd://", new FileBlockDeviceOptions(), new LogCapture()));
        Assert.Contains("no address", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_is_rounded_down_to_blocks()
    {
        var disk = new MemoryBlockDevice(1 << 20);
        using var server = new FakeNbdServer(disk, new FakeNbdOptions
        {
            LengthBytes = 10_000,
            BlockSizes = null,
        });
        using IBlockDevice device = DeviceOpener.Open(server.Address(), new FileBlockDeviceOptions(), new LogCapture());
        Assert.Equal(9728, device.LengthBytes);     // 512 where nothing is told
    }

    private static byte[] Reply(uint option, uint type, uint length, ReadOnlySpan<byte> data)
    {
        byte[] reply = new byte[20 + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(reply, 0x3E889045565A9);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(8), option);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(12), type);
        BinaryPrimitives.WriteUInt32BigEndian(reply.AsSpan(16), length);
        data.CopyTo(reply.AsSpan(20));
        return reply;
    }

    private static void AssertRefused(
        FakeNbdOptions options, string why, string addressOptions = "", string scheme = "nbd")
    {
        using var server = new FakeNbdServer(new MemoryBlockDevice(1 << 20), options);
        string address = scheme + server.Address(addressOptions)[3..];
        DeviceOpenException refusal = Assert.Throws<DeviceOpenException>(
            () => NbdBlockDevice.Open(NbdAddress.Parse(address), new NbdBlockDeviceOptions(IsReadOnly: false)));
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.StartsWith(address, refusal.Message, StringComparison.Ordinal);
    }
}
