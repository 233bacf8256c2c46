// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>The two copies of the upkeep record on the first volume of a filesystem.</summary>
public static class UpkeepRecords
{
    /// <summary>Reads the newest whole copy.</summary>
    /// <param name="device">The first volume.</param>
    /// <param name="filesystemId">The id of the filesystem.</param>
    /// <returns>An empty record when there is none, or none can be read.</returns>
    public static UpkeepRecord Read(IBlockDevice device, in MediaUuid filesystemId)
    {
        var newest = new UpkeepRecord();
        byte[] bytes = new byte[UpkeepRecord.SizeBytes];
        for (int copy = 0; copy < 2; copy++)
        {
            long offset = Media.UpkeepRecordOffset + (copy * UpkeepRecord.SizeBytes);
            if (device.LengthBytes < offset + bytes.Length) break;
            if (device.Read(offset, bytes) != Hammer2Error.None) continue;
            UpkeepRecord? found = UpkeepRecord.Decode(bytes, filesystemId);
            if (found is not null && found.Fields.Sequence > newest.Fields.Sequence) newest = found;
        }
        return newest;
    }

    /// <summary>Encodes the next copy.</summary>
    /// <param name="record">The record; its sequence number grows by one.</param>
    /// <param name="filesystemId">The id of the filesystem.</param>
    /// <param name="bytes">Receives 32 KiB.</param>
    /// <returns>Where the copy belongs: the place of the older one.</returns>
    public static long EncodeNext(UpkeepRecord record, in MediaUuid filesystemId, Span<byte> bytes)
    {
        record.Fields.Sequence++;
        record.Fields.FilesystemId = filesystemId;
        record.Encode(bytes);
        return Media.UpkeepRecordOffset + ((long)(record.Fields.Sequence % 2) * UpkeepRecord.SizeBytes);
    }
}
