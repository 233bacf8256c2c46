// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Cluster.Healing;
using Hammer2.Format;

namespace Hammer2.Cluster.Scrubbing;

/// <summary>
/// Reads the blocks that a pinned commit leads to, from a position on in the order of the trees, until a slice of the
/// work is done. What does not match its check code is written again where that is proven; the rest is noted.
/// </summary>
/// <remarks>Used by one thread, for one slice. Holds one path of the trees in memory.</remarks>
internal sealed class ScrubWalk
{
    private readonly PresentNode _node;
    private readonly PinnedRoot _pin;
    private readonly ScrubWork _work;
    private readonly MediaDevice _device;
    private readonly byte[] _buffer = new byte[Media.FileBlockBytes];
    private readonly ScrubPosition _from;
    private ScrubPosition _position;

    /// <param name="node">The node whose filesystem is scrubbed.</param>
    /// <param name="pin">A commit of it.</param>
    /// <param name="work">What lasts for the whole scrub.</param>
    /// <param name="from">Where to begin.</param>
    public ScrubWalk(PresentNode node, PinnedRoot pin, ScrubWork work, in ScrubPosition from)
    {
        _node = node;
        _pin = pin;
        _work = work;
        _device = node.Device;
        _from = _position = from;
    }

    private enum Level
    {
        Header,
        SuperRoot,
        Index,
        Object,
    }

    /// <summary>Damaged blocks that could not be written again.</summary>
    public List<ScrubFinding> Findings { get; } = [];

    /// <summary>Walks.</summary>
    /// <returns>Where to go on; null at the end.</returns>
    public ScrubPosition? Run() =>
        Visit(new Scope(Level.Header, default, 0, 0), _pin.Root.Table, 0, 0) ? null : _position;

    private bool Visit(in Scope scope, ReadOnlySpan<Blockref> table, ulong from, int depth)
    {
        foreach (ref readonly Blockref reference in table)
        {
            if (reference.IsEmpty || reference.KeyEnd < from || reference.Data.SizeBytes == 0) continue;
            if (!VisitBlock(scope, reference, from, depth)) return false;
        }
        return true;
    }

    private bool VisitBlock(in Scope scope, in Blockref reference, ulong from, int depth)
    {
        if (_work.Seen.Contains(reference)) return true;
        if (_work.IsSpent(Findings.Count))
        {
            _position = PositionAt(scope, Math.Max(from, reference.Key));
            return false;
        }
        // The super-root, a PFS root and a file, each with the maximum number of levels.
        if (depth >= 3 * (Media.TreeDepthMax + 1))
        {
            Note(scope, reference);
            return true;
        }
        int findings = Findings.Count;
        Hammer2Error error = Read(reference, out Chain? chain);
        _work.CountRead(reference.Data.SizeBytes);
        if (error != Hammer2Error.None && !TryMend(scope, reference, error, out chain))
        {
            Note(scope, reference);
            return true;
        }
        if (chain is { Kind: ChainKind.Inode or ChainKind.Indirect } && !VisitBelow(scope, chain, from, depth))
            return false;
        if (Findings.Count == findings && from <= reference.Key) _work.Seen.Add(reference);
        return true;
    }

    private bool VisitBelow(in Scope scope, Chain chain, ulong from, int depth)
    {
        ref readonly Blockref reference = ref chain.Reference;
        if (chain.Kind == ChainKind.Indirect) return Visit(scope, chain.Table, from, depth + 1);
        Scope below = scope.Level switch
        {
            Level.Header => scope with { Level = Level.SuperRoot },
            Level.SuperRoot => new Scope(Level.Index, chain.Meta.PfsClusterId, reference.Key, Media.PfsRootInum),
            _ => scope with { Level = Level.Object, Inum = reference.Key },
        };
        return Visit(below, chain.Table, FromIn(below), depth + 1);
    }

    private ulong FromIn(in Scope scope)
    {
        if (scope.Level == Level.SuperRoot) return _from.PfsKey;
        if (scope.PfsKey != _from.PfsKey) return 0;
        if (scope.Level == Level.Index) return _from.IndexKey;
        return scope.Inum == _from.IndexKey ? _from.Key : 0;
    }

    private static ScrubPosition PositionAt(in Scope scope, ulong key) => scope.Level switch
    {
        Level.Header => default,
        Level.SuperRoot => new ScrubPosition(key, 0, 0),
        Level.Index => new ScrubPosition(scope.PfsKey, key, 0),
        _ => new ScrubPosition(scope.PfsKey, scope.Inum, key),
    };

    private Hammer2Error Read(in Blockref reference, out Chain? chain)
    {
        chain = null;
        int bytes = reference.Data.SizeBytes;
        if (reference.Type != BlockrefType.Data) return _device.LoadAnew(reference, out chain);
        return bytes <= _buffer.Length
            ? _device.ReadAnew(reference, _buffer.AsSpan(0, bytes))
            : _device.ReportMisplaced(reference, "the block of file data is too large");
    }

    private bool TryMend(in Scope scope, in Blockref reference, Hammer2Error fault, out Chain? chain)
    {
        chain = null;
        _work.Counts.Faults++;
        BlockPlace? place = scope.Level is Level.Header or Level.SuperRoot
            ? null : new BlockPlace(scope.ClusterId, scope.Inum, reference.Key);
        bool isMended = _work.Mender.TryRewrite(_node, _pin, place, reference, fault)
            && Read(reference, out chain) == Hammer2Error.None;
        if (isMended) _work.Counts.Healed++;
        return isMended;
    }

    private void Note(in Scope scope, in Blockref reference)
    {
        ulong pfs = scope.Level == Level.SuperRoot ? reference.Key : scope.PfsKey;
        Findings.Add(new ScrubFinding(
            new DamagedPlace(pfs, scope.Inum, reference.Key, (ulong)reference.Type), reference));
    }

    private readonly record struct Scope(Level Level, MediaUuid ClusterId, ulong PfsKey, ulong Inum);
}
