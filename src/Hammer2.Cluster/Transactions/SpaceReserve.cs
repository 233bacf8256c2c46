// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains.Freemap;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Space that is reserved for accepted changes of one PFS, on each of its nodes: every node writes every change, so
/// that the fullest one decides. A change that could not be written is refused when it is asked for, so that a commit
/// never runs out of space.
/// </summary>
/// <remarks>A node that failed is charged as well, without asking whether there is enough, so that what is released
/// later was reserved on it. Lock-free.</remarks>
internal sealed class SpaceReserve
{
    private readonly Pfs _pfs;

    public SpaceReserve(Pfs pfs) => _pfs = pfs;

    /// <summary>Free bytes that a change which adds may not have: of the node that keeps the most.</summary>
    public long ReserveBytes
    {
        get
        {
            long most = 0;
            foreach (PresentNode node in _pfs.Synced)
                if (node.IsSynced) most = Math.Max(most, SpaceOf(node).ReserveBytes);
            return most;
        }
    }

    /// <summary>True when a change of this size may be accepted; space is reserved for it then.</summary>
    /// <param name="bytes">The most that it can allocate.</param>
    /// <param name="dataBytes">How much of it is file data, which may need 64 KiB in one piece.</param>
    /// <param name="use">Whether it adds.</param>
    public bool TryPromise(long bytes, long dataBytes, SpaceUse use)
    {
        ReadOnlySpan<PresentNode> nodes = _pfs.Synced;
        for (int node = 0; node < nodes.Length; node++)
        {
            SpaceReservations space = SpaceOf(nodes[node]);
            if (!nodes[node].IsSynced) space.Charge(bytes);
            else if (!space.TryReserve(bytes, dataBytes, use))
            {
                Release(nodes[..node], bytes);
                return false;
            }
        }
        return true;
    }

    /// <summary>True when that much could be reserved for adding.</summary>
    public bool HasRoom(long bytes)
    {
        foreach (PresentNode node in _pfs.Synced)
            if (node.IsSynced && !SpaceOf(node).HasRoom(bytes)) return false;
        return true;
    }

    /// <summary>Ends a reservation: the space was allocated, or is not needed.</summary>
    public void Release(long bytes) => Release(_pfs.Synced, bytes);

    private static void Release(ReadOnlySpan<PresentNode> nodes, long bytes)
    {
        foreach (PresentNode node in nodes) SpaceOf(node).Release(bytes);
    }

    private static SpaceReservations SpaceOf(PresentNode node) => node.Device.Committer!.Space;
}
