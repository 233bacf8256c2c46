// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.IO.Hashing;

namespace Hammer2.Format;

/// <summary>
/// The code that a reference keeps of the block it leads to: computes, stores and verifies it by
/// the reference's check method.
/// </summary>
/// <remarks>
/// A code covers the block as stored: all of its 2^radix bytes, compressed and padded. Directory
/// entries with a short name have no block and no code: their name lies where the code would be, so
/// neither method may be asked about them. Upstream: <c>hammer2_chain_testcheck</c>,
/// <c>hammer2_chain_setcheck</c>.
/// </remarks>
public static class CheckCode
{
    /// <summary>The seed of every HAMMER2 hash (<c>XXH_HAMMER2_SEED</c>).</summary>
    private const long XxHash64Seed = 0x4D617474446C6C6E;

    /// <summary>Gives the XXH64 of <paramref name="bytes"/> under HAMMER2's seed: the default check code.</summary>
    public static ulong Hash64(ReadOnlySpan<byte> bytes) => XxHash64.HashToUInt64(bytes, XxHash64Seed);

    /// <summary>True when <paramref name="method"/> is one that media may carry.</summary>
    public static bool IsKnown(CheckMethod method) => method <= CheckMethod.Freemap;

    /// <summary>True when <paramref name="method"/> can tell good bytes from bad ones.</summary>
    public static bool Protects(CheckMethod method) =>
        method is > CheckMethod.Disabled and <= CheckMethod.Freemap;

    /// <summary>
    /// True when <paramref name="block"/> is what <paramref name="reference"/> says it is, or when
    /// its method keeps no code. False for a method that does not exist.
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
    /// Makes <paramref name="reference"/> vouch for <paramref name="block"/>. The rest of the check
    /// area becomes zero, but for the hints that lie beside the code of a freemap block. A method
    /// without a code leaves all 64 bytes zero.
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
