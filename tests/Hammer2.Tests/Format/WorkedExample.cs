// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Tests.Format;

/// <summary>
/// A whole 2 GiB image in 5 KiB: one file of 16 bytes and one of 2200 in a directory, written by
/// makefs with the default methods (LZ4, XXH64).
/// </summary>
/// <remarks>The resource is base64 of a zlib stream of runs: a 64-bit offset, a 32-bit length and
/// the bytes. Everything between runs is zero.</remarks>
internal sealed class WorkedExample
{
    /// <summary>Bytes of the image.</summary>
    public const long LengthBytes = 0x8000_0000;

    private readonly SortedDictionary<long, byte[]> _runs = [];

    /// <summary>Unpacks the resource.</summary>
    public WorkedExample()
    {
        using Stream resource =
            typeof(WorkedExample).Assembly.GetManifestResourceStream("WorkedExample.base64")!;
        using var text = new StreamReader(resource);
        using var packed = new MemoryStream(Convert.FromBase64String(text.ReadToEnd()));
        using var zlib = new ZLibStream(packed, CompressionMode.Decompress);
        var head = new byte[12];
        while (zlib.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            var run = new byte[BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(8))];
            zlib.ReadExactly(run);
            _runs.Add(BinaryPrimitives.ReadInt64LittleEndian(head), run);
        }
    }

    /// <summary>The bytes of the image from <paramref name="offset"/> on.</summary>
    public byte[] Read(long offset, int length)
    {
        var bytes = new byte[length];
        foreach ((long start, byte[] run) in _runs)
        {
            long first = Math.Max(start, offset);
            long end = Math.Min(start + run.Length, offset + length);
            if (first < end)
            {
                run.AsSpan((int)(first - start), (int)(end - first)).CopyTo(
                    bytes.AsSpan((int)(first - offset)));
            }
        }

        return bytes;
    }

    /// <summary>The block that <paramref name="reference"/> refers to, as stored and unverified.</summary>
    public byte[] Read(in Blockref reference) => Read((long)reference.Data.Bytes, reference.Data.SizeBytes);

    /// <summary>The same block as a table.</summary>
    public Blockref[] ReadTable(in Blockref reference) =>
        MemoryMarshal.Cast<byte, Blockref>(Read(reference)).ToArray();
}
