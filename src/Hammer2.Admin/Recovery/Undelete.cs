// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>
/// Finds objects that the newest tree of a filesystem does not have any more and whose blocks were not used again. The
/// media are scanned for references to inodes; an inode counts when it agrees with the check code of such a reference, and
/// a block of data when it agrees with the code in the reference that leads to it.
/// </summary>
/// <remarks>
/// Copy-on-write leaves versions of blocks behind: an inode is found through any version of the blocks of references that
/// led to it, also when those above them are gone. Nothing on media is trusted, nothing is written.
/// </remarks>
public sealed class Undelete
{
    private readonly VolumeSet _volumes;
    private readonly UndeleteOptions _options;
    private readonly Action<RecoveredObject> _found;
    private readonly ContentWalk _content;
    private readonly SlotReader _slots;
    private readonly byte[] _block = new byte[Media.InodeBytes];
    private readonly UndeleteReport _report = new();

    private Undelete(VolumeSet volumes, UndeleteOptions options, Action<RecoveredObject> found)
    {
        (_volumes, _options, _found) = (volumes, options, found);
        _content = new ContentWalk(new MediaWalker(volumes), options.IsRelaxed);
        _slots = new SlotReader(volumes);
    }

    /// <summary>Searches a filesystem, which should not be written meanwhile.</summary>
    /// <param name="volumes">All volumes.</param>
    /// <param name="options">What to look for.</param>
    /// <param name="found">Receives what was found, in the order of inode numbers; may copy the data during the
    /// call.</param>
    /// <exception cref="OperationCanceledException">The caller ended the search.</exception>
    public static UndeleteReport Run(VolumeSet volumes, UndeleteOptions options, Action<RecoveredObject> found)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(found);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.RecordsMax, 16);
        return new Undelete(volumes, options, found).Run();
    }

    private UndeleteReport Run()
    {
        LiveState live = LiveState.Read(_volumes);
        var scan = new RawScan(_volumes);
        _report.ScannedBytes = scan.TotalBytes;
        ulong first = Media.PfsRootInum + 1;
        while (first < Media.EntryKeyBit)
        {
            var pass = new SearchPass(_volumes, live, _options, first);
            pass.Run(scan, ++_report.Passes);
            Report(live, pass);
            _report.UnreadableBytes = Math.Max(_report.UnreadableBytes, scan.UnreadableBytes);
            _report.ForgottenVersions += pass.ForgottenTotal;
            first = pass.Last + 1;
        }
        return _report;
    }

    private void Report(LiveState live, SearchPass pass)
    {
        var paths = new PathBuilder(_volumes, live, pass);
        List<FoundInode> candidates = pass.Inodes.Candidates();
        for (int start = 0; start < candidates.Count;)
        {
            int end = start + 1;
            while (end < candidates.Count && candidates[end].Inum == candidates[start].Inum) end++;
            foreach (List<FoundInode> versions in Objects(candidates.GetRange(start, end - start)))
            {
                _options.Cancellation.ThrowIfCancellationRequested();
                bool isDeleted = pass.IsDeleted(versions[0]);
                if (isDeleted || _options.IncludesAll) ReportObject(pass, paths, versions, isDeleted);
            }
            start = end;
        }
    }

    /// <summary>Separates the versions of one inode number by PFS, and leaves one of each change. A version whose PFS is not
    /// known belongs to the one PFS that others belong to, if it is one.</summary>
    private static IEnumerable<List<FoundInode>> Objects(List<FoundInode> versions)
    {
        List<short> known = [.. versions.Select(one => one.Pfs).Where(pfs => pfs != FoundPfs.Unknown).Distinct()];
        if (known.Count == 1) versions = [.. versions.Select(one => one with { Pfs = known[0] })];
        return versions.GroupBy(one => one.Pfs).Select(static one => one
            .OrderByDescending(version => version.ModifyTid).ThenByDescending(version => version.MirrorTid)
            .DistinctBy(version => version.ModifyTid).ToList());
    }

    private void ReportObject(SearchPass pass, PathBuilder paths, List<FoundInode> versions, bool isDeleted)
    {
        RecoveredObject? best = null;
        for (int index = 0; index < versions.Count; index++)
        {
            if (Make(pass, paths, versions, index, isDeleted) is not { } made) continue;
            if (made.Paths.All(IsHidden) || (_options.Wants is { } wants && !wants(made))) continue;
            if (!_options.SkipsData) _ = Read(versions[index].Slot, made, null);
            if (_options.IncludesAll)
            {
                Count(made);
            }
            else
            {
                if (best is null || made.MissingBytes < best.MissingBytes) best = made;
                if (best.Gaps.Count == 0) break;
            }
        }
        if (best is not null) Count(best);
    }

    private void Count(RecoveredObject made)
    {
        _report.Found++;
        if (made.IsWhole) _report.Whole++;
        else if (made.IsRead) _report.Damaged++;
        _found(made);
    }

    // Files with extended attributes, and the directory that they are in: a mount does not show them.
    private static bool IsHidden(byte[] path)
    {
        ReadOnlySpan<byte> name = AttributeFile.DirectoryName;
        return path.AsSpan().StartsWith(name) && (path.Length == name.Length || path[name.Length] == (byte)'/');
    }

    private RecoveredObject? Make(
        SearchPass pass, PathBuilder paths, List<FoundInode> versions, int index, bool isDeleted)
    {
        FoundInode version = versions[index];
        if (!_slots.TryReadInode(version.Slot, out _, _block)) return null;
        InodeMeta meta = InodeBlock.ReadMeta(_block);
        if (meta.Inum != version.Inum) return null;
        List<byte[]> names = paths.PathsOf(meta, version.Pfs, out bool isKnown);
        return new RecoveredObject(meta, (made, piece) => Read(version.Slot, made, piece))
        {
            Label = version.Pfs == FoundPfs.Unknown ? null : pass.Pfses[version.Pfs].Label,
            Paths = names,
            IsPathKnown = isKnown,
            IsDeleted = isDeleted,
            ModifyTid = version.ModifyTid,
            VersionsTotal = versions.Count,
            NewerTotal = index,
        };
    }

    private bool Read(ulong slot, RecoveredObject made, RecoveredPiece? piece)
    {
        bool hasData = made.Meta.Type is ObjectType.RegularFile or ObjectType.SoftLink;
        bool isEnded = false;
        if (!hasData)
        {
            made.Gaps = [];
        }
        else if (_slots.TryRead(slot, out Blockref reference))
        {
            isEnded = !_content.Run(reference, made.Meta.Size, piece);
            made.Gaps = [.. _content.Gaps];
        }
        else
        {
            made.Gaps = made.Meta.Size == 0 ? [] : [new RecoveredGap(0, made.Meta.Size)];
        }
        made.IsRead = true;
        return !isEnded;
    }
}
