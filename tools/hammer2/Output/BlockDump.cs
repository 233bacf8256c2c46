// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Tool.Output;

/// <summary>Prints the content of a block, damaged or not, as lines for examining damage.</summary>
internal static class BlockDump
{
    private const int RowBytes = 32;
    private const int RowsMax = 16;

    /// <summary>Reads a block again and describes it by the type of its reference.</summary>
    public static IEnumerable<string> Lines(VolumeSet volumes, Blockref reference)
    {
        yield return string.Create(CultureInfo.InvariantCulture,
            $"check {MediaText.Check(reference.Methods.Check)}, mirror {reference.MirrorTid:x}, modify {reference.ModifyTid:x}");
        int sizeBytes = reference.Data.SizeBytes;
        if (sizeBytes == 0 || sizeBytes > Media.AllocationBytesMax) yield break;
        byte[] block = new byte[sizeBytes];
        Hammer2Error error = volumes.Read(reference.Data.Bytes, block);
        if (error != Hammer2Error.None)
        {
            yield return $"cannot be read: {error}";
            yield break;
        }
        yield return volumes.DescribeLocation(reference.Data.Bytes);
        IEnumerable<string> lines = reference.Type switch
        {
            BlockrefType.Inode when sizeBytes == Media.InodeBytes => Inode(block),
            BlockrefType.Indirect or BlockrefType.FreemapNode => Table(block),
            _ => Bytes(block),
        };
        foreach (string line in lines) yield return line;
    }

    private static IEnumerable<string> Inode(byte[] block)
    {
        InodeMeta meta = InodeBlock.ReadMeta(block);
        int nameBytes = Math.Min((int)meta.NameBytes, InodeBlock.NameAreaBytes);
        yield return $"name \"{NameText.Escape(block.AsSpan(InodeBlock.NameOffset, nameBytes))}\"";
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{MediaText.Kind(meta.Type)}, inum 0x{meta.Inum:x}, parent 0x{meta.ParentInum:x}, links {meta.LinkCount}");
        yield return string.Create(CultureInfo.InvariantCulture,
            $"size {meta.Size}{(meta.HasDirectData ? " (embedded)" : "")}, mode {Convert.ToString(meta.Mode & 0xFFF, 8)}, "
            + $"user {meta.UserId.UnixId}, group {meta.GroupId.UnixId}");
        if (AttributeText.Of(meta.Inum, block) is { Length: > 0 } attributes) yield return attributes.TrimStart();
        if (meta.PfsType != PfsType.None)
            yield return $"PFS {MediaText.Role(meta)}, cluster {meta.PfsClusterId}, node {meta.PfsNodeId}";
    }

    private static List<string> Table(byte[] block)
    {
        ReadOnlySpan<Blockref> table = MemoryMarshal.Cast<byte, Blockref>(block);
        var lines = new List<string>();
        for (int slot = 0; slot < table.Length; slot++)
        {
            if (table[slot].IsEmpty) continue;
            lines.Add(string.Create(CultureInfo.InvariantCulture,
                $"{slot,3} {table[slot].Data.Raw:x16} {MediaText.Kind(table[slot].Type),-12} "
                + $"{table[slot].Key:x16}/{table[slot].KeyBits}"));
        }
        return lines;
    }

    private static List<string> Bytes(byte[] block)
    {
        var lines = new List<string>();
        for (int at = 0; at < block.Length && lines.Count < RowsMax; at += RowBytes)
        {
            ReadOnlySpan<byte> row = block.AsSpan(at, Math.Min(RowBytes, block.Length - at));
            lines.Add($"{at.ToString("x4", CultureInfo.InvariantCulture)} {Convert.ToHexStringLower(row)}");
        }
        if (block.Length > RowsMax * RowBytes)
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"and {block.Length - (RowsMax * RowBytes)} bytes more"));
        return lines;
    }
}
