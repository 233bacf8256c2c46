// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Trees;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>
/// A PFS that is being made on a filesystem that is not mounted, block by block. It exists from its commit on, whole,
/// or never: nothing leads to what is written before.
/// </summary>
/// <remarks>Has the turn of the device from its beginning to its end, on one thread.</remarks>
public sealed class ReceivedPfs : IDisposable
{
    private readonly CommitTurn _turn;
    private readonly MediaCommitter _committer;
    private readonly byte[] _label;
    private readonly ulong _key;
    private readonly PfsIds _ids;

    private ReceivedPfs(MediaDevice device, byte[] label, ulong key, PfsIds ids)
    {
        Device = device;
        _committer = device.Committer!;
        (_label, _key, _ids) = (label, key, ids);
        _turn = CommitTurn.Enter(_committer);
    }

    /// <summary>The filesystem.</summary>
    public MediaDevice Device { get; }

    /// <summary>Where its blocks go.</summary>
    public BlockWriter Writer => _committer.Writer;

    /// <summary>mirror_tid of its references.</summary>
    public ulong MirrorTid => _committer.MirrorTid;

    /// <summary>Begins a PFS.</summary>
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
        begun = new ReceivedPfs(opened.Device, label, key, PfsIds.Draw(random));
        return Hammer2Error.None;
    }

    /// <summary>True when there is space for this much more, and what removing needs would still be free.</summary>
    /// <param name="bytes">The most that is allocated next.</param>
    /// <param name="dataBytes">Bytes of these for file data.</param>
    public bool HasRoom(long bytes, long dataBytes)
    {
        if (!_committer.Space.TryReserve(bytes, dataBytes, SpaceUse.Add)) return false;
        _committer.Space.Release(bytes);
        return true;
    }

    /// <summary>Makes it a PFS, durably.</summary>
    /// <param name="meta">The meta part of its root; label, key, ids, type and what belongs to a cluster are
    /// set here.</param>
    /// <param name="tree">Everything in it.</param>
    /// <param name="reference">Has methods and modify_tid.</param>
    /// <returns>None; NoSpace; what writing met, which leaves the filesystem as it was.</returns>
    public Hammer2Error Commit(InodeMeta meta, TreeEditor tree, Blockref reference)
    {
        ArgumentNullException.ThrowIfNull(tree);
        meta.NameKey = _key;
        meta.ParentInum = Media.PfsRootInum;
        meta.PfsRole = (byte)PfsType.Master;
        meta.PfsSubtype = PfsSubtype.Snapshot;
        meta.PfsClusterId = _ids.ClusterId;
        meta.PfsNodeId = _ids.NodeIdOf(0);
        (meta.PfsMasters, meta.PfsCommitId) = (0, 0);
        reference.Key = _key;
        Span<Blockref> table = stackalloc Blockref[Media.BlocksetCount];
        Hammer2Error error = tree.Write(Writer, MirrorTid, table, ref reference);
        // Without a stamp the next mount for writing looks for orphans.
        var turn = new PfsRootTurn(Device, Slot: 0);
        ReadOnlySpan<byte> label = _label;
        if (error == Hammer2Error.None) error = turn.Put(meta, label, table, ref reference, isStamped: false);
        PreparedCommit? prepared = null;
        if (error == Hammer2Error.None) error = _committer.Prepare(default, out prepared);
        return error == Hammer2Error.None ? _committer.Publish(prepared!) : error;
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();
}
