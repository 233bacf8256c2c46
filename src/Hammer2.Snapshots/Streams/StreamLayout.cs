// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>Sizes and offsets of the records of a stream. All numbers are little-endian.</summary>
internal static class StreamLayout
{
    /// <summary>"H2STREAM" at the start of each record.</summary>
    public const ulong Magic = 0x4D41455254533248;

    /// <summary>The version of the format.</summary>
    public const uint Version = 1;

    /// <summary>Bytes of a record before its payload: magic, type, length, number, check code.</summary>
    public const int HeaderBytes = 32;

    /// <summary>Offset of the check code, which covers what is before it, and the payload.</summary>
    public const int CodeOffset = 24;

    /// <summary>Bytes of the payload of <see cref="StreamRecordType.Begin"/>.</summary>
    public const int BeginBytes = 80 + 256;

    /// <summary>Bytes before the block of an inode.</summary>
    public const int InodeHeadBytes = 24;

    /// <summary>Bytes before the name of an entry.</summary>
    public const int EntryHeadBytes = 32;

    /// <summary>Bytes before the stored bytes of a block of file data.</summary>
    public const int DataHeadBytes = 48;

    /// <summary>Bytes of a reference to a block that is shared.</summary>
    public const int SharedBytes = DataHeadBytes + 16;

    /// <summary>Bytes of the last record's payload.</summary>
    public const int EndBytes = 32;

    /// <summary>Bytes of the longest payload.</summary>
    public const int PayloadBytesMax = DataHeadBytes + Media.FileBlockBytes;

    /// <summary>Bytes of a check code in a record: the longest that there is.</summary>
    public const int CheckBytes = 24;

    /// <summary>Check code of a record.</summary>
    public static ulong CodeOf(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        Span<byte> codes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(codes, CheckCode.Hash64(header[..CodeOffset]));
        BinaryPrimitives.WriteUInt64LittleEndian(codes[8..], CheckCode.Hash64(payload));
        return CheckCode.Hash64(codes);
    }

    /// <summary>The running code over all records.</summary>
    public static ulong Chain(ulong codes, ulong code)
    {
        Span<byte> both = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(both, codes);
        BinaryPrimitives.WriteUInt64LittleEndian(both[8..], code);
        return CheckCode.Hash64(both);
    }
}
