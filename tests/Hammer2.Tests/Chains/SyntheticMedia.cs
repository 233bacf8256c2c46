// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Chains;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.Tests.Chains;

/// <summary>
/// A volume in memory whose blocks a test writes by hand: valid, with check codes, of any shape. It has only blocks
/// that a reader follows from the volume header; there is no freemap.
/// </summary>
internal sealed class SyntheticMedia
{
    private const long VolumeBytes = 256 << 20;
    private ulong _next = Media.SegmentBytes;

    public MemoryBlockDevice Device { get; } = new(VolumeBytes, "synthetic");

    /// <summary>Writes a block at the next free offset and returns the reference to it.</summary>
    public Blockref WriteBlock(BlockrefType type, ulong key, int keyBits, CheckMethod check, byte[] block)
    {
        int radix = int.Log2(block.Length);
        // Neither a 64 KiB boundary nor the block's own size may be crossed; aligning to the size does both.
        _next = (_next + (ulong)block.Length - 1) / (ulong)block.Length * (ulong)block.Length;
        var reference = new Blockref
        {
            Type = type,
            Methods = new BlockMethods(check, CompressionMethod.None),
            Key = key,
            KeyBits = (byte)keyBits,
            Data = new DataOffset(_next, radix),
            ModifyTid = 1,
        };
        CheckCode.Store(ref reference, block);
        Xunit.Assert.Equal(Hammer2Error.None, Device.Write((long)_next, block));
        _next += (ulong)block.Length;
        return reference;
    }

    /// <summary>Writes an indirect block with references in the given slots.</summary>
    public Blockref WriteIndirect(
        ulong key, int keyBits, int slots, CheckMethod check,
        IReadOnlyList<(int Slot, Blockref Reference)> used)
    {
        byte[] block = new byte[slots * Blockref.SizeBytes];
        Span<Blockref> table = MemoryMarshal.Cast<byte, Blockref>(block.AsSpan());
        foreach ((int slot, Blockref reference) in used) table[slot] = reference;
        return WriteBlock(BlockrefType.Indirect, key, keyBits, check, block);
    }

    /// <summary>Writes an inode with up to four references.</summary>
    public Blockref WriteInode(
        ulong key, ulong inum, ReadOnlySpan<Blockref> blockset, ObjectType type = ObjectType.Directory, ulong size = 0)
    {
        byte[] block = new byte[Media.InodeBytes];
        var inode = new InodeBlock(block);
        inode.Meta.Version = InodeMeta.CurrentVersion;
        inode.Meta.Type = type;
        inode.Meta.Size = size;
        inode.Meta.Inum = inum;
        blockset.CopyTo(inode.Blockset);
        return WriteBlock(BlockrefType.Inode, key, 0, CheckMethod.XxHash64, block);
    }

    /// <summary>Writes the volume header for a super-root and opens the volume.</summary>
    public MediaDevice Open(in Blockref superRoot, long memoryBytes = MediaCaches.DefaultBytes, uint filesystem = 1)
    {
        byte[] bytes = new byte[Media.VolumeHeaderBytes];
        var header = new VolumeHeaderView(bytes);
        ref VolumeHeaderSector fields = ref header.Fields;
        fields.Magic = VolumeHeaderView.MagicValue;
        fields.VolumeBytes = VolumeBytes;
        fields.TotalBytes = VolumeBytes;
        fields.Version = 2;
        fields.VolumesTotal = 1;
        fields.FilesystemId = MediaUuid.FromUnixId(filesystem);
        fields.FilesystemType = VolumeHeaderView.TypeHammer2;
        header.VolumeStarts[1..].Fill(VolumeHeaderView.VolumeStartUnused);
        header.SuperRootBlockset[0] = superRoot;
        VolumeHeaderCandidate.StoreCrcs(header);
        Xunit.Assert.Equal(Hammer2Error.None, Device.Write(0, bytes));
        return new MediaDevice(
            VolumeSet.Open([Device]), new MediaCaches(memoryBytes), NullLogger<MediaDevice>.Instance);
    }
}
