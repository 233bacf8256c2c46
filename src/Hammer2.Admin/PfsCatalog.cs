// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>A PFS root, or an indirect block above PFS roots, that cannot be read.</summary>
/// <param name="Reference">The reference to it.</param>
/// <param name="Fault">The fault.</param>
public sealed record PfsFault(Blockref Reference, WalkFault Fault);

/// <summary>The PFSs of one filesystem in the order of their keys.</summary>
public sealed class PfsCatalog
{
    private PfsCatalog(List<PfsRecord> records, List<PfsFault> faults)
    {
        Records = records;
        Faults = faults;
    }

    /// <summary>The PFS roots that could be read.</summary>
    public IReadOnlyList<PfsRecord> Records { get; }

    /// <summary>Blocks that could not be read.</summary>
    public IReadOnlyList<PfsFault> Faults { get; }

    /// <summary>Reads the super-root and the PFS roots, and nothing below them.</summary>
    /// <param name="volumes">All volumes.</param>
    /// <param name="header">The header to start from, such as an older copy; the one in use when null.</param>
    public static PfsCatalog Read(VolumeSet volumes, VolumeHeader? header = null)
    {
        var collector = new Collector();
        new MediaWalker(volumes, header).WalkTopology(collector);
        return new PfsCatalog(collector.Records, collector.Faults);
    }

    private sealed class Collector : IMediaVisitor
    {
        public List<PfsRecord> Records { get; } = [];

        public List<PfsFault> Faults { get; } = [];

        public bool Wants(in WalkPosition position, in Blockref reference) =>
            position.IsInHeader || reference.Type is BlockrefType.Indirect or BlockrefType.Inode;

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            if (!position.IsPfsRoot(reference)) return true;
            Records.Add(new PfsRecord(reference, block));
            return false;
        }

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault) =>
            Faults.Add(new PfsFault(reference, fault));
    }
}
