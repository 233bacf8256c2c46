// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains.Freemap;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;

namespace Hammer2.Fuzz.Seeds;

/// <summary>Headers and blocks of volumes that upstream made.</summary>
internal static class MediaSeeds
{
    private const int BlockBytesMax = 4096;
    private const int PerTypeMax = 3;
    private static readonly string[] Images = ["basic-types", "dir-deep", "links", "pfs-snap"];

    /// <summary>One volume, several copies, two and three volumes, and some that are wrong.</summary>
    public static IEnumerable<byte[]> VolumeHeaders()
    {
        yield return new InputWriter().Add(16, 0, 1, 0).Word(0).Add(0).ToArray();
        yield return new InputWriter().Add(17, 0, 1, 0).Word(0).Add(0).Add(0, 1, 0).Word(0).Add(0).ToArray();
        yield return new InputWriter().Add(18, 0, 1, 0).Word(0).Add(0).Add(0, 1, 0).Word(0).Add(0)
            .Add(0, 1, 0).Word(0).Add(0).ToArray();
        // Four copies, of which the second is newer and the third belongs to another filesystem.
        yield return new InputWriter().Add(20, 10, 4, 0).Word(0).Add(0).Add(1).Word(0x78).Add(1, 17).Word(0).Add(0)
            .Add(2).Word(0x40).Add(1, 9).Word(0).Add(0).Add(3).Word(0).Add(0).ToArray();
        // A torn copy and a spare.
        yield return new InputWriter().Add(0, 6, 2, 0).Word(0x78).Add(1, 17).Word(0).Add(0).Add(7).Word(0).Add(0)
            .ToArray();
        // Version 1, and a device that is too short.
        yield return new InputWriter().Add(24, 5, 1, 0).Word(0x30).Add(1, 1).Word(0x3C).Add(1, 0).Word(0xC0).Add(8)
            .Add(new byte[8]).Word(0).Add(0).ToArray();
    }

    /// <summary>References of each type with the start of their block.</summary>
    public static IEnumerable<byte[]> Blocks()
    {
        var taken = new Dictionary<BlockrefType, int>();
        foreach (string image in Images)
        {
            using VolumeSet volumes = GoldenImage.OpenVolumes(image);
            foreach (MapBlock block in MediaMap.Read(volumes).Blocks)
            {
                int count = taken.GetValueOrDefault(block.Type);
                if (count >= PerTypeMax) continue;
                taken[block.Type] = count + 1;
                byte[] bytes = new byte[Math.Min(block.SizeBytes, BlockBytesMax)];
                if (volumes.Read(block.Address, bytes) != Hammer2Error.None)
                    throw new InvalidOperationException($"{image}: no block at 0x{block.Address:x}");
                yield return new InputWriter().Add((byte)BlockrefType.Inode).Record(block.Reference).Add(bytes)
                    .ToArray();
            }
        }
    }

    /// <summary>Freemap leaves and nodes.</summary>
    public static IEnumerable<byte[]> Freemaps()
    {
        byte[] leaf = FreemapLeaf.Create(0, (ulong)Media.ZoneReservedBytes, (ulong)Media.ZoneBytes).Block;
        foreach (string image in Images[..2])
        {
            using VolumeSet volumes = GoldenImage.OpenVolumes(image);
            foreach (MapBlock block in MediaMap.Read(volumes).Blocks)
            {
                if (block.Type is not (BlockrefType.FreemapLeaf or BlockrefType.FreemapNode)) continue;
                byte[] bytes = new byte[block.SizeBytes];
                _ = volumes.Read(block.Address, bytes);
                byte[] original = block.Type == BlockrefType.FreemapNode ? new byte[block.SizeBytes] : leaf;
                yield return new InputWriter().Add((byte)BlockrefType.FreemapRoot).Record(block.Reference)
                    .Patches(original, bytes, unit: sizeof(uint)).ToArray();
            }
        }
        var node = new Blockref
        {
            Type = BlockrefType.FreemapNode,
            Methods = new BlockMethods(CheckMethod.Freemap, CompressionMethod.None),
            KeyBits = (byte)FreemapGeometry.KeyBitsOf(2),
            Data = new DataOffset(FreemapGeometry.OffsetOf(0, 2, 0), FreemapGeometry.BlockRadix),
        };
        yield return new InputWriter().Add((byte)BlockrefType.FreemapRoot).Record(node).ToArray();
    }
}
