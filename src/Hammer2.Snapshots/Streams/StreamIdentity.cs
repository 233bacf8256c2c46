// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>What the first record of a stream says.</summary>
/// <param name="FilesystemId">The filesystem that it was made from.</param>
/// <param name="ClusterId">The cluster id of the snapshot.</param>
/// <param name="Tid">Number of the snapshot's last change.</param>
/// <param name="AncestorClusterId">The cluster id of the ancestor; zero for a full stream.</param>
/// <param name="AncestorTid">Number of the ancestor's last change.</param>
/// <param name="Label">The label of the snapshot.</param>
public sealed record StreamIdentity(MediaUuid FilesystemId, MediaUuid ClusterId, ulong Tid,
    MediaUuid AncestorClusterId, ulong AncestorTid, byte[] Label)
{
    /// <summary>True when it has only the differences from an ancestor.</summary>
    public bool IsIncrement => !AncestorClusterId.IsZero;

    internal byte[] Encode()
    {
        byte[] payload = new byte[StreamLayout.BeginBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, StreamLayout.Version);
        Put(payload, 8, FilesystemId);
        Put(payload, 24, ClusterId);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(40), Tid);
        Put(payload, 48, AncestorClusterId);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(64), AncestorTid);
        payload[72] = (byte)Label.Length;
        Label.CopyTo(payload, 80);
        return payload;
    }

    /// <summary>Reads the first record of a stream.</summary>
    /// <exception cref="StreamException">There is none, or it is malformed.</exception>
    internal static StreamIdentity Read(RecordReader stream) => stream.Read() is StreamRecordType.Begin
        ? Decode(stream.Payload) : throw new StreamException("is empty, or does not begin");

    internal static StreamIdentity Decode(ReadOnlySpan<byte> payload)
    {
        if (payload.Length != StreamLayout.BeginBytes) throw new StreamException("the first record has a wrong length");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(payload);
        if (version != StreamLayout.Version)
            throw new StreamException($"is of version {version}; this program knows version {StreamLayout.Version}");
        uint features = BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]);
        if (features != 0)
            throw new StreamException($"needs features 0x{features:x}, which this program does not know");
        int labelBytes = payload[72];
        if (labelBytes == 0) throw new StreamException("has no label");
        ulong tid = BinaryPrimitives.ReadUInt64LittleEndian(payload[40..]);
        ulong ancestorTid = BinaryPrimitives.ReadUInt64LittleEndian(payload[64..]);
        return new StreamIdentity(Get(payload, 8), Get(payload, 24), tid, Get(payload, 48), ancestorTid,
            payload.Slice(80, labelBytes).ToArray());
    }

    private static void Put(byte[] payload, int at, MediaUuid id) => MemoryMarshal.Write(payload.AsSpan(at), in id);

    private static MediaUuid Get(ReadOnlySpan<byte> payload, int at) => MemoryMarshal.Read<MediaUuid>(payload[at..]);
}
