// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>
/// Creates, deletes and renames PFSs and makes snapshots, on every node of a PFS that is mounted for writing. What a
/// call did is durable when it returns, on a quorum of nodes, and all of it or nothing.
/// </summary>
/// <remarks>
/// Upstream: hammer2_ioctl.c, the requests on PFSs, which work on the first node alone and are durable with the next
/// sync. One caller at a time in a process, and none while a PFS is being opened there. Each change goes with a commit
/// of the mounted PFS, so that it has the guarantees of one.
/// </remarks>
public sealed class PfsAdministration
{
    private readonly Func<IReadOnlyList<MediaDevice>> _devices;
    private readonly Func<PfsRootEdit, Hammer2Error> _commit;
    private readonly Func<IReadOnlyList<PfsEntry>, ClusterMount?> _findUser;
    private readonly Func<int> _masters = static () => 0;
    private readonly TimeProvider _time;
    private readonly Func<ulong> _random;

    /// <summary>Administration through a mounted PFS.</summary>
    /// <param name="pfs">The PFS, whose nodes are administered.</param>
    /// <param name="findUser">Finds the mount that uses one of some PFSs, as
    /// <see cref="OpenFilesystems.FindUser"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Gives 64 random bits, for ids.</param>
    public PfsAdministration(
        Pfs pfs, Func<IReadOnlyList<PfsEntry>, ClusterMount?> findUser, TimeProvider time, Func<ulong> random)
    {
        _devices = () => DevicesOf(pfs.View);
        _commit = edit => pfs.Writer is { } writer ? writer.Commit(edit) : Hammer2Error.ReadOnly;
        _findUser = findUser;
        _masters = () => pfs.ClusterNodes.IsCluster ? pfs.ClusterNodes.MastersTotal : 0;
        _time = time;
        _random = random;
    }

    /// <summary>Administration of a device on which no PFS is mounted. There is none to make a snapshot of.</summary>
    /// <param name="device">The device, opened for writing.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Gives 64 random bits, for ids.</param>
    internal PfsAdministration(MediaDevice device, TimeProvider time, Func<ulong> random)
    {
        _devices = () => [device];
        _commit = edit => edit.IsSnapshot ? Hammer2Error.Invalid : PfsListCommit.Run(device, edit);
        _findUser = static _ => null;
        _time = time;
        _random = random;
    }

    /// <summary>Asked for a PFS that no mount uses before it is deleted or renamed; false when it is used
    /// otherwise.</summary>
    public Func<IReadOnlyList<PfsEntry>, bool> MayChange { get; init; } = static _ => true;

    /// <summary>Makes a snapshot of the mounted PFS, of all changes that were accepted before the call.</summary>
    /// <param name="label">Its label; see <see cref="PfsLabel"/>.</param>
    /// <returns>None; Invalid for a label that is none; Exists; ReadOnly; NoSpace; what kept the commit from a quorum
    /// of nodes.</returns>
    public Hammer2Error Snapshot(ReadOnlySpan<byte> label) => SnapshotAs(PfsSubtype.Snapshot, label);

    /// <summary>As <see cref="Snapshot"/>.</summary>
    /// <param name="subtype">Snapshot, or AutoSnapshot when a schedule makes it.</param>
    /// <param name="label">Its label.</param>
    internal Hammer2Error SnapshotAs(PfsSubtype subtype, ReadOnlySpan<byte> label)
    {
        Hammer2Error error = CheckFree(label);
        return error == Hammer2Error.None
            ? _commit(new SnapshotEdit(label.ToArray(), PfsIds.Draw(_random), Now(), subtype))
            : error;
    }

    /// <summary>Creates an empty PFS.</summary>
    /// <param name="label">Its label; see <see cref="PfsLabel"/>.</param>
    /// <param name="type">Its type.</param>
    /// <param name="clusterId">The cluster that it becomes a node of; null for one of its own.</param>
    /// <param name="nodeId">Its id on the first node; null for a new one.</param>
    /// <returns>As <see cref="Snapshot"/>; Invalid for a type that no PFS can have.</returns>
    public Hammer2Error Create(ReadOnlySpan<byte> label, PfsType type, MediaUuid? clusterId, MediaUuid? nodeId = null)
    {
        Hammer2Error error = CheckFree(label);
        if (error != Hammer2Error.None) return error;
        if (type is PfsType.None or PfsType.SuperRoot || !Enum.IsDefined(type)) return Hammer2Error.Invalid;
        int masters = type == PfsType.Master ? _masters() : 0;
        return _commit(new NewPfsEdit(label.ToArray(), type, PfsIds.Draw(_random, clusterId, nodeId), masters, Now()));
    }

    /// <summary>Deletes a PFS that is neither in use nor held.</summary>
    /// <param name="label">Its label.</param>
    /// <param name="user">The mount that uses it, when one of this process does.</param>
    /// <returns>None; NoEntry; Busy; Held; Invalid when the nodes have PFSs of different clusters under this label;
    /// otherwise as <see cref="Snapshot"/>.</returns>
    public Hammer2Error Delete(ReadOnlySpan<byte> label, out ClusterMount? user)
    {
        user = null;
        Hammer2Error error = FindAll(label, out List<PfsEntry> found);
        if (error != Hammer2Error.None) return error;
        // Before views of it end.
        if (found.Exists(static entry => PfsHolds.ArePresent(entry.Root.AfterInodeName))) return Hammer2Error.Held;
        error = CheckUnused(found, out user);
        if (error != Hammer2Error.None) return error;
        return _commit(new DeletePfsEdit(label.ToArray(), found[0].ClusterId));
    }

    /// <summary>Deletes what was received in part under a label, and is not being received, on each node.</summary>
    /// <param name="label">The label.</param>
    /// <returns>None; NoEntry; Invalid when it is whole on each node that has it; Busy; otherwise as
    /// <see cref="Snapshot"/>.</returns>
    public Hammer2Error DeleteReceived(ReadOnlySpan<byte> label)
    {
        // Nodes may have parts that were begun apart.
        Hammer2Error error = FindAll(label, out List<PfsEntry> found);
        if (error is not (Hammer2Error.None or Hammer2Error.Invalid)) return error;
        _ = found.RemoveAll(static entry => entry.Root.Meta.PfsRole != InodeMeta.ReceivingRole);
        if (found.Count == 0) return Hammer2Error.Invalid;
        error = CheckUnused(found, out _);
        return error == Hammer2Error.None ? _commit(new DeleteReceivedEdit(label.ToArray())) : error;
    }

    /// <summary>Gives a PFS that is not in use another label.</summary>
    /// <param name="label">Its label.</param>
    /// <param name="other">The new one.</param>
    /// <param name="user">The mount that uses it, when one of this process does.</param>
    /// <returns>As <see cref="Delete"/>, but for Held; Exists; TooLarge when its holds, or the list of its nodes,
    /// have no space beside the new
    /// label.</returns>
    public Hammer2Error Rename(ReadOnlySpan<byte> label, ReadOnlySpan<byte> other, out ClusterMount? user)
    {
        user = null;
        Hammer2Error error = FindAll(label, out List<PfsEntry> found);
        if (error == Hammer2Error.None) error = CheckFree(other);
        if (error != Hammer2Error.None) return error;
        foreach (PfsEntry entry in found)
            if (!RootNames.TryFollow(entry.Root, other.Length, out _)) return Hammer2Error.TooLarge;
        error = CheckUnused(found, out user);
        if (error != Hammer2Error.None) return error;
        return _commit(new RenamePfsEdit(label.ToArray(), other.ToArray(), found[0].ClusterId));
    }

    /// <summary>Places a hold on a PFS, which keeps it from being deleted until all its holds are released.</summary>
    /// <param name="label">Its label.</param>
    /// <param name="name">Name of the hold; see <see cref="PfsHolds.IsName"/>.</param>
    /// <returns>None; NoEntry; Exists when it has a hold of this name; TooLarge
    /// when its root has no space for one more; NotSupported for holds of an unknown version; otherwise as
    /// <see cref="Snapshot"/>.</returns>
    public Hammer2Error Hold(ReadOnlySpan<byte> label, ReadOnlySpan<byte> name) => ChangeHold(label, name, false);

    /// <summary>Releases a hold.</summary>
    /// <param name="label">Label of the PFS.</param>
    /// <param name="name">Name of the hold.</param>
    /// <returns>As <see cref="Hold"/>; NoEntry also when there is no hold of this name.</returns>
    public Hammer2Error Release(ReadOnlySpan<byte> label, ReadOnlySpan<byte> name) => ChangeHold(label, name, true);

    /// <summary>Checks that a PFS is as its last commit has it.</summary>
    /// <param name="label">Its label.</param>
    /// <returns>None; Busy when it is in use for writing; NoEntry; Invalid when nodes have different PFSs
    /// there.</returns>
    public Hammer2Error CheckUnwritten(ReadOnlySpan<byte> label)
    {
        Hammer2Error error = FindAll(label, out List<PfsEntry> found);
        bool isWritten = error == Hammer2Error.None && _findUser(found) is { Pfs.Writer: not null };
        return isWritten ? Hammer2Error.Busy : error;
    }

    /// <summary>True when a mount of this process uses the PFS with a label.</summary>
    public bool IsUsed(ReadOnlySpan<byte> label) =>
        FindAll(label, out List<PfsEntry> found) == Hammer2Error.None && _findUser(found) is not null;

    private Hammer2Error ChangeHold(ReadOnlySpan<byte> label, ReadOnlySpan<byte> name, bool isRelease)
    {
        if (!PfsHolds.IsName(name)) return Hammer2Error.Invalid;
        Hammer2Error error = FindAll(label, out List<PfsEntry> found);
        if (error != Hammer2Error.None) return error;
        // The root of one that is written is written by its own commits. One that is only read goes on with its former
        // root, which leads to the same blocks.
        PfsWriter? writer = _findUser(found)?.Pfs.Writer;
        var hold = new PfsHold(name.ToArray(), (uint)_time.GetUtcNow().ToUnixTimeSeconds());
        foreach (PfsEntry entry in found)
        {
            error = HoldEdit.After(entry.Root, hold, isRelease, out _);
            if (error != Hammer2Error.None) return error;
        }
        var edit = new HoldEdit(label.ToArray(), found[0].ClusterId, hold, isRelease);
        return writer is not null ? writer.Commit(edit) : _commit(edit);
    }

    private ulong Now() => (ulong)((_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);

    private static List<MediaDevice> DevicesOf(ClusterView view)
    {
        var devices = new List<MediaDevice>();
        foreach (PresentNode node in view.Synced) devices.Add(node.Device);
        return devices;
    }

    // No node may have the label: a commit must not find that out.
    private Hammer2Error CheckFree(ReadOnlySpan<byte> label)
    {
        if (!PfsLabel.IsValid(label)) return Hammer2Error.Invalid;
        foreach (MediaDevice device in _devices())
        {
            Hammer2Error error = PfsRootKeys.Find(device, label, out _, out _);
            if (error == Hammer2Error.None) return Hammer2Error.Exists;
            if (error != Hammer2Error.NoEntry) return error;
        }
        return Hammer2Error.None;
    }

    private Hammer2Error CheckUnused(List<PfsEntry> found, out ClusterMount? user)
    {
        user = _findUser(found);
        return user is null && MayChange(found) ? Hammer2Error.None : Hammer2Error.Busy;
    }

    // The PFS on each node that has it, at least one.
    private Hammer2Error FindAll(ReadOnlySpan<byte> label, out List<PfsEntry> found)
    {
        found = [];
        foreach (MediaDevice device in _devices())
        {
            Hammer2Error error = PfsRootKeys.Find(device, label, out Chain? root, out _);
            if (error == Hammer2Error.None) found.Add(new PfsEntry(device, root!));
            else if (error is not (Hammer2Error.NoEntry or Hammer2Error.NoSpace)) return error;
        }
        if (found.Count == 0) return Hammer2Error.NoEntry;
        MediaUuid first = found[0].ClusterId;
        return found.TrueForAll(entry => entry.ClusterId == first) ? Hammer2Error.None : Hammer2Error.Invalid;
    }
}
