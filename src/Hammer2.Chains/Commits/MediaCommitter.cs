// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;
using Hammer2.Chains.Freemap;
using Hammer2.Chains.Trees;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>
/// The one writer of a filesystem: super-root, freemap, space, volume header and the order of commits are its own. PFSs
/// are its clients; each writes blocks of its own, and hands the root of its tree over in a <see cref="CommitTurn"/>.
/// </summary>
/// <remarks>
/// Upstream: the part of <c>hammer2_dev_t</c> that <c>hammer2_vfs_sync_pmp</c> writes. A commit is, within one turn:
/// blocks of metadata with <see cref="MirrorTid"/>, <see cref="PutPfsRoot"/>, <see cref="Prepare"/>,
/// <see cref="Publish"/>. Blocks of file data may be allocated and written at any time, by several threads; a commit of
/// another PFS then writes a freemap in which they are allocated, which is leaked space if power fails, never a shared
/// block. Thread-safe, except that the members named belong to the turn.
/// </remarks>
public sealed class MediaCommitter
{
    // Each attempt that is prepared moves the changed freemap blocks to the next of their eight locations. Those of
    // the four newest headers stay untouched with so many attempts between two headers.
    private const int AbandonedPreparedMax = 3;

    private static long s_ordersGiven;

    /// <summary>How many commits of a device can be pinned at once: bulkfree walks each of them, as far as they differ,
    /// and each holds space.</summary>
    public const int PinsMax = 64;

    private readonly MediaReader _device;
    private readonly Func<bool> _keepsRecord;
    private readonly VolumeSet _volumes;
    private readonly FreemapAllocator _allocator;
    private readonly VolumeHeaderWriter _headers;
    private readonly DeviceFence _fence = new();
    private readonly PinnedRoots _pins;
    private readonly MediaClients _clients = new();
    private readonly RankedLock _turn;
    private volatile bool _isTurnTaken;
    private SuperRootEdit? _superRoot;
    private Hammer2Error _superRootError;
    private PreparedCommit? _prepared;
    private int _abandonedPrepared;

    /// <summary>The writer of a filesystem whose freemap is not read yet.</summary>
    /// <param name="device">The filesystem as it is read.</param>
    /// <param name="keepsRecord">True when a commit first writes a prepared-commit record.</param>
    /// <param name="time">The clock for the age of pins.</param>
    internal MediaCommitter(MediaReader device, Func<bool> keepsRecord, TimeProvider time)
    {
        _device = device;
        _keepsRecord = keepsRecord;
        _volumes = device.Volumes;
        long order = Interlocked.Increment(ref s_ordersGiven);
        _turn = new RankedLock(LockRank.DeviceTurn, order);
        ReclaimLock = new RankedLock(LockRank.DeviceReclaim, order);
        _pins = new PinnedRoots(device, time, PinsMax);
        _allocator = new FreemapAllocator(_volumes, device.Faults, _fence);
        _headers = new VolumeHeaderWriter(device.RootVolume);
        Upkeep = new Upkeep(_volumes, _fence, time);
        Writer = new BlockWriter(
            _volumes, _allocator, device.Faults, device.Caches.Chains, device.Ordinal, _fence);
        Space = new SpaceReservations(_allocator, device.Header.Fields.AllocatorBytes, _fence);
    }

    /// <summary>Where new blocks go.</summary>
    public BlockWriter Writer { get; }

    /// <summary>Space that changes were accepted for.</summary>
    public SpaceReservations Space { get; }

    /// <summary>Error counters and scrubs of the filesystem.</summary>
    public Upkeep Upkeep { get; }

    /// <summary>Free bytes, for people: what the volume header counts, less what was allocated since.</summary>
    public ulong FreeBytes => _allocator.FreeBytes;

    /// <summary>Bytes of blocks that were allocated since the last commit of any PFS, for people.</summary>
    public ulong UncommittedBytes => _allocator.UnwrittenBytes;

    /// <summary>True once a write failed: nothing is written to the device any more, by any PFS.</summary>
    public bool IsFenced => _fence.IsFenced;

    /// <summary>True while a call is under way that may change the device. Once the device is fenced and this is false,
    /// nothing changes it any more through this committer.</summary>
    public bool HasWriters => _fence.HasWriters;

    /// <summary>What fenced the device first; None while it may be written. Whatever would change the device answers
    /// it from then on.</summary>
    public Hammer2Error FenceError => _fence.Error;

    /// <summary>The commits that are pinned now, the oldest first.</summary>
    public IReadOnlyList<PinnedRoot> Pins => _pins.All;

    /// <summary>mirror_tid of the commit whose turn it is: one that no header had, torn ones included.</summary>
    public ulong MirrorTid =>
        Math.Max(_device.Header.Fields.MirrorTid, _volumes.Volumes[0].Copies.TornTid) + 1;

    /// <summary>Has nothing more written to the device, since a client saw it fail. Writes that fail here fence it by
    /// themselves.</summary>
    /// <param name="error">What failed; not None. The first one is kept.</param>
    public void Fence(Hammer2Error error) => _fence.Fence(error);

    /// <summary>Creates or updates the root of a PFS, by its key below the super-root.</summary>
    /// <returns>None; what reading the super-root met, which makes <see cref="Prepare"/> fail as well; the error that
    /// fenced the device.</returns>
    /// <remarks>Within a turn. One caller at a time.</remarks>
    public Hammer2Error PutPfsRoot(in Blockref root)
    {
        Hammer2Error error = OpenSuperRoot();
        return error == Hammer2Error.None ? _superRootError = _superRoot!.Put(root) : error;
    }

    /// <summary>Removes the root of a PFS, and with it all that only it leads to.</summary>
    /// <returns>None; NoEntry when there is none with this key; otherwise as <see cref="PutPfsRoot"/>.</returns>
    /// <remarks>Within a turn. One caller at a time. The space is free after bulkfree.</remarks>
    public Hammer2Error RemovePfsRoot(ulong key)
    {
        Hammer2Error error = OpenSuperRoot();
        if (error != Hammer2Error.None) return error;
        error = _superRoot!.Remove(key);
        if (error != Hammer2Error.NoEntry) _superRootError = error;
        return error;
    }

    /// <summary>First half of a commit: super-root and freemap are written, and they and every block before them made
    /// durable. Nothing on media leads to any of it yet.</summary>
    /// <param name="identity">What is committed: goes into the record of a device that
    /// keeps one.</param>
    /// <param name="prepared">For <see cref="Publish"/>; null after an error.</param>
    /// <returns>None; NoSpace; the error of the super-root; what writing met, which fences the device. After an error
    /// the last header stays valid.</returns>
    /// <remarks>Within a turn, once. Blocks of file data for later commits may be written meanwhile.</remarks>
    public Hammer2Error Prepare(in CommitIdentity identity, out PreparedCommit? prepared)
    {
        Invariant.Holds(_isTurnTaken && _prepared is null);
        prepared = null;
        if (_fence.IsFenced) return _fence.Error;
        if (_superRootError != Hammer2Error.None) return _superRootError;
        Span<Blockref> superRoot = stackalloc Blockref[Media.BlocksetCount];
        _device.Header.SuperRootBlockset.CopyTo(superRoot);
        if (_superRoot is not null)
        {
            Hammer2Error built = _superRoot.Write(Writer, MirrorTid, superRoot);
            if (built != Hammer2Error.None) return built;
        }
        Hammer2Error error = _fence.Run(
            (Committer: this, Root: superRoot.ToArray(), Identity: identity),
            static work => work.Committer.MakeDurable(work.Root, work.Identity));
        prepared = _prepared;
        return error;
    }

    /// <summary>Second half: the header goes to the next of its copies and is made durable. From then on the device
    /// shows the new trees.</summary>
    /// <param name="prepared">What <see cref="Prepare"/> made in this turn.</param>
    /// <returns>None; what writing met: whether the commit is on media is then unknown, and the device is
    /// fenced.</returns>
    public Hammer2Error Publish(PreparedCommit prepared)
    {
        Invariant.Holds(_isTurnTaken && prepared == _prepared);
        return _fence.Run(this, static committer => committer.WriteHeader());
    }

    /// <summary>Abandons an attempt: its metadata is free again, and the super-root is that of the last commit. A
    /// further attempt may follow in the same turn.</summary>
    /// <remarks>Within a turn. Does nothing when there is nothing to give up, or when the device is fenced.</remarks>
    public void Abandon()
    {
        Invariant.Holds(_isTurnTaken);
        bool wasPrepared = _prepared is not null;
        _superRoot = null;
        _superRootError = Hammer2Error.None;
        _prepared = null;
        if (_fence.IsFenced) return;
        Writer.Abandon();
        if (!wasPrepared || ++_abandonedPrepared < AbandonedPreparedMax) return;
        // A device that cannot do it is fenced by that, and answers the next writer with it.
        _ = CommitFreemap();
    }

    /// <summary>Writes the freemap with a header of its own, which leads to the same trees as the last.</summary>
    /// <returns>None; what writing met; the error that fenced the device.</returns>
    /// <remarks>Within a turn.</remarks>
    public Hammer2Error CommitFreemap()
    {
        _allocator.CorrectTotal();
        Hammer2Error error = Prepare(default, out PreparedCommit? prepared);
        return error == Hammer2Error.None ? Publish(prepared!) : error;
    }

    /// <summary>Keeps the last commit readable while newer ones are written, until the pin is disposed of.</summary>
    /// <param name="purpose">What it is for, in words for people.</param>
    /// <param name="bound">How long it should last at most. It is not broken then, but named in the log.</param>
    /// <returns>Null when <see cref="PinsMax"/> commits are pinned.</returns>
    /// <remarks>A fenced device can be pinned, too: it is still read.</remarks>
    public PinnedRoot? Pin(string purpose, TimeSpan bound) => _pins.Pin(purpose, bound);

    /// <summary>Says that a PFS is going to be written on the device. Comes before its first block.</summary>
    public void Attach(IMediaClient client) => _clients.Add(client);

    /// <summary>Says that a PFS is written no longer. Comes after its last commit; nothing needs what it allocated and
    /// did not commit from then on. A bulkfree that is just having it commit is waited for.</summary>
    /// <remarks>Entry: no lock is held that the client's commit takes. Nothing happens when it is not
    /// attached.</remarks>
    public void Detach(IMediaClient client)
    {
        _clients.Remove(client);
        Upkeep.SaveErrors(isLast: true);
    }

    /// <summary>Has the device give up (TRIM) free space, as <see cref="FreemapAllocator.DiscardFree"/>.</summary>
    /// <returns>As there; the error that fenced the device.</returns>
    public Hammer2Error DiscardFree(
        ulong first, ulong last, long leastBytes, Func<bool> isCancelled, out long discardedBytes)
    {
        discardedBytes = 0;
        return _fence.IsFenced
            ? _fence.Error
            : _allocator.DiscardFree(first, last, leastBytes, isCancelled, out discardedBytes);
    }

    /// <summary>The filesystem as it is read.</summary>
    internal MediaReader Device => _device;

    internal FreemapAllocator Allocator => _allocator;

    internal PinnedRoots PinnedRoots => _pins;

    internal MediaClients Clients => _clients;

    /// <summary>Held for a whole bulkfree. Rank 6, in the order of <see cref="InOrder"/>.</summary>
    internal RankedLock ReclaimLock { get; }

    /// <summary>True while the freemap in memory may have staged granules that bulkfree has not committed yet.
    /// Guarded by <see cref="ReclaimLock"/>.</summary>
    internal bool IsStagingUncommitted { get; set; }

    /// <summary>Does something that changes the device, unless it is fenced.</summary>
    /// <returns>The error that fenced the device; what the body answers.</returns>
    internal Hammer2Error RunUnlessFenced<TState>(TState state, Func<TState, Hammer2Error> body)
    {
        if (!_fence.TryBeginWrite()) return _fence.Error;
        try
        {
            return body(state);
        }
        finally
        {
            _fence.EndWrite();
        }
    }

    /// <summary>Does something to the state in memory that must be done as a whole: an exception fences the
    /// device.</summary>
    internal Hammer2Error FenceOnException<TState>(TState state, Func<TState, Hammer2Error> body) =>
        _fence.FenceOnException(state, body);

    /// <summary>Committers in the order in which their locks are taken, each once.</summary>
    internal static List<MediaCommitter> InOrder(IReadOnlyList<MediaCommitter?> committers)
    {
        var ordered = new List<MediaCommitter>(committers.Count);
        foreach (MediaCommitter? committer in committers)
            if (committer is not null && !ordered.Contains(committer)) ordered.Add(committer);
        ordered.Sort(static (left, right) => Nullable.Compare(left._turn.Order, right._turn.Order));
        return ordered;
    }

    /// <summary>Reads the freemap. Comes before everything else.</summary>
    internal Hammer2Error LoadFreemap() => _allocator.Load();

    /// <summary>True when this thread has the turn.</summary>
    internal bool IsTurnMine => _turn.IsHeldByCurrentThread;

    internal void EnterTurn()
    {
        _turn.Enter();
        _isTurnTaken = true;
    }

    internal void LeaveTurn()
    {
        try
        {
            Abandon();
        }
        finally
        {
            _isTurnTaken = false;
            _turn.Exit();
        }
    }

    private Hammer2Error OpenSuperRoot()
    {
        Invariant.Holds(_isTurnTaken && _prepared is null);
        if (_fence.IsFenced) return _fence.Error;
        if (_superRoot is null && _superRootError == Hammer2Error.None)
            _superRootError = SuperRootEdit.Open(_device, out _superRoot);
        return _superRootError;
    }

    private Hammer2Error MakeDurable(Blockref[] superRoot, in CommitIdentity identity)
    {
        VolumeHeader last = _device.Header;
        byte[] firstPage = last.FirstPage.ToArray();
        var view = new VolumeHeaderView(firstPage);
        ulong tid = MirrorTid;
        Hammer2Error error = Writer.Flush();
        if (error != Hammer2Error.None) return error;
        error = _allocator.Write(tid, view.FreemapBlockset, out ulong freeBytes);
        if (error != Hammer2Error.None) return error;
        superRoot.CopyTo(view.SuperRootBlockset);
        // Also where the tree is as it was. The CRC of a whole header says nothing of its first sector, which ends
        // with a CRC of its own: two headers that differ in nothing but that sector and the freemap could be torn
        // into one that seems whole, with the counts of the one and the freemap of the other. The second sector,
        // with this reference, is what tells any two headers apart.
        foreach (ref Blockref reference in view.SuperRootBlockset)
            if (!reference.IsEmpty) reference.MirrorTid = tid;
        view.Fields.MirrorTid = tid;
        view.Fields.FreemapTid = tid;
        view.Fields.AllocatorFree = freeBytes;
        HeaderSizes.Store(_volumes, Space.TotalBytes, view);
        // The volume may be shorter than it was.
        int copy = last.NextCopyIndex < HeaderSizes.CopiesWithin(view.Fields.VolumeBytes) ? last.NextCopyIndex : 0;
        VolumeHeader next = VolumeHeaderCandidate.SealNext(last, firstPage, copy);
        // The only copy is about to be overwritten: a spare stands in for it until that is done.
        if (next.CopyIndex == last.CopyIndex) error = _headers.WriteSpare(next);
        if (error == Hammer2Error.None && _keepsRecord()) error = WriteRecord(last, next, identity);
        if (error == Hammer2Error.None) error = _volumes.Flush();
        if (error == Hammer2Error.None) _prepared = new PreparedCommit(next);
        else _device.Faults.Report(default, error, "the device could not make a commit's blocks durable");
        return error;
    }

    private Hammer2Error WriteRecord(VolumeHeader last, VolumeHeader next, in CommitIdentity identity)
    {
        UnprotectedDigest digest = default;
        Hammer2Error error = Hammer2Error.None;
        if (Writer.WritesUnprotected)
        {
            error = NewBlockVerifier.Verify(
                _volumes, next.SuperRootBlockset, next.FreemapBlockset, last.Fields.MirrorTid, out digest);
        }
        return error == Hammer2Error.None
            ? PreparedCommitRecord.Write(_volumes, last, next, identity, digest)
            : error;
    }

    private Hammer2Error WriteHeader()
    {
        VolumeHeader header = _prepared!.Header;
        Volume volume = _volumes.Volumes[0];
        Hammer2Error error = volume.Errors.OfWrite(_headers.Write(header));
        if (error == Hammer2Error.None) error = volume.Errors.OfFlush(volume.Device.Flush());
        if (error != Hammer2Error.None)
        {
            _device.Faults.Report(default, error, "the device could not write the volume header");
            return error;
        }
        _device.Show(header);
        foreach (Blockref lost in _allocator.TakeLost()) _device.Faults.Forget(lost);
        Writer.ForgetReplaced();
        _superRoot = null;
        _prepared = null;
        _abandonedPrepared = 0;
        Upkeep.SaveErrors(isLast: false);
        return Hammer2Error.None;
    }
}
