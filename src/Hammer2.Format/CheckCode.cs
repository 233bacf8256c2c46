// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.IO.Hashing;

namespace Hammer2.Format;

/// <summary>
/// The check code of a block, which is stored in the reference to it: computes, stores and verifies it with the check
/// method of the reference.
/// </summary>
/// <remarks>
/// A code covers the block as stored: all of its 2^radix bytes, compressed and padded. A directory entry with a name of
/// up to 64 bytes has no block and no code: the name occupies the check area. Do not call these methods for such an
/// entry. Upstream: <c>hammer2_chain_testcheck</c>, <c>hammer2_chain_setcheck</c>.
/// </remarks>
public static class CheckCode
{
    /// <summary>The seed of every HAMMER2 hash (<c>XXH_HAMMER2_SEED</c>).</summary>
    private const long XxHash64Seed = 0x4D617474446C6C6E;

    /// <summary>Computes the XXH64 of <paramref name="bytes"/> with HAMMER2's seed: the default check code.</summary>
    public static ulong Hash64(ReadOnlySpan<byte> bytes) => XxHash64.HashToUInt64(bytes, XxHash64Seed);

    /// <summary>True when <paramref name="method"/> is defined by the format.</summary>
    public static bool IsKnown(CheckMethod method) => method <= CheckMethod.Freemap;

    /// <summary>True when <paramref name="method"/> stores a code, so that damage can be detected.</summary>
    public static bool Protects(CheckMethod method) =>
        method is > CheckMethod.Disabled and <= CheckMethod.Freemap;

    /// <summary>
    /// True when the code of <paramref name="block"/> equals the one stored in <paramref name="reference"/>, or when
    /// its method stores none. False for an undefined method.
    /// </summary>
    public static bool Verify(in Blockref reference, ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<byte> stored = reference.CheckRead;
        switch (reference.Methods.Check)
        {
            case CheckMethod.None:
            case CheckMethod.Disabled:
                return true;
            case CheckMethod.Iscsi32:
            case CheckMethod.Freemap:
                return BinaryPrimitives.ReadUInt32LittleEndian(stored) == IscsiCrc32.Compute(block);
            case CheckMethod.XxHash64:
                return BinaryPrimitives.ReadUInt64LittleEndian(stored) == Hash64(block);
            case CheckMethod.Sha192:
                Span<byte> code = stackalloc byte[Sha192.SizeBytes];
                Sha192.Hash(block, code);
                return stored[..Sha192.SizeBytes].SequenceEqual(code);
            default:
                return false;
        }
    }

    /// <summary>
    /// Stores the code of <paramref name="block"/> in <paramref name="reference"/>. The rest of the check area becomes
    /// zero, except the hints that follow the code of a freemap block. A method without a code makes all 64 bytes zero.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The check method does not exist.</exception>
    public static void Store(ref Blockref reference, ReadOnlySpan<byte> block)
    {
        Span<byte> area = reference.Check;
        switch (reference.Methods.Check)
        {
            case CheckMethod.None:
            case CheckMethod.Disabled:
                area.Clear();
                break;
            case CheckMethod.Iscsi32:
                area.Clear();
                BinaryPrimitives.WriteUInt32LittleEndian(area, IscsiCrc32.Compute(block));
                break;
            case CheckMethod.Freemap:
                BinaryPrimitives.WriteUInt32LittleEndian(area, IscsiCrc32.Compute(block));
                break;
            case CheckMethod.XxHash64:
                area.Clear();
                BinaryPrimitives.WriteUInt64LittleEndian(area, Hash64(block));
                break;
            case CheckMethod.Sha192:
                area.Clear();
                Sha192.Hash(block, area);
                break;
            default:
                throw new ArgumentOutOfRangeException(
                    nameof(reference), reference.Methods.Check, "The check method does not exist.");
        }
    }
}
