// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Resolve;

/// <summary>Finds every reference of the newest tree and of the freemap that leads to the block at an address.</summary>
public sealed class BlockSearch
{
    private const int PathsMax = 100;
    private const int UsesMax = 10_000;

    private readonly List<BlockUse> _uses = [];
    private readonly Dictionary<ulong, byte[]> _labels = [];

    private BlockSearch()
    {
    }

    /// <summary>The references, at most 10000.</summary>
    public IReadOnlyList<BlockUse> Uses => _uses;

    /// <summary>Number of references, listed or not.</summary>
    public long UsesTotal { get; private set; }

    /// <summary>Blocks of references that could not be read: what is below them is not known.</summary>
    public long UnreadTotal { get; private set; }

    /// <summary>Searches everything that the newest header leads to. All metadata is read, file data is not, but for the
    /// block itself.</summary>
    public static BlockSearch Run(VolumeSet volumes, ulong address)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        var search = new BlockSearch();
        var visitor = new Visitor(search, address);
        var walker = new MediaWalker(volumes);
        walker.WalkTopology(visitor);
        walker.WalkFreemap(visitor);
        foreach (IGrouping<ulong, BlockUse> pfs in search._uses.GroupBy(use => use.Position.PfsKey))
        {
            if (pfs.Key == 0) continue;
            foreach (BlockUse use in pfs) use.Label = search._labels.GetValueOrDefault(pfs.Key);
            new PathFinder(volumes, pfs.Key).Find([.. pfs], PathsMax);
        }
        return search;
    }

    private sealed class Visitor(BlockSearch search, ulong address) : IMediaVisitor
    {
        private readonly List<ulong> _above = [];

        public bool Wants(in WalkPosition position, in Blockref reference) =>
            Leads(reference) || reference.Type is not (BlockrefType.Data or BlockrefType.Dirent);

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            if (Leads(reference)) Add(position, reference, null);
            if (position.IsPfsRoot(reference))
            {
                int length = Math.Min((int)InodeBlock.ReadMeta(block).NameBytes, InodeBlock.NameAreaBytes);
                search._labels[reference.Key] = block.Slice(InodeBlock.NameOffset, length).ToArray();
            }
            while (_above.Count <= position.Depth) _above.Add(0);
            _above[position.Depth] = reference.Data.Bytes;
            return true;
        }

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault)
        {
            if (Leads(reference)) Add(position, reference, fault.Reason);
            if (reference.Type is not (BlockrefType.Data or BlockrefType.Dirent)) search.UnreadTotal++;
        }

        private bool Leads(in Blockref reference) => reference.Data.SizeBytes > 0
            && address >= reference.Data.Bytes && address - reference.Data.Bytes < (ulong)reference.Data.SizeBytes;

        private void Add(in WalkPosition position, in Blockref reference, string? fault)
        {
            search.UsesTotal++;
            if (search._uses.Count == UsesMax) return;
            ulong holder = position.Depth == 0 ? 0 : _above[position.Depth - 1];
            search._uses.Add(new BlockUse(position, reference, holder, fault));
        }
    }
}
