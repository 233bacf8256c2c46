// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Threading.Tasks;
using Hammer2.Devices;
using Hammer2.Devices.Nbd;
using Hammer2.Format;
using Hammer2.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Devices.Nbd;

/// <summary>
/// Goal: an export of a server is a device: bytes come back as they were written, flushes cover writes, limits of the
/// server are kept, and what the server refuses is an error and no end.
/// Method: a server in this process that answers as it should, or shuffled and in pieces; drawn calls of several
/// threads, compared with memory. HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class NbdBlockDeviceTests : IDisposable
{
    private const int DiskBytes = 4 << 20;

    private readonly MemoryBlockDevice _disk = new(DiskBytes);
    private readonly LogCapture _log = new();
    private FakeNbdServer? _server;

    public static TheoryData<ulong, int, bool> Cases
    {
        get
        {
            var cases = new TheoryData<ulong, int, bool>();
            foreach (ulong seed in SeededRandom.Seeds(3))
            {
                foreach (int least in (int[])[1, 512, 4096, 65536])
                {
                    cases.Add(seed, least, true);
                    cases.Add(seed, least, false);
                }
            }
            return cases;
        }
    }

    public void Dispose() => _server?.Dispose();

    [Theory, MemberData(nameof(Cases))]
    public void Calls_of_several_threads_are_those_of_a_device(ulong seed, int least, bool isStructured)
    {
        const int Threads = 4, Share = DiskBytes / Threads;
        using NbdBlockDevice device = Open(new FakeNbdOptions
        {
            BlockSizes = ((uint)least, 65536, 128 << 10),
            IsStructured = isStructured,
            ShufflingSeed = seed,
        });
        Assert.Equal((DiskBytes, Math.Max(512, least)), (device.LengthBytes, device.SectorBytes));
        byte[] model = new byte[DiskBytes];
        _ = Parallel.For(0, Threads, thread =>
        {
            var random = new SeededRandom((seed * 100) + (ulong)thread);
            for (int step = 0; step < 60; step++)
            {
                int length = random.Below(random.Pick([2, 700, 70_000, 600_000])) + 1;
                int offset = (thread * Share) + random.Below(Share - length);
                Span<byte> expected = model.AsSpan(offset, length);
                byte[] bytes = new byte[length];
                switch (random.Below(4))
                {
                    case 0:
                        random.Fill(bytes);
                        goto case 1;
                    case 1:
                        Assert.Equal(Hammer2Error.None, device.Write(offset, bytes));
                        bytes.CopyTo(expected);
                        break;
                    case 2:
                        Assert.Equal(Hammer2Error.None, device.Flush());
                        break;
                    default:
                        Assert.Equal(Hammer2Error.None, device.Read(offset, bytes));
                        Assert.True(bytes.AsSpan().SequenceEqual(expected), $"seed {seed}: {length} at {offset}");
                        break;
                }
            }
        });
        byte[] all = new byte[DiskBytes];
        Assert.Equal(Hammer2Error.None, device.Read(0, all));
        Assert.True(all.AsSpan().SequenceEqual(model));
        Assert.Equal(Hammer2Error.None, _disk.Read(0, all));
        Assert.True(all.AsSpan().SequenceEqual(model));
        Assert.All(_server!.Seen, seen => Assert.True((seen.Offset | seen.LengthBytes) % (uint)least == 0
            && (seen.Command is not (0 or 1) || seen.LengthBytes <= 128 << 10)));
        Assert.Empty(_log.Lines(LogLevel.Warning));
    }

    [Fact]
    public void Long_transfers_are_in_flight_at_once()
    {
        using NbdBlockDevice device = Open(new FakeNbdOptions());
        int held = 0;
        // The first is answered when all four have arrived.
        _server!.Decide = seen =>
        {
            if (seen.Command != 0) return FakeNbdAction.Answer;
            if (++held < 4) return FakeNbdAction.Hold;
            _ = Task.Run(_server.Release);
            return FakeNbdAction.Answer;
        };
        Assert.Equal(Hammer2Error.None, device.Read(0, new byte[1 << 20]));
        Assert.Equal([256u << 10, 256u << 10, 256u << 10, 256u << 10], _server.Seen.Select(seen => seen.LengthBytes));
    }

    [Theory]
    [InlineData(1 | 4 | 8, 0, 1)]       // FLUSH and FUA: flushed
    [InlineData(1 | 8, 1, 0)]           // FUA alone: each write is durable
    public void What_is_flushed_is_durable(int flags, int writeFlags, int flushes)
    {
        using NbdBlockDevice device = Open(new FakeNbdOptions { Flags = (ushort)flags });
        Assert.Equal(Hammer2Error.None, device.Write(0, new byte[] { 1 }));
        Assert.Equal(Hammer2Error.None, device.Flush());
        Assert.Equal(writeFlags, _server!.Seen.Single(seen => seen.Command == 1).Flags);
        Assert.Equal(flushes, _server.Seen.Count(seen => seen.Command == 3));
    }

    [Fact]
    public void A_server_that_makes_nothing_durable_is_not_written()
    {
        var options = new FakeNbdOptions { Flags = 1 };
        WriteProtectedException refusal = Assert.Throws<WriteProtectedException>(() => Open(options));
        Assert.Contains("noflush=trust", refusal.Message, StringComparison.Ordinal);
        using NbdBlockDevice reader = Open(options, isReadOnly: true);
        Assert.Equal(Hammer2Error.ReadOnly, reader.Write(0, new byte[1]));
        using NbdBlockDevice writer = Open(options, "noflush=trust");
        Assert.Equal(Hammer2Error.None, writer.Write(0, new byte[1]));
        Assert.Equal(Hammer2Error.None, writer.Flush());
        Assert.DoesNotContain(_server!.Seen, seen => seen.Command == 3);
    }

    [Fact]
    public void A_read_only_export_is_not_written()
    {
        var options = new FakeNbdOptions { Flags = FakeNbdOptions.AllFlags | 2 };
        Assert.Contains("read-only", Assert.Throws<WriteProtectedException>(() => Open(options)).Message,
            StringComparison.Ordinal);
        using NbdBlockDevice device = Open(options, isReadOnly: true);
        Assert.True(device.IsReadOnly);
        Assert.Equal(Hammer2Error.ReadOnly, device.Discard(0, 512));
        Assert.Equal(Hammer2Error.None, device.Flush());
    }

    [Fact]
    public void Zeros_are_not_sent_and_what_is_discarded_is_trimmed_in_whole_blocks()
    {
        using NbdBlockDevice device = Open(new FakeNbdOptions { BlockSizes = (4096, 4096, 1 << 20) });
        Assert.Equal(Hammer2Error.None, device.Write(0, new byte[64 << 10]));
        Assert.Equal(Hammer2Error.None, device.Discard(1, 20_000));
        Assert.Equal(Hammer2Error.None, device.Discard(1, 4000));
        Assert.Equal([(6, 2, 0ul, 65536u), (4, 0, 4096ul, 12288u)],
            _server!.Seen.Select(seen => (seen.Command, seen.Flags, seen.Offset, seen.LengthBytes)));
    }

    [Theory, InlineData(95), InlineData(22)]
    public void What_the_server_does_not_support_after_all_is_done_without(int errorNumber)
    {
        using NbdBlockDevice device = Open(new FakeNbdOptions());
        _server!.Decide = seen => seen.Command is 4 or 6 ? FakeNbdAction.Fail((uint)errorNumber) : FakeNbdAction.Answer;
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal(Hammer2Error.None, device.Write(0, new byte[64 << 10]));
            Assert.Equal(Hammer2Error.None, device.Discard(0, 65536));
        }
        Assert.Equal([6, 1, 4, 1], _server.Seen.Select(seen => seen.Command));
    }

    [Theory]
    [InlineData(5, true, Hammer2Error.Io)]
    [InlineData(28, true, Hammer2Error.NoSpace)]
    [InlineData(1, false, Hammer2Error.ReadOnly)]
    [InlineData(108, false, Hammer2Error.Io)]
    public void Errors_of_the_server_are_values_and_end_nothing(
        int errorNumber, bool isStructured, Hammer2Error expected)
    {
        using NbdBlockDevice device = Open(new FakeNbdOptions { IsStructured = isStructured });
        _server!.Decide = _ => FakeNbdAction.Fail((uint)errorNumber);
        Assert.Equal(expected, device.Read(0, new byte[512]));
        Assert.Equal(expected, device.Write(0, new byte[] { 1 }));
        Assert.Equal(expected, device.Flush());
        _server.Decide = null;
        Assert.Equal(Hammer2Error.None, device.Write(0, new byte[] { 1 }));
        Assert.Null(device.Failure);
        Assert.True(_log.Contains(LogLevel.Warning, $"error {errorNumber}"));
    }

    [Fact]
    public void Ranges_outside_of_it_are_errors_and_the_end_is_told_to_the_server()
    {
        using (NbdBlockDevice device = Open(new FakeNbdOptions()))
        {
            Assert.Equal(Hammer2Error.Io, device.Read(DiskBytes - 1, new byte[2]));
            Assert.Equal(Hammer2Error.Io, device.Write(-1, new byte[1]));
            Assert.Equal(Hammer2Error.Io, device.Discard(0, DiskBytes + 1));
            Assert.Equal(Hammer2Error.None, device.Read(DiskBytes, []));
            Assert.Equal(Hammer2Error.None, device.Write(0, []));
            Assert.Empty(_server!.Seen);
        }
        Assert.True(System.Threading.SpinWait.SpinUntil(() => _server.Seen.Any(seen => seen.Command == 2), 10_000));
    }

    private NbdBlockDevice Open(FakeNbdOptions options, string addressOptions = "", bool isReadOnly = false)
    {
        _server ??= new FakeNbdServer(_disk, options);
        return NbdBlockDevice.Open(NbdAddress.Parse(_server.Address(addressOptions)),
            new NbdBlockDeviceOptions(isReadOnly) { Logger = _log });
    }
}
