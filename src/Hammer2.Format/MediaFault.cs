// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Format;

/// <summary>A field whose value no correct writer can have stored.</summary>
/// <param name="Kind">The structure.</param>
/// <param name="Field">The field, with its slot number when the structure has several.</param>
/// <param name="Reason">What is wrong with it.</param>
/// <param name="Found">The value found.</param>
/// <param name="Expected">The expected value, or the limit that was exceeded.</param>
public sealed record MediaFault(
    MediaKind Kind, string Field, string Reason, ulong Found, ulong Expected)
{
    /// <summary>One line for logs: <c>corrupt kind: field, reason, found x expected y</c>; the
    /// numbers are hexadecimal.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"corrupt {KindText}: {Field}, {Reason}, found 0x{Found:x} expected 0x{Expected:x}");

    private string KindText => Kind switch
    {
        MediaKind.VolumeHeader => "volume header",
        MediaKind.Reference => "reference",
        MediaKind.Table => "table",
        MediaKind.Inode => "inode",
        MediaKind.EntryName => "entry name",
        MediaKind.Freemap => "freemap",
        _ => Kind.ToString(),
    };
}
