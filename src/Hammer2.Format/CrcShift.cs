// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>
/// What a number of bytes that follow do to a CRC-32C: with it, the codes of two parts give that of both together.
/// </summary>
/// <remarks>A code is a polynomial modulo that of the CRC, and n more bytes multiply it by x to the power of 8n. The
/// product is linear in the code, so that it is the sum of four table entries.</remarks>
public sealed class CrcShift
{
    /// <summary>The polynomial of CRC-32C, reflected.</summary>
    internal const uint Polynomial = 0x82F63B78;

    private const uint One = 1u << 31;              // the highest bit is the coefficient of x^0
    private const uint X = 1u << 30;
    private const int ValuesTotal = 256;

    private readonly uint[] _tables = new uint[sizeof(uint) * ValuesTotal];

    /// <summary>Prepares it for a number of bytes.</summary>
    public CrcShift(int bytes)
    {
        uint factor = PowerOfX(8UL * (uint)bytes);
        for (int index = 0; index < _tables.Length; index++)
            _tables[index] = Multiply(factor, (uint)(index % ValuesTotal) << (index / ValuesTotal * 8));
    }

    /// <summary>The code of two parts, one after the other.</summary>
    /// <param name="first">The code of the first part.</param>
    /// <param name="second">The code of the second part, which has the number of bytes.</param>
    public uint Join(uint first, uint second)
    {
        ReadOnlySpan<uint> tables = _tables;
        return second
            ^ tables[(int)(first & 0xFF)]
            ^ tables[ValuesTotal + (int)((first >> 8) & 0xFF)]
            ^ tables[(2 * ValuesTotal) + (int)((first >> 16) & 0xFF)]
            ^ tables[(3 * ValuesTotal) + (int)(first >> 24)];
    }

    private static uint PowerOfX(ulong exponent)
    {
        uint power = One;
        for (uint square = X; exponent != 0; exponent >>= 1, square = Multiply(square, square))
            if ((exponent & 1) != 0) power = Multiply(power, square);
        return power;
    }

    private static uint Multiply(uint left, uint right)
    {
        uint product = 0;
        for (uint coefficient = One; coefficient != 0; coefficient >>= 1)
        {
            if ((left & coefficient) != 0) product ^= right;
            right = (right & 1) != 0 ? (right >> 1) ^ Polynomial : right >> 1;
        }
        return product;
    }
}
