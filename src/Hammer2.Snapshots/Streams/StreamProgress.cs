// SPDX-License-Identifier: BSD-3-Clause
using System.IO;

namespace Hammer2.Snapshots.Streams;

/// <summary>What a stream that was cut has: whole records from its beginning.</summary>
/// <param name="Identity">What it is of; null when not even the first record is whole.</param>
/// <param name="Records">How many.</param>
/// <param name="Codes">The running code over them.</param>
/// <param name="BytesTotal">Their bytes: what follows is to be cut off.</param>
/// <param name="IsComplete">True when the last record is there.</param>
public sealed record StreamProgress(
    StreamIdentity? Identity, ulong Records, ulong Codes, long BytesTotal, bool IsComplete)
{
    /// <summary>Reads the records of a file up to the first that is not whole.</summary>
    public static StreamProgress Of(Stream file)
    {
        var reader = new RecordReader(file);
        StreamIdentity? identity = null;
        var last = new StreamProgress(null, 0, 0, 0, false);
        try
        {
            while (reader.Read() is { } type)
            {
                if (type == StreamRecordType.Begin) identity = StreamIdentity.Decode(reader.Payload);
                last = new StreamProgress(identity, reader.RecordsTotal, reader.Codes, reader.BytesTotal,
                    type == StreamRecordType.End);
                if (last.IsComplete) break;
            }
        }
        catch (StreamException)
        {
            // What follows the whole records is made again.
            return last;
        }
        return last;
    }
}
