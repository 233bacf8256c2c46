// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Trees;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>
/// A PFS that is being made on one filesystem, block by block. On a filesystem that is not mounted, it exists from its
/// commit on, whole, or never: nothing leads to what is written before. Beside mounted PFSs it is made in parts, each a
/// commit of its own, and is marked as not whole until the last.
/// </summary>
/// <remarks>Has the turn of the device within a part, on one thread: the whole of it without mounted PFSs.</remarks>
public sealed class ReceivedPfs : IDisposable
{
    private readonly MediaCommitter _committer;
    private readonly byte[] _label;
    private readonly ulong _key;
    private readonly MediaUuid _clusterId;
    private readonly MediaUuid _nodeId;
    private readonly uint _seconds;
    private CommitTurn? _turn;
    private bool _isBegun;
    private long _reservedBytes;
    private int _masters;
    private List<PfsHold> _holds = [];

    private ReceivedPfs(
        MediaDevice device, byte[] label, ulong key, MediaUuid clusterId, MediaUuid nodeId, uint seconds)
    {
        Device = device;
        _committer = device.Committer!;
        (_label, _key, _clusterId, _nodeId, _seconds) = (label, key, clusterId, nodeId, seconds);
    }

    /// <summary>The filesystem.</summary>
    public MediaDevice Device { get; }

    /// <summary>Where its blocks go.</summary>
    public BlockWriter Writer => _committer.Writer;

    /// <summary>mirror_tid of its references.</summary>
    public ulong MirrorTid => _committer.MirrorTid;

    /// <summary>Its cluster.</summary>
    public MediaUuid ClusterId => _clusterId;

    /// <summary>What there was when it was begun anew; null for one that begins.</summary>
    public Chain? Found { get; private init; }

    /// <summary>How much <see cref="Found"/> has.</summary>
    public ReceivingPosition FoundPosition { get; private init; }

    /// <summary>Begins a PFS on a filesystem that is not mounted.</summary>
    /// <param name="opened">The filesystem.</param>
    /// <param name="label">The label that it gets.</param>
    /// <param name="random">Gives 64 random bits, for ids.</param>
    /// <param name="begun">Null after an error.</param>
    /// <returns>None; Invalid for a label that is none; Exists; the fault of a block above the PFSs.</returns>
    public static Hammer2Error Begin(
        OfflinePfsAdministration opened, byte[] label, Func<ulong> random, out ReceivedPfs? begun)
    {
        ArgumentNullException.ThrowIfNull(opened);
        begun = null;
        if (!PfsLabel.IsValid(label)) return Hammer2Error.Invalid;
        Hammer2Error error = PfsRootKeys.Find(opened.Device, label, out _, out ulong key);
        if (error == Hammer2Error.None) return Hammer2Error.Exists;
        if (error != Hammer2Error.NoEntry) return error;
        PfsIds ids = PfsIds.Draw(random);
        begun = new ReceivedPfs(opened.Device, label, key, ids.ClusterId, ids.NodeIdOf(0), 0);
        begun._turn = CommitTurn.Enter(begun._committer);
        return Hammer2Error.None;
    }

    /// <summary>Begins a PFS beside mounted ones, or goes on with one that was begun.</summary>
    /// <param name="node">The filesystem, opened for writing.</param>
    /// <param name="label">The label that it gets.</param>
    /// <param name="state">What is there.</param>
    /// <param name="ids">The ids that it gets, unless it was begun.</param>
    /// <param name="masters">How many masters its cluster gets, unless it was begun; 0 when it is not one.</param>
    /// <param name="seconds">The time, in seconds since 1970 UTC.</param>
    internal static ReceivedPfs BeginInParts(
        ReceivingNode node, byte[] label, ReceivedState state, PfsIds ids, int masters, uint seconds)
    {
        if (state.Root is not { } root)
        {
            return new ReceivedPfs(node.Device, label, state.Key, ids.ClusterId, ids.NodeIdOf(node.Slot), seconds)
            {
                _masters = masters,
            };
        }
        InodeMeta meta = root.Meta;
        return new ReceivedPfs(node.Device, label, state.Key, meta.PfsClusterId, meta.PfsNodeId, state.Seconds)
        {
            _isBegun = true,
            _masters = meta.PfsMasters,
            Found = root,
            FoundPosition = state.Position!.Value,
        };
    }

    /// <summary>Reserves space for this much more, in place of what was reserved before, and keeps free what removing
    /// needs.</summary>
    /// <param name="bytes">The most that is allocated next.</param>
    /// <param name="dataBytes">Bytes of these for file data.</param>
    /// <returns>False when there is not as much.</returns>
    public bool TryReserve(long bytes, long dataBytes)
    {
        if (!_committer.Space.TryReserve(bytes, dataBytes, SpaceUse.Add)) return false;
        ReleaseSpace();
        _reservedBytes = bytes;
        return true;
    }

    /// <summary>Begins a part: waits for the turn of the device.</summary>
    /// <returns>None; Busy when the PFS was deleted or renamed since the part before; Exists when its label was taken
    /// before the first; the fault of a block.</returns>
    public Hammer2Error EnterPart()
    {
        _turn = CommitTurn.Enter(_committer);
        if (!_isBegun) return CheckFree();
        Hammer2Error error = PfsEntry.Find(Device, _key, out Chain? root);
        if (error is not (Hammer2Error.None or Hammer2Error.NoEntry)) return error;
        _holds = [];
        bool isOwn = root is not null && root.Meta.PfsNodeId == _nodeId
            && root.Meta.PfsRole == InodeMeta.ReceivingRole && PfsHolds.TryRead(root.AfterInodeName, _holds);
        if (!isOwn) return Hammer2Error.Busy;
        _ = ReceivingPosition.Take(_holds, out _);
        return Hammer2Error.None;
    }

    /// <summary>Ends a part. What was written and not committed is free again.</summary>
    public void LeavePart()
    {
        ReleaseSpace();
        _turn?.Dispose();
        _turn = null;
    }

    /// <summary>Commits a part.</summary>
    /// <param name="meta">As for <see cref="Commit"/>.</param>
    /// <param name="tree">Everything that came so far.</param>
    /// <param name="reference">Has methods, and a modify_tid that is not the one of the whole.</param>
    /// <param name="position">What it has.</param>
    /// <returns>As <see cref="Commit"/>; TooLarge when the label leaves no space for the position.</returns>
    public Hammer2Error CommitPart(
        InodeMeta meta, TreeEditor tree, Blockref reference, ReceivingPosition position)
    {
        if (!PfsHolds.TryWrite([.. _holds, position.ToHold(_seconds)], _label.Length, out byte[] after))
            return Hammer2Error.TooLarge;
        meta.PfsRole = InodeMeta.ReceivingRole;
        Hammer2Error error = CommitRoot(meta, tree, reference, after);
        _isBegun |= error == Hammer2Error.None;
        return error;
    }

    /// <summary>Makes it a PFS, durably.</summary>
    /// <param name="meta">The meta part of its root; label, key, ids, type and what belongs to a cluster are
    /// set here.</param>
    /// <param name="tree">Everything in it.</param>
    /// <param name="reference">Has methods and modify_tid.</param>
    /// <returns>None; NoSpace; what writing met, which leaves the filesystem as it was.</returns>
    public Hammer2Error Commit(InodeMeta meta, TreeEditor tree, Blockref reference)
    {
        if (!PfsHolds.TryWrite(_holds, _label.Length, out byte[] after)) return Hammer2Error.TooLarge;
        meta.PfsRole = (byte)PfsType.Master;
        return CommitRoot(meta, tree, reference, after);
    }

    private Hammer2Error CommitRoot(InodeMeta meta, TreeEditor tree, Blockref reference, byte[] afterLabel)
    {
        ArgumentNullException.ThrowIfNull(tree);
        meta.NameKey = _key;
        meta.ParentInum = Media.PfsRootInum;
        meta.PfsSubtype = PfsSubtype.Snapshot;
        meta.PfsClusterId = _clusterId;
        meta.PfsNodeId = _nodeId;
        (meta.PfsMasters, meta.PfsCommitId) = ((byte)_masters, 0);
        reference.Key = _key;
        Span<Blockref> table = stackalloc Blockref[Media.BlocksetCount];
        Hammer2Error error = tree.Write(Writer, MirrorTid, table, ref reference);
        // Without a stamp the next mount for writing looks for orphans.
        var turn = new PfsRootTurn(Device, Slot: 0);
        if (error == Hammer2Error.None)
            error = turn.Put(meta, new InodeName(_label, afterLabel), table, ref reference, isStamped: false);
        PreparedCommit? prepared = null;
        if (error == Hammer2Error.None) error = _committer.Prepare(default, out prepared);
        return error == Hammer2Error.None ? _committer.Publish(prepared!) : error;
    }

    /// <inheritdoc/>
    public void Dispose() => LeavePart();

    // Since the label was looked for.
    private Hammer2Error CheckFree()
    {
        Hammer2Error error = PfsRootKeys.Find(Device, _label, out _, out ulong key);
        if (error == Hammer2Error.NoEntry && key == _key) return Hammer2Error.None;
        return error is Hammer2Error.None or Hammer2Error.NoEntry ? Hammer2Error.Exists : error;
    }

    private void ReleaseSpace()
    {
        _committer.Space.Release(_reservedBytes);
        _reservedBytes = 0;
    }
}
