// SPDX-License-Identifier: BSD-3-Clause
using System.Text;

namespace Hammer2.Testing;

/// <summary>One line of a golden image's listing: upstream's output for one path.</summary>
/// <param name="Path">From the root, starting with a slash; bytes as characters 0 to 255.</param>
/// <param name="Type">d, f, l, p, s, c or b.</param>
/// <param name="Mode">Permission bits.</param>
/// <param name="UserId">Owner.</param>
/// <param name="GroupId">Group.</param>
/// <param name="LinkCount">As stored.</param>
/// <param name="Size">Bytes, as stored.</param>
/// <param name="ModifyTime">Microseconds since 1970.</param>
/// <param name="Value">SHA-256 of a file in hexadecimal, target of a link in bytes as characters, major,minor
/// of a device; a hyphen for the others.</param>
/// <param name="Extended">The fields of the .ext.tsv listing, or null when there is none.</param>
public sealed record ManifestEntry(
    string Path,
    char Type,
    uint Mode,
    uint UserId,
    uint GroupId,
    ulong LinkCount,
    ulong Size,
    ulong ModifyTime,
    string Value,
    ManifestExtension? Extended)
{
    /// <summary>The path's bytes.</summary>
    public byte[] PathBytes => Encoding.Latin1.GetBytes(Path);
}

/// <summary>The additional fields of an extended listing.</summary>
/// <param name="Inum">Inode number.</param>
/// <param name="ChangeTime">Microseconds since 1970.</param>
/// <param name="AccessTime">Microseconds since 1970, as stored.</param>
/// <param name="BirthTime">Microseconds since 1970.</param>
/// <param name="UserFlags">BSD flags.</param>
/// <param name="Compression">Policy of the inode by name, as lz4.</param>
/// <param name="Check">Policy of the inode by name, as xxhash64.</param>
/// <param name="OperationFlags">As stored.</param>
/// <param name="ParentInum">As stored.</param>
/// <param name="DataCount">Bytes allocated below the inode.</param>
public sealed record ManifestExtension(
    ulong Inum,
    ulong ChangeTime,
    ulong AccessTime,
    ulong BirthTime,
    uint UserFlags,
    string Compression,
    string Check,
    byte OperationFlags,
    ulong ParentInum,
    ulong DataCount);
