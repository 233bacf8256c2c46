// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Snapshots.Diff;

/// <summary>One path in which two trees differ.</summary>
/// <param name="Kind">What happened to it.</param>
/// <param name="Type">Type of the object; Unknown when its inode cannot be read.</param>
/// <param name="Inum">Number of the object; 0 when unknown.</param>
/// <param name="Path">Its bytes, from the root of the PFS, beginning with a slash; beginning with a question mark when
/// the directory above it cannot be found.</param>
/// <param name="OldPath">Of a renamed object: its path in the old tree.</param>
/// <param name="Details">In what the object differs; nothing for added and removed ones.</param>
/// <param name="Problem">Why it could not be compared; null when it could.</param>
public sealed record PathDifference(DifferenceKind Kind, ObjectType Type, ulong Inum, byte[] Path, byte[]? OldPath,
    DifferenceDetails Details, string? Problem);
