// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using Hammer2.Admin;
using Hammer2.Admin.Fsck;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// What a writer must leave behind on one filesystem, judged without the driver: every block sound, none over
/// another, each marked in the freemap, the freemap's own sums right, links and entries in agreement.
/// </summary>
internal sealed class MediaAudit : IMediaVisitor
{
    private readonly List<string> _faults = [];
    private readonly Dictionary<ulong, (int Bytes, BlockrefType Type)> _blocks = [];
    private readonly Dictionary<(ulong Pfs, ulong Inum), InodeMeta> _inodes = [];
    private readonly Dictionary<(ulong Pfs, ulong Inum), ulong> _names = [];
    private readonly Dictionary<ulong, FreemapEntry> _segments = [];

    /// <summary>Nothing wrong is an empty list.</summary>
    /// <param name="volumes">The filesystem.</param>
    /// <param name="allowsOrphans">True while open orphans are allowed.</param>
    public static IReadOnlyList<string> Judge(VolumeSet volumes, bool allowsOrphans = true)
    {
        var audit = new MediaAudit();
        var walker = new MediaWalker(volumes);
        walker.WalkTopology(audit);
        walker.WalkFreemap(audit);
        audit.CompareWithFreemap(volumes);
        audit.CompareLinks(allowsOrphans);
        return audit._faults;
    }

    /// <summary>Fails unless both this and the checker find a device sound.</summary>
    public static void AssertSound(IBlockDevice device, string place, bool allowsOrphans = true)
    {
        KeptImages.Keep(device, place);
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(device)]);
        IReadOnlyList<string> faults = Judge(volumes, allowsOrphans);
        Assert.True(faults.Count == 0, $"{place}: {string.Join('\n', faults.Take(5))}");
        FsckReport report = FilesystemChecker.Check(volumes);
        // A header that was torn in the middle of its being written is no damage, and the next but one mends it.
        FsckFinding[] findings = [.. report.Findings.Where(finding =>
            finding.Severity != FsckSeverity.Note && finding.Code != FsckCode.HeaderCopy).Take(5)];
        Assert.True(findings.Length == 0, $"{place}: {string.Join('\n', findings.Select(found => found.ToString()))}");
    }

    /// <summary>Bytes of granules that reachable blocks lie in, and those that the freemap keeps from
    /// use.</summary>
    public static (ulong Reachable, ulong Kept, ulong Free) Measure(VolumeSet volumes)
    {
        var audit = new MediaAudit();
        var walker = new MediaWalker(volumes);
        walker.WalkTopology(audit);
        walker.WalkFreemap(audit);
        var granules = new HashSet<ulong>();
        foreach ((ulong place, (int bytes, _)) in audit._blocks)
            for (ulong at = place >> 14; at <= (place + (ulong)bytes - 1) >> 14; at++) _ = granules.Add(at);
        ulong kept = 0, free = 0;
        foreach ((ulong address, FreemapEntry entry) in audit._segments)
        {
            if (!FreemapGeometry.IsAllocatable(address, volumes.Header.Fields.AllocatorBegin, volumes.TotalBytes))
                continue;
            free += (ulong)entry.Count(GranuleState.Free) * Media.GranuleBytes;
            kept += Media.SegmentBytes - ((ulong)entry.Count(GranuleState.Free) * Media.GranuleBytes);
        }
        return ((ulong)granules.Count * Media.GranuleBytes, kept, free);
    }

    public bool Wants(in WalkPosition place, in Blockref reference) => true;

    public bool Enter(in WalkPosition place, in Blockref reference, ReadOnlySpan<byte> block)
    {
        if (place.Tree == MediaTree.Freemap)
        {
            if (reference.Type == BlockrefType.FreemapNode) return true;
            ulong address = reference.Key;
            foreach (ref readonly FreemapEntry entry in MemoryMarshal.Cast<byte, FreemapEntry>(block))
            {
                _segments.Add(address, entry);
                address += Media.SegmentBytes;
            }
            return false;
        }
        if (reference.Data.SizeBytes != 0) AddBlock(reference);
        if (reference.Type == BlockrefType.Inode && place.PfsKey != 0)
            _inodes.Add((place.PfsKey, reference.Key == place.PfsKey ? Media.PfsRootInum : reference.Key),
                InodeBlock.ReadMeta(block));
        if (reference.Type == BlockrefType.Dirent)
        {
            (ulong, ulong) named = (place.PfsKey, reference.Dirent.Inum);
            _names[named] = _names.GetValueOrDefault(named) + 1;
        }
        return true;
    }

    public void Leave(in WalkPosition place, in Blockref reference)
    {
    }

    public void Damaged(in WalkPosition place, in Blockref reference, in WalkFault fault) =>
        Report($"{reference.Type} key {reference.Key:x} at {reference.Data.Raw:x}: {fault.Reason}");

    private void Report(string fault) => _faults.Add(fault);

    private void AddBlock(in Blockref reference)
    {
        (int, BlockrefType) found = (reference.Data.SizeBytes, reference.Type);
        if (!_blocks.TryAdd(reference.Data.Bytes, found) && _blocks[reference.Data.Bytes] != found)
            Report($"{reference.Type} key {reference.Key:x} shares {reference.Data.Raw:x} with another kind");
    }

    private void CompareWithFreemap(VolumeSet volumes)
    {
        ulong lastEnd = 0;
        foreach (ulong place in new SortedSet<ulong>(_blocks.Keys))
        {
            (int bytes, BlockrefType type) = _blocks[place];
            if (place < lastEnd) Report($"{type} at {place:x} begins within the block before it");
            lastEnd = place + (ulong)bytes;
            if (place < volumes.Header.Fields.AllocatorBegin) continue;
            ulong segment = place & ~(ulong)(Media.SegmentBytes - 1);
            if (!_segments.TryGetValue(segment, out FreemapEntry entry))
            {
                // The first inodes lie below the first segment that is ever allocated from.
                Report($"{type} at {place:x}: the freemap has nothing there");
                continue;
            }
            CompareWithEntry(entry, place - segment, bytes, type, place);
        }
        ulong free = 0;
        foreach ((ulong address, FreemapEntry entry) in _segments)
        {
            ulong sum = (ulong)entry.Count(GranuleState.Free) * Media.GranuleBytes;
            free += sum;
            if (entry.AvailableBytes != sum) Report($"segment {address:x}: {entry.AvailableBytes} available, {sum}");
        }
        CompareTotals(volumes, free);
    }

    private void CompareWithEntry(in FreemapEntry entry, ulong within, int bytes, BlockrefType type, ulong place)
    {
        int last = (int)(within + (ulong)bytes - 1) / Media.GranuleBytes;
        for (int granule = (int)within / Media.GranuleBytes; granule <= last; granule++)
        {
            if (entry.StateOf(granule) is not (GranuleState.Allocated or GranuleState.PossiblyFree))
                Report($"{type} at {place:x} is {entry.StateOf(granule)} in the freemap");
        }
        int linear = entry.LinearOffset;
        bool isPacked = linear > 0 && linear < Media.SegmentBytes && linear % Media.GranuleBytes != 0;
        int packed = linear / Media.GranuleBytes;
        if (isPacked && packed <= last && packed >= (int)within / Media.GranuleBytes
            && (ulong)linear < within + (ulong)bytes)
        {
            Report($"{type} at {place:x} lies where the next small block goes, {linear:x}");
        }
    }

    private void CompareTotals(VolumeSet volumes, ulong free)
    {
        for (ulong at = 0; at < volumes.TotalBytes; at += Media.SegmentBytes)
        {
            if (!_segments.ContainsKey(at) && FreemapGeometry.IsAllocatable(
                at, volumes.Header.Fields.AllocatorBegin, volumes.TotalBytes)) free += Media.SegmentBytes;
        }
        ulong said = volumes.Header.Fields.AllocatorFree;
        ulong most = free + (Media.SegmentBytes * (1 + (volumes.TotalBytes >> Media.ZoneRadix)));
        if (said < free || said > most) Report($"the header counts {said} free bytes, the freemap {free}");
    }

    private void CompareLinks(bool allowsOrphans)
    {
        foreach (((ulong pfs, ulong inum), InodeMeta meta) in _inodes)
        {
            if (inum == Media.PfsRootInum || IsReturning(pfs)) continue;
            ulong names = _names.GetValueOrDefault((pfs, inum));
            if (names == 0 && allowsOrphans && meta.LinkCount == 0) continue;
            bool isRight = meta.Type == ObjectType.Directory ? names == 1 : names == meta.LinkCount && names > 0;
            if (!isRight) Report(string.Create(CultureInfo.InvariantCulture,
                $"inode {inum:x} has {names} names and counts {meta.LinkCount}"));
        }
        foreach ((ulong pfs, ulong inum) in _names.Keys)
        {
            if (_inodes.ContainsKey((pfs, inum)) || IsReturning(pfs)) continue;
            Report($"an entry names inode {inum:x}, which is not there");
        }
    }

    // A node that is being resynchronized has parts of its source.
    private bool IsReturning(ulong pfs)
    {
        InodeMeta root = _inodes[(pfs, Media.PfsRootInum)];
        return NodeFacts.RoleOf(root) == NodeRole.Returning || root.PfsRole == InodeMeta.CopyingSlaveRole;
    }
}
