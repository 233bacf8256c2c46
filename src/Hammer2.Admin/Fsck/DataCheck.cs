// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>Reads blocks of file data, verifies their check codes and decodes them.</summary>
internal sealed class DataCheck
{
    private const int RecentCount = 8192;

    private readonly FsckContext _context;
    private readonly byte[] _stored = new byte[Media.AllocationBytesMax];
    private readonly byte[] _decoded = new byte[Media.FileBlockBytes];

    // Recently checked blocks, so that a deduplicated block is not read for each reference.
    private readonly Recent[] _recent = new Recent[RecentCount];

    public DataCheck(FsckContext context) => _context = context;

    /// <summary>Checks the block of a valid reference.</summary>
    public void Check(in FsckPosition position, in Blockref reference)
    {
        ref Recent recent = ref _recent[(int)((reference.Data.Bytes >> Media.AllocationRadixMin) % RecentCount)];
        Recent wanted = Recent.Of(reference);
        if (recent == wanted) return;
        Span<byte> stored = _stored.AsSpan(0, reference.Data.SizeBytes);
        if (!_context.TryRead(position, reference, stored)) return;
        CompressionMethod method = reference.Methods.Compression;
        if (method != CompressionMethod.None
            && BlockCodec.Decode(method, stored, _decoded, out _) != Hammer2Error.None)
        {
            _context.Add(FsckSeverity.Error, FsckCode.DataDecode, position, reference,
                $"{FsckContext.Describe(reference)} cannot be decoded ({method})");
            return;
        }
        recent = wanted;
    }

    private readonly record struct Recent(ulong Data, BlockMethods Methods, ulong Code0, ulong Code1, ulong Code2)
    {
        public static Recent Of(in Blockref reference) => new(
            reference.Data.Raw, reference.Methods,
            BinaryPrimitives.ReadUInt64LittleEndian(reference.CheckRead),
            BinaryPrimitives.ReadUInt64LittleEndian(reference.CheckRead[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(reference.CheckRead[16..]));
    }
}
