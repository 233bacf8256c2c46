// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using Hammer2.Devices.Nbd;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Devices.Nbd;

/// <summary>Goal: what a server sends is understood in pieces of any length, and whatever is wrong with it is told.
/// Method: replies made by hand, given whole, byte by byte, and in drawn pieces. HAMMER2_SEED=n replays one
/// case.</summary>
public sealed unsafe class NbdReplyParserTests
{
    private const int Length = 1000;
    private const long Offset = 5000;

    private readonly NbdRequestTable _requests = new();
    private readonly List<string?> _ended = [];

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(30));

    [Theory, MemberData(nameof(Seeds))]
    public void Chunks_in_any_order_and_pieces_are_put_together(ulong seed)
    {
        var random = new SeededRandom(seed);
        byte[] content = new byte[Length];
        random.Fill(content);
        content.AsSpan(100, 300).Clear();
        byte[] target = new byte[Length];
        fixed (byte* memory = target)
        {
            ulong cookie = Begin(3, NbdCommand.Read, memory);
            var chunks = new List<(bool IsHole, int First, int Length)>
            {
                (false, 0, 100), (true, 100, 300), (false, 400, 1), (false, 401, 599),
            };
            var stream = new List<byte>();
            while (chunks.Count > 0)
            {
                int at = random.Below(chunks.Count);
                (bool isHole, int first, int length) = chunks[at];
                chunks.RemoveAt(at);
                byte[] place = Big(8, (ulong)(Offset + first));
                stream.AddRange(isHole
                    ? Chunk(cookie, chunks.Count == 0, 2, [.. place, .. Big(4, (ulong)length)])
                    : Chunk(cookie, chunks.Count == 0, 1, [.. place, .. content.AsSpan(first, length)]));
            }
            Assert.Null(Feed(new NbdReplyParser(_requests, true, Ended), [.. stream], random));
        }
        Assert.Equal(content, target);
        Assert.Equal(new string?[] { null }, _ended);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Errors_have_numbers_and_words(ulong seed)
    {
        var random = new SeededRandom(seed);
        ulong first = Begin(0, NbdCommand.Write), second = Begin(1, NbdCommand.Flush);
        ulong third = Begin(2, NbdCommand.Trim);
        byte[] stream =
        [
            .. Chunk(second, true, 0x8001, [.. Big(4, 28), .. Big(2, 4), .. "fu\nl"u8]), .. Simple(first, 5),
            .. Chunk(third, true, 0, []),
        ];
        Assert.Null(Feed(new NbdReplyParser(_requests, true, Ended), stream, random));
        Assert.Equal((28u, "fu l"), (_requests[1].ErrorNumber, _requests[1].ErrorText));
        Assert.Equal((5u, 0u), (_requests[0].ErrorNumber, _requests[2].ErrorNumber));
        Assert.Equal(3, _ended.Count);
        Assert.Equal("flush: error 28 fu l", _ended[0]);
    }

    [Fact]
    public void What_breaks_the_protocol_is_told()
    {
        byte[] place = Big(8, Offset);
        byte[] all = [.. place, .. new byte[Length]];
        (string Why, Func<ulong, ulong, byte[]> Make)[] cases =
        [
            ("where a reply begins", (read, write) => [1, 2, 3, 4]),
            ("not waiting", (read, write) => Simple(read + 256, 0)),
            ("not waiting", (read, write) => Simple(2, 0)),
            ("not waiting", (read, write) => Simple(ulong.MaxValue, 0)),
            ("simple reply", (read, write) => Simple(read, 0)),
            ("chunk of type 1 ", (read, write) => Chunk(write, true, 1, all)),
            ("chunk of type 2 ", (read, write) => Chunk(read, true, 2, place)),
            ("chunk of type 1 ", (read, write) => Chunk(read, true, 1, place)),
            ("chunk of type 5 ", (read, write) => Chunk(read, true, 5, place)),
            ("chunk of type 0 ", (read, write) => Chunk(read, false, 0, [])),
            ("chunk of type 32769 ", (read, write) => Chunk(read, true, 0x8001, [1])),
            ("error 0", (read, write) => Chunk(read, true, 0x8001, new byte[6])),
            ("text of 9 bytes", (read, write) => Chunk(read, true, 0x8001, [0, 0, 0, 5, 0, 9])),
            ("outside of it", (read, write) => Chunk(read, true, 1, [.. Big(8, Offset - 1), 1])),
            ("outside of it", (read, write) => Chunk(read, true, 1, [.. Big(8, Offset + Length), 1])),
            ("outside of it", (read, write) => Chunk(read, true, 2, [.. place, .. Big(4, Length + 1)])),
            ("outside of it", (read, write) => Chunk(read, true, 2, [.. place, .. Big(4, 0)])),
            ("outside of it", (read, write) => Chunk(read, true, 2, [.. Big(8, ulong.MaxValue), .. Big(4, 1)])),
            ("outside of it", (read, write) => [.. Chunk(read, false, 1, all), .. Chunk(read, true, 1, [.. place, 1])]),
            ("before all of it", (read, write) => Chunk(read, true, 1, all[..^1])),
            ("before all of it", (read, write) => Chunk(read, true, 0, [])),
            ("not waiting", (read, write) => [.. Simple(write, 0), .. Simple(write, 0)]),
        ];
        foreach ((string why, Func<ulong, ulong, byte[]> make) in cases)
        {
            var requests = new NbdRequestTable();
            byte[] bytes = make(Begin(requests, 0, NbdCommand.Read), Begin(requests, 1, NbdCommand.Write));
            string? fault = new NbdReplyParser(requests, true, Ended).Feed(bytes);
            Assert.True(fault?.Contains(why, StringComparison.Ordinal) == true, $"{why}: {fault}");
        }
    }

    [Fact]
    public void A_chunk_is_refused_when_chunks_were_not_agreed_on() => Assert.Contains("not agreed on",
        new NbdReplyParser(_requests, false, Ended).Feed(Chunk(Begin(0, NbdCommand.Read), true, 0, [])),
        StringComparison.Ordinal);

    [Theory, MemberData(nameof(Seeds))]
    public void Any_bytes_end_in_a_fault_or_wait_for_more(ulong seed)
    {
        var random = new SeededRandom(seed);
        for (int round = 0; round < 100; round++)
        {
            byte[] target = new byte[Length];
            fixed (byte* memory = target)
            {
                // A new table: what other rounds left in one leads to memory that is gone.
                var requests = new NbdRequestTable();
                ulong cookie = Begin(requests, random.Below(NbdRequestTable.RequestsMax), NbdCommand.Read, memory);
                byte[] bytes = new byte[random.Below(2000)];
                random.Fill(bytes);
                byte[] head = Chunk(cookie, random.Chance(50), (ushort)random.Below(4), bytes);
                for (int flips = random.Below(3); flips > 0; flips--)
                    head[random.Below(head.Length)] ^= random.NextByte();
                _ = Feed(new NbdReplyParser(requests, random.Chance(80), Ended), head, random);
            }
        }
    }

    private static string? Feed(NbdReplyParser parser, byte[] stream, SeededRandom random)
    {
        string? fault = null;
        for (int at = 0; at < stream.Length && fault is null;)
        {
            int wanted = random.Below(4) switch { 0 => 1, 1 => 7, _ => random.Below(900) + 1 };
            int length = Math.Min(stream.Length - at, wanted);
            fault = parser.Feed(stream.AsSpan(at, length));
            at += length;
        }
        return fault;
    }

    private void Ended(bool isChange, string? failure) => _ended.Add(failure);

    private ulong Begin(int index, NbdCommand command, byte* memory = null) =>
        Begin(_requests, index, command, memory);

    private static ulong Begin(NbdRequestTable requests, int index, NbdCommand command, byte* memory = null)
    {
        requests[index].Begin(command, Offset, Length, memory, long.MaxValue);
        Span<byte> header = stackalloc byte[NbdProtocol.RequestBytes];
        requests[index].WriteHeader(NbdCommandFlags.None, header);
        return BinaryPrimitives.ReadUInt64BigEndian(header[8..]);
    }

    private static byte[] Simple(ulong cookie, uint error) =>
        [.. Big(4, 0x67446698), .. Big(4, error), .. Big(8, cookie)];

    private static byte[] Chunk(ulong cookie, bool isLast, ushort type, byte[] payload) =>
    [
        .. Big(4, 0x668E33EF), .. Big(2, isLast ? 1u : 0), .. Big(2, type), .. Big(8, cookie),
        .. Big(4, (ulong)payload.Length), .. payload,
    ];

    private static byte[] Big(int bytes, ulong value)
    {
        byte[] all = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(all, value);
        return [.. all.Skip(8 - bytes)];
    }
}
