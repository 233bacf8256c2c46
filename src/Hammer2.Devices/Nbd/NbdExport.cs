// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Numerics;

namespace Hammer2.Devices.Nbd;

/// <summary>What a server says of an export, checked.</summary>
/// <param name="LengthBytes">Its size.</param>
/// <param name="Flags">What it can do.</param>
/// <param name="BlockBytesMin">Offsets and lengths of requests are multiples of this power of two, at most 64
/// KiB.</param>
/// <param name="BlockBytesMax">Greatest length of a read or a write, a multiple of the least.</param>
/// <param name="IsStructured">Reads are answered in chunks.</param>
internal readonly record struct NbdExport(
    long LengthBytes, NbdExportFlags Flags, int BlockBytesMin, int BlockBytesMax, bool IsStructured)
{
    private const int BlockBytesMinMax = 64 << 10;
    private const int BlockBytesMinDefault = 512;
    private const uint BlockBytesMaxDefault = 32 << 20;     // what every server should accept
    private const int BlockBytesMaxMax = 1 << 30;

    /// <summary>True when nothing can be written.</summary>
    public bool IsReadOnly => Flags.HasFlag(NbdExportFlags.ReadOnly);

    /// <summary>True when a request makes earlier writes durable.</summary>
    public bool CanFlush => Flags.HasFlag(NbdExportFlags.Flush);

    /// <summary>True when a write can be made durable by itself.</summary>
    public bool CanForce => Flags.HasFlag(NbdExportFlags.ForcedUnitAccess);

    /// <summary>Checks what the server said.</summary>
    /// <param name="lengthBytes">Size of the export.</param>
    /// <param name="flags">Its flags, with those that are not known here.</param>
    /// <param name="sizes">Its block sizes; null when it did not tell any.</param>
    /// <param name="isStructured">Structured replies were agreed on.</param>
    /// <exception cref="NbdProtocolException">A value is malformed.</exception>
    public static NbdExport Check(ulong lengthBytes, ushort flags, NbdBlockSizes? sizes, bool isStructured)
    {
        if (lengthBytes > long.MaxValue) throw Wrong($"a size of {lengthBytes} bytes");
        if ((flags & (ushort)NbdExportFlags.HasFlags) == 0) throw Wrong($"flags {flags:x} that are none");
        NbdBlockSizes given = sizes ?? new NbdBlockSizes(BlockBytesMinDefault, 0, BlockBytesMaxDefault);
        if (!BitOperations.IsPow2(given.Least) || given.Least > BlockBytesMinMax)
            throw Wrong($"a least block size of {given.Least} bytes");
        if (given.Greatest < given.Least || (sizes is not null && given.Greatest < given.Preferred))
            throw Wrong($"a greatest block size of {given.Greatest} bytes");
        uint greatest = Math.Min(given.Greatest, BlockBytesMaxMax);
        return new NbdExport((long)lengthBytes & -given.Least, (NbdExportFlags)flags, (int)given.Least,
            (int)(greatest & ~(given.Least - 1)), isStructured);
    }

    private static NbdProtocolException Wrong(FormattableString what) =>
        new("the server tells " + what.ToString(CultureInfo.InvariantCulture));
}

/// <summary>Block sizes of an export in bytes, as the server told them.</summary>
internal readonly record struct NbdBlockSizes(uint Least, uint Preferred, uint Greatest);
