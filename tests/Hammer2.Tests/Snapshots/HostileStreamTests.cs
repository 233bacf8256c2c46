// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Devices;
using Hammer2.Snapshots.Streams;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Snapshots;

/// <summary>
/// Goal: a stream that was changed is refused with a message before anything visible changes, or received without a
/// crash. Method: bytes of valid streams changed, with and without new check codes; whole records removed, repeated and
/// exchanged. HAMMER2_STREAM_MUTATIONS=10000 is the long run.
/// </summary>
public sealed class HostileStreamTests
{
    private const int MutationsUsual = 400;

    [Fact]
    public void A_changed_stream_is_refused()
    {
        var random = new SeededRandom(SeededRandom.Seeds(1)[0]);
        using IBlockDevice source = SnapshotHistory.Play(6, snapshots: 2, steps: 150);
        byte[] full = StreamTests.Send(source, "s0", null), increment = StreamTests.Send(source, "s1", "s0");
        using MemoryBlockDevice target = NewVolume.InMemory(256L << 20, seed: 77);
        StreamTests.Receive(target, full, "base");
        int refused = 0, received = 0;
        for (int i = MutationsTotal; i > 0; i--)
        {
            byte[] stream = [.. random.OneIn(2) ? full : increment];
            bool isSigned = random.OneIn(2);
            if (isSigned) stream = Resign(Mutate(random, SplitRecords(stream)));
            else stream[random.Below(stream.Length)] ^= (byte)(1 << random.Below(8));
            using var overlay = new OverlayBlockDevice(new UnownedDevice(target));
            try
            {
                StreamTests.Receive(overlay, stream, "new");
                received++;
                Assert.True(isSigned, $"seed {random.Seed}: a change without a new check code was received");
            }
            catch (StreamException refusal)
            {
                refused++;
                Assert.NotEmpty(refusal.Message);
                using Hammer2.Snapshots.SnapshotFilesystem after = SnapshotHistory.Open(overlay);
                Assert.Null(after.Find("new"u8));
                Assert.NotNull(after.Find("base"u8));
            }
        }
        Assert.True(refused > MutationsTotal / 2, $"seed {random.Seed}: {refused} refused, {received} received");
    }

    private static int MutationsTotal =>
        Environment.GetEnvironmentVariable("HAMMER2_STREAM_MUTATIONS") is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture) : MutationsUsual;

    private static List<byte[]> SplitRecords(byte[] stream)
    {
        var records = new List<byte[]>();
        for (int at = 0; at < stream.Length;)
        {
            int length = StreamLayout.HeaderBytes + BinaryPrimitives.ReadInt32LittleEndian(stream.AsSpan(at + 12));
            records.Add(stream[at..(at + length)]);
            at += length;
        }
        return records;
    }

    private static List<byte[]> Mutate(SeededRandom random, List<byte[]> records)
    {
        for (int changes = 1 + random.Below(3); changes > 0; changes--)
        {
            int at = random.Below(records.Count), other = random.Below(records.Count);
            byte[] record = records[at];
            switch (random.Below(6))
            {
                case 0:
                    records.RemoveAt(at);
                    break;
                case 1:
                    records.Insert(other, [.. record]);
                    break;
                case 2:
                    (records[at], records[other]) = (records[other], records[at]);
                    break;
                case 3:
                    records[at] = record[..(int)random.Between(StreamLayout.HeaderBytes, record.Length)];
                    break;
                case 4:
                    record[8] = (byte)random.Below(10);
                    break;
                default:
                    int length = Math.Min(record.Length - StreamLayout.HeaderBytes, 400);
                    if (length > 0) record[StreamLayout.HeaderBytes + random.Below(length)] = (byte)random.Below(256);
                    break;
            }
        }
        return records;
    }

    // Numbers, lengths, codes and totals as the sender would write them.
    private static byte[] Resign(List<byte[]> records)
    {
        var stream = new List<byte>();
        ulong codes = 0, number = 0, inodes = 0, data = 0;
        foreach (byte[] record in records)
        {
            Span<byte> payload = record.AsSpan(StreamLayout.HeaderBytes);
            var type = (StreamRecordType)record[8];
            if (type == StreamRecordType.Inode) inodes++;
            if (type == StreamRecordType.Data) data += (ulong)Math.Max(0, payload.Length - StreamLayout.DataHeadBytes);
            if (type == StreamRecordType.End && payload.Length == StreamLayout.EndBytes)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(payload, number);
                BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], inodes);
                BinaryPrimitives.WriteUInt64LittleEndian(payload[16..], data);
                BinaryPrimitives.WriteUInt64LittleEndian(payload[24..], codes);
            }
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(12), payload.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(16), number++);
            ulong code = StreamLayout.CodeOf(record.AsSpan(0, StreamLayout.HeaderBytes), payload);
            BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(StreamLayout.CodeOffset), code);
            codes = StreamLayout.Chain(codes, code);
            stream.AddRange(record);
        }
        return [.. stream];
    }
}
