// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Freemap;
using Hammer2.Cluster.Healing;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.Scrubbing;

/// <summary>
/// Reads everything that the filesystem of a node holds: super-root, all PFSs and snapshots, freemap. Heals what can be
/// healed from siblings, by bytes that check codes prove, or by reachability; lists the rest.
/// </summary>
/// <remarks>Used by one thread, while the filesystem is written. Each slice reads a commit that is pinned for some
/// seconds, and goes on where the last one ended in the trees of a later commit.</remarks>
internal sealed class NodeScrub
{
    private static readonly TimeSpan s_pinBound = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_saveInterval = TimeSpan.FromSeconds(10);

    private readonly PresentNode _node;
    private readonly ScrubOptions _options;
    private readonly ScrubOutside _outside;
    private readonly ScrubWork _work;
    private readonly List<ScrubFinding> _unhealed = [];
    private readonly List<ScrubFinding> _ofMounted = [];
    private readonly UpkeepFields _before;
    private ulong _unlisted;
    private long _savedAt;

    /// <param name="node">The node, synced and open for writing.</param>
    /// <param name="options">How.</param>
    /// <param name="outside">What it takes from outside.</param>
    /// <param name="isCancelled">Asked often; true ends it.</param>
    public NodeScrub(PresentNode node, ScrubOptions options, ScrubOutside outside, Func<bool> isCancelled)
    {
        _node = node;
        _options = options;
        _outside = outside;
        var throttle = new RateThrottle(new RateLimit(options.RateBytes), outside.Time, outside.Scheduler);
        var mender = new BlockMender(new SiblingBlocks(outside.Nodes));
        _work = new ScrubWork(mender, throttle, outside.Time, isCancelled);
        _savedAt = outside.Time.GetTimestamp();
        _before = Committer.Upkeep.Current.Fields;
    }

    private MediaCommitter Committer => _node.Device.Committer!;

    private long Now => _outside.Time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;

    private bool IsResumed => !_options.IsErrorsOnly && !_options.IsRestarted
        && _before.State is ScrubState.Running or ScrubState.Stopped;

    /// <summary>Scrubs.</summary>
    /// <returns>None at the end, whatever was found; Interrupted; NodeDown when the node is fenced; NoResource when too
    /// many commits are pinned; Internal for a broken invariant.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Run()
    {
        ScrubPosition? from = Begin();
        MountLog.ScrubStarted(_outside.Nodes.Logger, _node.Name, IsResumed ? "goes on" : "begins");
        Hammer2Error error = _options.IsErrorsOnly ? Recheck() : WalkAll(from);
        if (error == Hammer2Error.None && !_options.IsErrorsOnly) error = CheckFreemap();
        if (error == Hammer2Error.None) End();
        else MountLog.ScrubEnded(_outside.Nodes.Logger, _node.Name, error);
        return error;
    }

    private ScrubPosition? Begin()
    {
        UpkeepRecord last = Committer.Upkeep.Current;
        bool keepsPlaces = IsResumed || _options.IsErrorsOnly;
        if (keepsPlaces) foreach (DamagedPlace place in last.Places) _unhealed.Add(new ScrubFinding(place, default));
        if (IsResumed)
        {
            ref readonly UpkeepFields fields = ref last.Fields;
            (_work.Counts.CheckedBytes, _work.Counts.Faults) = (fields.CheckedBytes, fields.Faults);
            _work.Counts.Healed = fields.Healed;
            _unlisted = fields.Unhealed - Math.Min(fields.Unhealed, (ulong)last.Places.Count);
            Save(new ScrubPosition(fields.CursorPfs, fields.CursorIndex, fields.CursorKey), ScrubState.Running);
            return new ScrubPosition(fields.CursorPfs, fields.CursorIndex, fields.CursorKey);
        }
        // It leaves an unfinished scrub as it is.
        if (_options.IsErrorsOnly) return default;
        _ = Committer.Upkeep.Update(record =>
        {
            record.Fields.StartedMicroseconds = Now;
            record.Fields.EndedMicroseconds = 0;
            record.Fields.RateBytes = _options.RateBytes;
            VolumeHeaderSector header = _node.Device.Header.Fields;
            record.Fields.TotalBytes = header.AllocatorBytes - Math.Min(header.AllocatorFree, header.AllocatorBytes);
        });
        Save(default, ScrubState.Running);
        return default(ScrubPosition);
    }

    private Hammer2Error WalkAll(ScrubPosition? from)
    {
        while (from is { } position)
        {
            if (_work.IsCancelled) return Interrupt(position);
            if (!_node.IsSynced) return Hammer2Error.NodeDown;
            using (PinnedRoot? pin = Committer.Pin("scrub", s_pinBound))
            {
                if (pin is null) return Hammer2Error.NoResource;
                _work.BeginSlice();
                var walk = new ScrubWalk(_node, pin, _work, position);
                from = walk.Run();
                Sort(walk.Findings);
            }
            HealMounted();
            if (_outside.Time.GetElapsedTime(_savedAt) >= s_saveInterval && from is { } next)
                Save(next, ScrubState.Running);
            else ShowProgress();
        }
        return SearchDuplicates();
    }

    private void Sort(List<ScrubFinding> findings)
    {
        foreach (ScrubFinding finding in findings)
        {
            if (finding.Place.PfsKey == _node.Root.Reference.Key && finding.Place.Inum != 0) _ofMounted.Add(finding);
            else AddUnhealed(finding);
        }
    }

    private void AddUnhealed(in ScrubFinding finding)
    {
        if (_unhealed.Count < UpkeepRecord.PlacesMax) _unhealed.Add(finding);
        else _unlisted++;
    }

    // By commits of the PFS: its blocks can be stored elsewhere.
    private void HealMounted()
    {
        if (_ofMounted.Count == 0) return;
        var failed = new List<HealRequest>();
        _ = _outside.Healing.Heal([.. _ofMounted.Select(RequestOf)], failed);
        foreach (ScrubFinding finding in _ofMounted)
        {
            if (failed.Contains(RequestOf(finding))) AddUnhealed(finding);
            else _work.Counts.Healed++;
        }
        _ofMounted.Clear();
    }

    private HealRequest RequestOf(ScrubFinding finding) =>
        new(_node.Slot, finding.Place.Inum, finding.Place.Key);

    private Hammer2Error SearchDuplicates()
    {
        if (_unhealed.Count == 0) return Hammer2Error.None;
        using PinnedRoot? pin = Committer.Pin("scrub", s_pinBound);
        if (pin is null) return Hammer2Error.NoResource;
        new DuplicateSearch(_node, pin, _work).Run(_unhealed);
        return Hammer2Error.None;
    }

    private Hammer2Error Recheck()
    {
        List<ScrubFinding> places = [.. _unhealed];
        _unhealed.Clear();
        _work.Counts.Faults = (ulong)places.Count;
        using (PinnedRoot? pin = Committer.Pin("scrub", s_pinBound))
        {
            if (pin is null) return Hammer2Error.NoResource;
            var recheck = new PlaceRecheck(_node, pin, _work);
            foreach (ScrubFinding finding in places)
            {
                if (recheck.Run(finding.Place) is { } still) Sort([still]);
                else _work.Counts.Healed++;
            }
        }
        HealMounted();
        return SearchDuplicates();
    }

    private Hammer2Error CheckFreemap()
    {
        Func<bool> isCancelled = () => _work.IsCancelled;
        Hammer2Error error = FreemapScrub.Run(Committer, isCancelled, out FreemapFindings findings);
        if (error != Hammer2Error.None) return error;
        _work.Counts.CheckedBytes += findings.CheckedBytes;
        _work.Counts.Faults += (ulong)findings.Faults;
        _work.Counts.Healed += (ulong)findings.Faults;
        // It compares the freemap with what is reachable: wrong marks are corrected, and what a replaced leaf called
        // allocated becomes free. A block of references that cannot be read forbids that, and is in the list.
        error = _outside.Reclaim(_node, new ReclaimOptions(Discards: false, isCancelled), out ReclaimResult result);
        ulong wrong = (ulong)(result.RepairedBytes / Media.GranuleBytes);
        _work.Counts.Faults += wrong;
        _work.Counts.Healed += wrong;
        return error is Hammer2Error.Interrupted or Hammer2Error.Internal ? error : Hammer2Error.None;
    }

    private Hammer2Error Interrupt(in ScrubPosition position)
    {
        Save(position, ScrubState.Running);
        return Hammer2Error.Interrupted;
    }

    private void End()
    {
        if (!_options.IsErrorsOnly) Save(default, ScrubState.Finished);
        else _ = Committer.Upkeep.Update(FillPlaces);
        ScrubCounts counts = _work.Counts;
        MountLog.ScrubFinished(_outside.Nodes.Logger, _node.Name, counts.CheckedBytes, counts.Faults, counts.Healed,
            (ulong)_unhealed.Count + _unlisted);
    }

    private void Save(ScrubPosition position, ScrubState state)
    {
        _savedAt = _outside.Time.GetTimestamp();
        // An error fences the device, which the next slice sees.
        _ = Committer.Upkeep.Update(record =>
        {
            record.Fields.State = state;
            (record.Fields.CursorPfs, record.Fields.CursorIndex, record.Fields.CursorKey) =
                (position.PfsKey, position.IndexKey, position.Key);
            if (state == ScrubState.Finished) record.Fields.EndedMicroseconds = Now;
            Fill(record);
        });
    }

    private void ShowProgress() => Committer.Upkeep.Change(Fill);

    private void Fill(UpkeepRecord record)
    {
        record.Fields.CheckedBytes = _work.Counts.CheckedBytes;
        record.Fields.Faults = _work.Counts.Faults;
        record.Fields.Healed = _work.Counts.Healed;
        FillPlaces(record);
    }

    private void FillPlaces(UpkeepRecord record)
    {
        record.Fields.Unhealed = (ulong)_unhealed.Count + _unlisted;
        record.Fields.IsListCut = _unlisted > 0 ? 1U : 0U;
        record.Places.Clear();
        record.Places.AddRange(_unhealed.Select(static finding => finding.Place));
    }
}
