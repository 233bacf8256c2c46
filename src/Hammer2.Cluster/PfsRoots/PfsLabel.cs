// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Text;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>What a PFS may be called.</summary>
public static class PfsLabel
{
    // Upstream's requests have 256 bytes for a label and the NUL that ends it.
    internal const int BytesMax = Media.NameBytesMax;

    /// <summary>True when a PFS may have this label: 1 to 255 bytes without NUL. A slash is allowed: snapshots that
    /// DragonFly makes by schedule have one.</summary>
    public static bool IsValid(ReadOnlySpan<byte> label) =>
        label.Length is > 0 and <= BytesMax && !label.Contains((byte)0);

    /// <summary>The label of a snapshot for which none was given: that of the PFS, and the local time.</summary>
    /// <param name="pfs">Label of the PFS.</param>
    /// <param name="time">When the snapshot is made.</param>
    /// <returns><c>LABEL.YYYYMMDD.HHMMSS</c>, the label shortened where that would be too long.</returns>
    public static byte[] OfSnapshot(ReadOnlySpan<byte> pfs, DateTimeOffset time)
    {
        byte[] suffix = Encoding.ASCII.GetBytes(time.ToString("'.'yyyyMMdd'.'HHmmss", CultureInfo.InvariantCulture));
        return [.. pfs[..Math.Min(pfs.Length, BytesMax - suffix.Length)], .. suffix];
    }
}
