// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>Usage of a range of the address space, in bytes.</summary>
public sealed class FreemapCell
{
    /// <summary>Number of segment classes, including <see cref="BlockrefType.Empty"/> for none.</summary>
    public const int ClassesTotal = (int)BlockrefType.FreemapLeaf + 1;

    private readonly ulong[] _byClass = new ulong[ClassesTotal];

    /// <summary>Free bytes.</summary>
    public ulong FreeBytes { get; internal set; }

    /// <summary>Bytes staged by bulkfree: found unreachable by one pass.</summary>
    public ulong PossiblyFreeBytes { get; internal set; }

    /// <summary>Allocated bytes.</summary>
    public ulong AllocatedBytes { get; internal set; }

    /// <summary>Bytes that are never allocated: headers, freemap, boot and aux areas.</summary>
    public ulong StaticBytes { get; internal set; }

    /// <summary>Bytes of unknown state, because their leaf is damaged.</summary>
    public ulong UnknownBytes { get; internal set; }

    /// <summary>Total bytes of the range.</summary>
    public ulong TotalBytes => FreeBytes + PossiblyFreeBytes + AllocatedBytes + StaticBytes + UnknownBytes;

    /// <summary>
    /// Allocated bytes in segments of one class: the type of block that the segment is used for,
    /// <see cref="BlockrefType.Empty"/> for none.
    /// </summary>
    public ulong OfClass(BlockrefType type) => _byClass[(int)type];

    internal void Allocate(int kind, ulong bytes)
    {
        AllocatedBytes += bytes;
        _byClass[kind] += bytes;
    }
}
