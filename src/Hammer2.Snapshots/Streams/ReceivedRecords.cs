// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>Records of a stream that were verified, as they become blocks of a PFS.</summary>
internal sealed class ReceivedRecords(ReceivedPfs pfs, ReceivedTree tree)
{
    private ulong _inodes;
    private ulong _dataBytes;

    /// <summary>Uses a record.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="payload">Its payload.</param>
    /// <param name="before">What the last record says of those before it.</param>
    /// <returns>True after the last one.</returns>
    /// <exception cref="StreamException">It is not what may come here, or does not fit.</exception>
    public bool Take(StreamRecordType type, ReadOnlySpan<byte> payload, ReceivingPosition before)
    {
        switch (type)
        {
            case StreamRecordType.Inode:
                Room(Media.AllocationBytesMax, 0);
                tree.BeginInode(payload);
                break;
            case StreamRecordType.RemovedInode:
                tree.RemoveInode(NumberOf(payload));
                break;
            case StreamRecordType.Entry:
                Room(Media.AllocationBytesMax, 0);
                tree.AddEntry(payload);
                break;
            case StreamRecordType.RemovedKey:
                tree.RemoveKey(NumberOf(payload));
                break;
            case StreamRecordType.Data:
                Room(2 * Media.AllocationBytesMax, Media.AllocationBytesMax);
                tree.AddData(payload);
                break;
            case StreamRecordType.Shared:
                tree.AddShared(payload);
                break;
            case StreamRecordType.End:
                CheckTotals(payload, before);
                tree.End();
                return true;
            default:
                throw new StreamException($"is of the unknown type {(ushort)type}");
        }
        Count(type, payload);
        return false;
    }

    /// <summary>Counts a record that was used.</summary>
    public void Count(StreamRecordType type, ReadOnlySpan<byte> payload)
    {
        if (type == StreamRecordType.Inode) _inodes++;
        if (type == StreamRecordType.Data) _dataBytes += (uint)(payload.Length - StreamLayout.DataHeadBytes);
    }

    private void Room(long bytes, long dataBytes)
    {
        if (!pfs.TryReserve(bytes, dataBytes)) StreamException.ThrowIf(Hammer2Error.NoSpace, "no space for a record");
    }

    private void CheckTotals(ReadOnlySpan<byte> payload, ReceivingPosition before)
    {
        bool isRight = payload.Length == StreamLayout.EndBytes
            && BinaryPrimitives.ReadUInt64LittleEndian(payload) == before.Records
            && BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]) == _inodes
            && BinaryPrimitives.ReadUInt64LittleEndian(payload[16..]) == _dataBytes
            && BinaryPrimitives.ReadUInt64LittleEndian(payload[24..]) == before.Codes;
        if (!isRight) throw new StreamException("its totals are not those of the stream");
    }

    private static ulong NumberOf(ReadOnlySpan<byte> payload) => payload.Length == sizeof(ulong)
        ? BinaryPrimitives.ReadUInt64LittleEndian(payload)
        : throw new StreamException("has a wrong length");
}
