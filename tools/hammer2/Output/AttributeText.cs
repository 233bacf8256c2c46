// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Format;

namespace Hammer2.Tool.Output;

/// <summary>Where an inode has its extended attributes, as text.</summary>
internal static class AttributeText
{
    /// <summary>With a blank before it; empty without attributes.</summary>
    /// <param name="inum">Number of the inode.</param>
    /// <param name="block">The block of the inode.</param>
    public static string Of(ulong inum, ReadOnlySpan<byte> block)
    {
        // The roots of PFSs have other things there.
        if (inum <= Media.PfsRootInum) return "";
        ReadOnlySpan<byte> afterName = InodeBlock.ReadAfterName(block);
        if (!AttributeRecord.IsPresent(afterName)) return "";
        if (!AttributeRecord.TryRead(afterName, inum, out AttributeRecord record)) return " attributes damaged";
        return record.File == 0
            ? string.Create(CultureInfo.InvariantCulture, $" attributes {record.List.Length} bytes")
            : string.Create(CultureInfo.InvariantCulture, $" attributes in 0x{record.File:x}");
    }
}
