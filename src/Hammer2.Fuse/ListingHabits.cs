// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse;

/// <summary>
/// Learns which processes stat the entries that they list. The kernel requests attributes with the first entries of
/// every directory (READDIRPLUS_AUTO). They save a process that stats one request per entry, but make any other process
/// wait until every inode is read.
/// </summary>
/// <remarks>
/// A process gets attributes once it has looked up an entry that was listed without them. A process that got them sends
/// no lookups, so one entry of each listing, the canary, has no attributes: a process that looks it up still uses
/// attributes, and one that lists the next directory without that lookup does not. Directories are never canaries and
/// their lookups are ignored, since walking a tree looks up every directory that it enters. Nothing here is locked: a
/// wrong guess costs only time.
/// </remarks>
internal sealed class ListingHabits
{
    private const int SlotsTotal = 1024;
    private const int ScoreMax = 4;                 // number of consecutive listings without a lookup of the canary
    private const int ScoreForLookup = 2;

    private readonly Slot?[] _slots = new Slot?[SlotsTotal];    // null until a process lists

    /// <summary>Decides about a READDIRPLUS request.</summary>
    /// <param name="processId">The process that lists.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="isStart">True for the first entries of the directory.</param>
    /// <returns>The listing, which says whether entries get attributes.</returns>
    public Listing Begin(uint processId, ulong directory, bool isStart)
    {
        Slot slot = _slots[processId % SlotsTotal] ??= new Slot();
        if (slot.ProcessId != processId) slot.Reset(processId);
        if (isStart)
        {
            // The canary of the listing before this one was not looked up.
            if (slot.Canary != 0 && slot.Score > 0) slot.Score--;
            slot.Directory = directory;
            slot.Canary = 0;
        }
        slot.GaveAttributes = slot.Score > 0;
        return new Listing(slot, wantsCanary: slot.GaveAttributes && isStart);
    }

    /// <summary>Records the lookup of an entry that is not a directory.</summary>
    public void NoteLookup(uint processId, ulong directory, ulong inum)
    {
        Slot? slot = _slots[processId % SlotsTotal];
        if (slot is null || slot.ProcessId != processId || slot.Directory != directory) return;
        if (slot.Canary != 0 ? slot.Canary != inum : slot.GaveAttributes) return;
        slot.Canary = 0;

        // A process that stats looks up every entry of a listing without attributes; one is enough to know.
        slot.GaveAttributes = true;
        slot.Score = Math.Min(ScoreMax, slot.Score + ScoreForLookup);
    }

    /// <summary>One reply with entries; the default for entries without attributes.</summary>
    public readonly struct Listing
    {
        private readonly Slot? _slot;
        private readonly bool _wantsCanary;

        internal Listing(Slot slot, bool wantsCanary)
        {
            GivesAttributes = slot.GaveAttributes;
            _slot = slot;
            _wantsCanary = wantsCanary;
        }

        /// <summary>True when entries should have attributes.</summary>
        public bool GivesAttributes { get; }

        /// <summary>True for the canary: the entry without attributes.</summary>
        public bool TakeAsCanary(ulong inum)
        {
            if (!_wantsCanary || _slot!.Canary != 0) return false;
            _slot.Canary = inum;
            return true;
        }
    }

    internal sealed class Slot
    {
        public uint ProcessId;
        public int Score;
        public ulong Directory;
        public ulong Canary;                        // 0 when there is none, or it was looked up
        public bool GaveAttributes;

        public void Reset(uint processId)
        {
            ProcessId = processId;
            Score = 0;
            Directory = 0;
            Canary = 0;
            GaveAttributes = false;
        }
    }
}
