// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Resync;

/// <summary>
/// Snapshots of a node in which its last scrub left damaged blocks. Each is copied from another node to the place that
/// it had; what the node has of it is kept under another label until the copy is complete.
/// </summary>
/// <remarks>Used by one thread.</remarks>
internal sealed class SnapshotReplacement
{
    private const int LabelBytesMax = 255;
    private const string TimeFormat = "yyyyMMdd.HHmmss";

    private readonly MediaDevice _device;
    private readonly ResyncOptions _options;
    private readonly HashSet<ulong> _damaged = [];
    private readonly HashSet<ulong> _lostRoots = [];

    /// <param name="node">The node, open for writing.</param>
    /// <param name="options">Clock and chance.</param>
    public SnapshotReplacement(PresentNode node, ResyncOptions options)
    {
        _device = node.Device;
        _options = options;
        foreach (DamagedPlace place in Upkeep.Current.Places)
        {
            if (place.PfsKey == 0 || place.PfsKey == node.Root.Reference.Key) continue;
            if (place.Inum != 0) _ = _damaged.Add(place.PfsKey);
            else if (place.Type == (ulong)BlockrefType.Inode) _ = _lostRoots.Add(place.PfsKey);
        }
    }

    private Upkeep Upkeep => _device.Committer!.Upkeep;

    /// <summary>True when a root of the node was found that cannot be read.</summary>
    public bool HasLostRoots => _lostRoots.Count != 0;

    /// <summary>Whether a snapshot of another node takes the place of the one that this node has.</summary>
    /// <param name="snapshot">That of the other node.</param>
    /// <param name="own">That of this one; null when it has none whose root can be read.</param>
    public bool IsNeeded(PfsEntry snapshot, PfsEntry? own) => own is null
        ? _lostRoots.Contains(snapshot.Root.Reference.Key) && !IsReadable(snapshot.Root.Reference.Key)
        : NodeFacts.RoleOf(own.Root.Meta) == NodeRole.Master && _damaged.Contains(own.Root.Reference.Key);

    /// <summary>The begin of the copy.</summary>
    /// <param name="snapshot">As of the other node.</param>
    /// <param name="own">As of this one; null when its root cannot be read.</param>
    /// <param name="nearest">A root of this node, whose tree the copy begins with.</param>
    /// <param name="begun">Its root; null after an error.</param>
    /// <returns>None; NoSpace; Exists; what writing met. The list of PFSs is as before then.</returns>
    public Hammer2Error Begin(PfsEntry snapshot, PfsEntry? own, Chain nearest, out Chain? begun)
    {
        PfsIds ids = PfsIds.Draw(_options.Random);
        MediaUuid nodeId = own?.Root.Meta.PfsNodeId ?? PfsIds.Draw(_options.Random).NodeIdOf(0);
        var copy = new TransferredRootEdit(snapshot.Root, nearest, nodeId)
        {
            Key = own?.Root.Reference.Key ?? snapshot.Root.Reference.Key,
        };
        byte[] label = [.. Prefix(snapshot), .. Suffix()];
        Hammer2Error error = PfsListCommit.Run(_device, new ReplacedRootEdit(copy, own?.Root, label, ids));
        begun = copy.Written;
        return error;
    }

    /// <summary>Deletes what was kept of a snapshot, and takes it from the list of what is damaged: its copy is
    /// complete.</summary>
    /// <returns>None; NoSpace; what reading or writing met.</returns>
    public Hammer2Error End(PfsEntry snapshot, ulong key)
    {
        var entries = new List<PfsEntry>();
        // Roots that cannot be read are not those that were kept.
        _ = PfsEntry.List(_device, entries);
        foreach (PfsEntry kept in entries)
        {
            if (!IsKeptOf(kept, snapshot)) continue;
            Hammer2Error error = PfsListCommit.Run(_device, new DeletePfsEdit(kept.Label.ToArray(), kept.ClusterId));
            if (error != Hammer2Error.None) return error;
        }
        return Upkeep.Update(record =>
        {
            int healed = record.Places.RemoveAll(place => place.PfsKey == key);
            record.Fields.Unhealed -= Math.Min(record.Fields.Unhealed, (ulong)healed);
        });
    }

    /// <summary>Whether a PFS of the node is what was kept of a snapshot.</summary>
    public static bool IsKeptOf(PfsEntry kept, PfsEntry snapshot) =>
        kept.Root.Meta.PfsOriginId == snapshot.ClusterId && kept.Label.StartsWith(Prefix(snapshot));

    private bool IsReadable(ulong key) => PfsEntry.Find(_device, _device.RootChain, key, out _) == Hammer2Error.None;

    private static byte[] Prefix(PfsEntry snapshot)
    {
        ReadOnlySpan<byte> mark = ".damaged."u8;
        ReadOnlySpan<byte> label = snapshot.Root.InodeName;
        int suffixBytes = mark.Length + TimeFormat.Length;
        return [.. label[..Math.Min(label.Length, LabelBytesMax - suffixBytes)], .. mark];
    }

    private byte[] Suffix() => System.Text.Encoding.ASCII.GetBytes(
        _options.Time.GetUtcNow().UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
}
