// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices.Nbd;

/// <summary>How a range is divided at blocks of the export.</summary>
internal static class NbdPieces
{
    /// <summary>Greatest length of a request that carries no bytes.</summary>
    public const long BytesMax = 1 << 30;

    /// <summary>The whole blocks that a range lies in.</summary>
    public static (long First, long End) Around(long offset, long lengthBytes, int blockBytes) =>
        (offset & -blockBytes, (offset + lengthBytes + blockBytes - 1) & -blockBytes);

    /// <summary>The whole blocks within a range; none when the end is not after the first.</summary>
    public static (long First, long End) Within(long offset, long lengthBytes, int blockBytes) =>
        ((offset + blockBytes - 1) & -blockBytes, (offset + lengthBytes) & -blockBytes);
}
