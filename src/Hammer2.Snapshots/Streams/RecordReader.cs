// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.IO;

namespace Hammer2.Snapshots.Streams;

/// <summary>Reads the records of a stream, each of which is verified before it is shown.</summary>
internal sealed class RecordReader(Stream from)
{
    private readonly byte[] _header = new byte[StreamLayout.HeaderBytes];
    private readonly byte[] _payload = new byte[StreamLayout.PayloadBytesMax];
    private int _payloadBytes;

    /// <summary>The payload of the last record.</summary>
    public ReadOnlySpan<byte> Payload => _payload.AsSpan(0, _payloadBytes);

    /// <summary>Number of records so far.</summary>
    public ulong RecordsTotal { get; private set; }

    /// <summary>The running code over all records so far.</summary>
    public ulong Codes { get; private set; }

    /// <summary>The running code before the last record.</summary>
    public ulong CodesBefore { get; private set; }

    /// <summary>Bytes of all records so far.</summary>
    public long BytesTotal { get; private set; }

    /// <summary>Reads the next record.</summary>
    /// <returns>Its type; null at the end of the bytes.</returns>
    /// <exception cref="StreamException">It is not whole, or not what was written.</exception>
    public StreamRecordType? Read()
    {
        int read = from.ReadAtLeast(_header, _header.Length, throwOnEndOfStream: false);
        if (read == 0) return null;
        if (read < _header.Length) throw Cut();
        if (BinaryPrimitives.ReadUInt64LittleEndian(_header) != StreamLayout.Magic)
        {
            throw new StreamException(
                RecordsTotal == 0 ? "is not a HAMMER2 stream" : $"record {RecordsTotal}: no record");
        }
        uint bytes = BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(12));
        if (bytes > _payload.Length) throw new StreamException($"record {RecordsTotal}: is too long: {bytes} bytes");
        _payloadBytes = (int)bytes;
        Span<byte> payload = _payload.AsSpan(0, _payloadBytes);
        if (from.ReadAtLeast(payload, payload.Length, throwOnEndOfStream: false) < payload.Length) throw Cut();
        ulong code = BinaryPrimitives.ReadUInt64LittleEndian(_header.AsSpan(StreamLayout.CodeOffset));
        if (code != StreamLayout.CodeOf(_header, payload))
            throw new StreamException($"record {RecordsTotal}: its check code does not match");
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(_header.AsSpan(16));
        if (number != RecordsTotal)
            throw new StreamException($"record {RecordsTotal}: record {number} stands in its place");
        (CodesBefore, Codes) = (Codes, StreamLayout.Chain(Codes, code));
        RecordsTotal++;
        BytesTotal += _header.Length + _payloadBytes;
        return (StreamRecordType)BinaryPrimitives.ReadUInt16LittleEndian(_header.AsSpan(8));
    }

    private StreamException Cut() => new($"ends within record {RecordsTotal}");
}
