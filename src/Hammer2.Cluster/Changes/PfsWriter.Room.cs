// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

// Whether there is room for a change, and what is done to make some.
public sealed partial class PfsWriter
{
    private const long WorthBytes = 1 << 20;

    private readonly ExpectedRemovals _removals;

    /// <summary>Accepts or refuses a change by the space it needs. When there seems to be none, what waits is
    /// committed first, since it was promised more than it takes, and then what was deleted is freed.</summary>
    /// <param name="bytes">Of file data.</param>
    /// <param name="leaves">Objects and entries changed.</param>
    /// <param name="use">Whether it adds: then what is about to be removed is waited for, too.</param>
    /// <param name="operation">With what was set aside; goes to <see cref="Begin"/>.</param>
    /// <param name="written">The file that grows, if it is one: when it is itself about to be removed, nothing is
    /// waited for, since the kernel does not let go of it before this write is answered.</param>
    /// <returns>None; NoSpace; ReadOnly once stopped; the error of a commit that stopped the PFS.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Promise(long bytes, int leaves, SpaceUse use, out PfsOperation operation, ulong written = 0)
    {
        long promised = SpaceReserve.WorstCase(bytes, leaves);
        operation = new PfsOperation { PromisedBytes = promised };
        if (IsStopped) return Hammer2Error.ReadOnly;
        return Space.TryPromise(promised, bytes, use)
            ? Hammer2Error.None : MakeRoomFor(promised, bytes, use, written);
    }

    /// <summary>True when this many bytes of file data would be accepted at present, once what was deleted is
    /// freed.</summary>
    /// <param name="bytes">Of one file.</param>
    /// <param name="written">Its number.</param>
    /// <remarks>Entry: no lock held.</remarks>
    public bool HasRoom(long bytes, ulong written) => Space.HasRoom(bytes) || MakeRoomFor(bytes, written);

    /// <summary>A file lost its last name and is in use no longer, as far as one can tell: whoever finds no room
    /// in the next second waits for its removal.</summary>
    /// <param name="inum">Its number; not one that is removed already.</param>
    public void ExpectRemoval(ulong inum) => _removals.Expect(inum);

    /// <summary>Removes an object that nobody uses any more, if it has no name: it goes with the next commit. Who
    /// waited for that goes on, whether it was removed or not.</summary>
    /// <param name="inum">Its number.</param>
    /// <returns>None; NoEntry; the fault of a block on the way to it.</returns>
    /// <remarks>Entry: no lock held. Takes no promise of space: removing must always be possible.</remarks>
    public Hammer2Error RemoveIfNameless(ulong inum)
    {
        Hammer2Error error = DeleteIfNameless(inum);
        _removals.End(inum);            // after the change, so that the next commit has it
        return error;
    }

    private Hammer2Error DeleteIfNameless(ulong inum)
    {
        var operation = default(PfsOperation);
        using PfsChange change = Begin(ref operation, inum);
        Hammer2Error error = change.Open(inum, out LiveInode? inode);
        bool isNameless = error == Hammer2Error.None && inode!.Meta.LinkCount == 0 && inum != Media.PfsRootInum;
        if (isNameless) change.Delete(inode!);
        change.Complete();
        return error;
    }

    // Apart, so that a promise that is kept at once allocates nothing.
    private Hammer2Error MakeRoomFor(long promised, long dataBytes, SpaceUse use, ulong written) =>
        MakeRoom(() => Space.TryPromise(promised, dataBytes, use), use == SpaceUse.Add, written);

    private bool MakeRoomFor(long bytes, ulong written) =>
        MakeRoom(() => Space.HasRoom(bytes), awaitsRemovals: true, written) == Hammer2Error.None;

    private Hammer2Error MakeRoom(Func<bool> fits, bool awaitsRemovals, ulong written)
    {
        long ended = _removals.EndedTotal;
        for (bool isLast = !awaitsRemovals; ; isLast = true)
        {
            // More is promised than will be taken: only a commit tells.
            Hammer2Error error = Commit();
            if (error != Hammer2Error.None) return error;
            if (fits()) return Hammer2Error.None;
            ReclaimIfWorthIt();
            if (IsStopped) return Hammer2Error.Io;
            if (fits()) return Hammer2Error.None;
            if (isLast || !_removals.Await(ended, written)) return Hammer2Error.NoSpace;
        }
    }

    // Two walks over everything are not begun for a few blocks, or a full filesystem would do nothing else. Whoever
    // comes while they are under way waits for what they find.
    private void ReclaimIfWorthIt()
    {
        lock (_reclaimGate)
        {
            ulong free = Pfs.GetSpace().FreeBytes;
            ulong last = _freeAfterReclaim;
            bool isWorthIt = last == ulong.MaxValue || free + WorthBytes <= last
                || Volatile.Read(ref _removalsCommitted) != _removalsReclaimed;
            if (!isWorthIt) return;
            Hammer2Error error = Reclaim(new ReclaimOptions(_options.Discards), out _);
            // What it could not read it reported; whether there is room now is asked anew.
            if (error != Hammer2Error.None && error != Hammer2Error.ReadOnly) _freeAfterReclaim = free;
        }
    }
}
