// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Hammer2.Cluster;

/// <summary>Random bits of the system's generator, for ids that must not meet.</summary>
public static class SystemRandom
{
    /// <summary>64 random bits.</summary>
    public static ulong NextBits() =>
        BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}
