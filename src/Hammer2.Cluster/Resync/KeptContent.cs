// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Chains.Commits;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>Saves what a node holds and the others do not, before it is resynchronized: as a snapshot that only its
/// device has.</summary>
internal static class KeptContent
{
    private const int LabelBytesMax = 255;

    /// <summary>Makes the snapshot.</summary>
    /// <param name="node">The node, open for writing.</param>
    /// <param name="time">The time now.</param>
    /// <param name="random">Gives 64 random bits, for ids.</param>
    /// <param name="label">Its label: that of the PFS, ".kept." and the time in UTC.</param>
    /// <returns>None; NoSpace; Exists; what writing met.</returns>
    /// <remarks>Enters a turn of the device.</remarks>
    public static Hammer2Error Save(PresentNode node, DateTimeOffset time, Func<ulong> random, out byte[] label)
    {
        label = LabelOf(node.Root.InodeName, time);
        var edit = new SnapshotEdit(label, PfsIds.Draw(random), (ulong)time.ToUnixTimeMilliseconds() * 1000)
        {
            IsOnOneNode = true,
        };
        MediaCommitter committer = node.Device.Committer!;
        long reserved = SpaceCost.OfOperation(dataBytes: 0, leaves: 2);
        if (!committer.Space.TryReserve(reserved, 0, SpaceUse.Add)) return Hammer2Error.NoSpace;
        using (CommitTurn.Enter(committer))
        {
            var turn = new PfsRootTurn(node.Device, node.Slot)
            {
                Source = node.Root,
                Tid = node.Root.Reference.ModifyTid,
                HasOrphans = true,
            };
            Hammer2Error error = edit.Apply(turn);
            PreparedCommit? prepared = null;
            if (error == Hammer2Error.None) error = committer.Prepare(default, out prepared);
            if (error == Hammer2Error.None) error = committer.Publish(prepared!);
            committer.Space.Release(reserved);
            return error;
        }
    }

    private static byte[] LabelOf(ReadOnlySpan<byte> pfs, DateTimeOffset time)
    {
        string text = time.UtcDateTime.ToString("'.kept.'yyyyMMdd'.'HHmmss", CultureInfo.InvariantCulture);
        byte[] suffix = System.Text.Encoding.ASCII.GetBytes(text);
        int kept = Math.Min(pfs.Length, LabelBytesMax - suffix.Length);
        return [.. pfs[..kept], .. suffix];
    }
}
