// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>Receives file data.</summary>
/// <param name="position">Offset of the first byte in the file.</param>
/// <param name="bytes">The bytes, valid during the call.</param>
/// <returns>False to end.</returns>
public delegate bool RecoveredPiece(ulong position, ReadOnlySpan<byte> bytes);

/// <summary>A range of bytes of a file that are not on media any more.</summary>
/// <param name="First">Offset of the first byte.</param>
/// <param name="End">Offset after the last byte.</param>
public readonly record struct RecoveredGap(ulong First, ulong End);

/// <summary>A version of an object that was found on media.</summary>
public sealed class RecoveredObject
{
    private readonly Func<RecoveredObject, RecoveredPiece?, bool> _read;

    internal RecoveredObject(InodeMeta meta, Func<RecoveredObject, RecoveredPiece?, bool> read)
    {
        Meta = meta;
        _read = read;
    }

    /// <summary>Its inode.</summary>
    public InodeMeta Meta { get; }

    /// <summary>The label of its PFS; null when that is not known.</summary>
    public byte[]? Label { get; internal init; }

    /// <summary>Its paths below the root of the PFS, without a slash at the start: one, or several of a file with several
    /// links.</summary>
    public IReadOnlyList<byte[]> Paths { get; internal init; } = [];

    /// <summary>False when the name, or the directory that it is in, was not found: the path is made up then.</summary>
    public bool IsPathKnown { get; internal init; }

    /// <summary>True when the PFS does not have the object any more.</summary>
    public bool IsDeleted { get; internal init; }

    /// <summary>The change of the PFS that made this version.</summary>
    public ulong ModifyTid { get; internal init; }

    /// <summary>Versions of the object that were found.</summary>
    public int VersionsTotal { get; internal init; }

    /// <summary>How many of them are newer than this one.</summary>
    public int NewerTotal { get; internal init; }

    /// <summary>True once the file data was read.</summary>
    public bool IsRead { get; internal set; }

    /// <summary>True when its data was read and is whole.</summary>
    public bool IsWhole => IsRead && Gaps.Count == 0;

    /// <summary>What of its data is missing, in ascending order. The last stands for all the rest when there are
    /// many.</summary>
    public IReadOnlyList<RecoveredGap> Gaps { get; internal set; } = [];

    /// <summary>Bytes of data that are missing.</summary>
    public ulong MissingBytes
    {
        get
        {
            ulong sum = 0;
            foreach (RecoveredGap gap in Gaps) sum += gap.End - gap.First;
            return sum;
        }
    }

    /// <summary>Reads the data again, in ascending order; holes and what is missing are left out. Every block is compared
    /// with its check code.</summary>
    /// <returns>False when the receiver ended it.</returns>
    public bool Copy(RecoveredPiece piece) => _read(this, piece);
}
