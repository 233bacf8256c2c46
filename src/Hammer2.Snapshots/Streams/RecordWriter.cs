// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.IO;

namespace Hammer2.Snapshots.Streams;

/// <summary>Writes the records of a stream, or only counts them.</summary>
internal sealed class RecordWriter
{
    private readonly Stream? _to;
    private readonly ulong _skipped;
    private readonly byte[] _header = new byte[StreamLayout.HeaderBytes];
    private ulong _number;

    /// <param name="to">Where to; null to count alone.</param>
    /// <param name="before">What was written before: the records up to there are left out. Null from the
    /// beginning.</param>
    public RecordWriter(Stream? to, StreamProgress? before)
    {
        _to = to;
        _skipped = before?.Records ?? 0;
        Codes = before?.Codes ?? 0;
    }

    /// <summary>Bytes of all records so far.</summary>
    public long BytesTotal { get; private set; }

    /// <summary>The running code over all records.</summary>
    public ulong Codes { get; private set; }

    /// <summary>Number of records so far.</summary>
    public ulong RecordsTotal => _number;

    /// <summary>True when the next record is written: its content is needed.</summary>
    public bool WritesNext => _to is not null && _number >= _skipped;

    /// <summary>Adds a record.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="payload">Its payload; only the length counts unless <see cref="WritesNext"/>.</param>
    public void Write(StreamRecordType type, ReadOnlySpan<byte> payload)
    {
        BytesTotal += _header.Length + payload.Length;
        if (WritesNext)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_header, StreamLayout.Magic);
            BinaryPrimitives.WriteUInt16LittleEndian(_header.AsSpan(8), (ushort)type);
            BinaryPrimitives.WriteUInt32LittleEndian(_header.AsSpan(12), (uint)payload.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(_header.AsSpan(16), _number);
            ulong code = StreamLayout.CodeOf(_header, payload);
            BinaryPrimitives.WriteUInt64LittleEndian(_header.AsSpan(StreamLayout.CodeOffset), code);
            Codes = StreamLayout.Chain(Codes, code);
            _to!.Write(_header);
            _to.Write(payload);
        }
        _number++;
    }
}
