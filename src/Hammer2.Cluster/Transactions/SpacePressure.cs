// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>Reserves space for operations; when there is not enough, frees space first.</summary>
/// <remarks>Reservations are worst cases, so that a commit releases space first; then bulkfree frees deleted blocks;
/// then an operation that adds waits for pending deletions.</remarks>
internal sealed class SpacePressure
{
    private readonly SpaceReserve _space;
    private readonly CommitQueue _queue;
    private readonly SpaceReclaim _reclaim;
    private readonly FailStop _failStop;
    private readonly bool _discards;

    public SpacePressure(
        SpaceReserve space, CommitQueue queue, SpaceReclaim reclaim, FailStop failStop, bool discards)
    {
        _space = space;
        _queue = queue;
        _reclaim = reclaim;
        _failStop = failStop;
        _discards = discards;
    }

    /// <summary>What an operation that adds waits for in the end; null for nothing.</summary>
    public IPendingDeletions? PendingDeletions { get; set; }

    /// <summary>Reserves space, or refuses.</summary>
    /// <param name="bytes">The most that the operation can need.</param>
    /// <param name="dataBytes">Bytes of these for file data.</param>
    /// <param name="use">Tells whether the operation adds or removes.</param>
    /// <param name="written">The file that grows; 0 for none.</param>
    /// <returns>None; NoSpace; Io once the PFS is stopped; the error of a commit that stopped it.</returns>
    /// <remarks>Entry: no lock held. Allocates nothing when there is space.</remarks>
    public Hammer2Error Reserve(long bytes, long dataBytes, SpaceUse use, ulong written) =>
        _space.TryReserve(bytes, dataBytes, use)
            ? Hammer2Error.None : FreeUntilReserved(bytes, dataBytes, use, written);

    /// <summary>True when this many bytes of file data could be reserved now, after freeing deleted blocks.</summary>
    /// <param name="bytes">Number of bytes.</param>
    /// <param name="written">Inode number of the file.</param>
    /// <remarks>Entry: no lock held.</remarks>
    public bool HasRoom(long bytes, ulong written) => _space.HasRoom(bytes)
        || FreeUntil(() => _space.HasRoom(bytes), awaitsDeletions: true, written) == Hammer2Error.None;

    // A separate method, so that a reservation that succeeds at once allocates no closure.
    private Hammer2Error FreeUntilReserved(long bytes, long dataBytes, SpaceUse use, ulong written) =>
        FreeUntil(() => _space.TryReserve(bytes, dataBytes, use), use == SpaceUse.Add, written);

    private Hammer2Error FreeUntil(Func<bool> fits, bool awaitsDeletions, ulong written)
    {
        long ended = PendingDeletions?.EndedTotal ?? 0;
        for (bool isLast = !awaitsDeletions; ; isLast = true)
        {
            Hammer2Error error = _queue.CommitAll();
            if (error != Hammer2Error.None) return error;
            if (fits()) return Hammer2Error.None;
            _reclaim.RunIfWorthIt(_discards);
            if (_failStop.IsHalted) return _failStop.CommitRefusal;
            if (fits()) return Hammer2Error.None;
            if (isLast || PendingDeletions?.Await(ended, written) != true) return Hammer2Error.NoSpace;
        }
    }
}
