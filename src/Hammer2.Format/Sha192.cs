// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Hammer2.Format;

/// <summary>
/// SHA-256 folded to 24 bytes: the last eight bytes of the digest are mixed into the eight before.
/// </summary>
/// <remarks>Upstream: <c>HAMMER2_CHECK_SHA192</c> in hammer2_chain_setcheck.</remarks>
public static class Sha192
{
    /// <summary>Bytes of a code.</summary>
    public const int SizeBytes = 24;

    /// <summary>Puts the code of <paramref name="source"/> into the first 24 bytes of
    /// <paramref name="destination"/>.</summary>
    public static void Hash(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        _ = SHA256.HashData(source, digest);
        ulong folded = BinaryPrimitives.ReadUInt64LittleEndian(digest[16..])
            ^ BinaryPrimitives.ReadUInt64LittleEndian(digest[24..]);
        BinaryPrimitives.WriteUInt64LittleEndian(digest[16..], folded);
        digest[..SizeBytes].CopyTo(destination);
    }
}
