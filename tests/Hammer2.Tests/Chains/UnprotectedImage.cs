// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>
/// A golden image with every check method set to "disabled": changes of a block then reach the validator and the code
/// after it, as if an attacker had recomputed the check codes.
/// </summary>
internal sealed class UnprotectedImage
{
    private readonly OverlayBlockDevice _device;
    private readonly List<Blockref> _blocks = [];

    /// <summary>Disables the check codes of the image called <paramref name="name"/>, in memory.</summary>
    public UnprotectedImage(string name)
    {
        _device = GoldenImage.OpenOverlay(name);
        VolumeHeader newest = VolumeHeaderCopies.Read(_device).Newest;
        byte[] bytes = newest.ToArray();
        var header = new VolumeHeaderView(bytes);
        var seen = new HashSet<ulong>();
        Unprotect(header.SuperRootBlockset, seen);
        VolumeHeaderCandidate.StoreCrcs(header);
        Write(newest.CopyIndex * Media.HeaderZoneBytes, bytes);
    }

    /// <summary>References to all inodes and indirect blocks.</summary>
    public IReadOnlyList<Blockref> Blocks => _blocks;

    /// <summary>A separate device with this content that may be changed.</summary>
    public OverlayBlockDevice Copy() => new(_device, ownsBelow: false);

    private void Unprotect(Span<Blockref> table, HashSet<ulong> seen)
    {
        foreach (ref Blockref reference in table)
        {
            if (reference.IsEmpty) continue;
            bool hasTable = reference.Type is BlockrefType.Inode or BlockrefType.Indirect;
            reference.Methods = new BlockMethods(CheckMethod.Disabled, reference.Methods.Compression);
            if (reference.Data.Radix != 0) reference.Check.Clear();
            if (!hasTable || !seen.Add(reference.Data.Raw)) continue;

            _blocks.Add(reference);
            byte[] block = new byte[reference.Data.SizeBytes];
            Assert.Equal(Hammer2Error.None, _device.Read((long)reference.Data.Bytes, block));
            int start = reference.Type == BlockrefType.Inode ? InodeBlock.UnionOffset : 0;
            bool isEmbedded = start != 0 && InodeBlock.ReadMeta(block).HasDirectData;
            if (!isEmbedded) Unprotect(MemoryMarshal.Cast<byte, Blockref>(block.AsSpan(start)), seen);
            Write((long)reference.Data.Bytes, block);
        }
    }

    private void Write(long offset, byte[] bytes) =>
        Assert.Equal(Hammer2Error.None, _device.Write(offset, bytes));
}
