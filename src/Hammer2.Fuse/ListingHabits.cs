// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse;

/// <summary>
/// Learns which processes stat what they list. Attributes in a listing spare such a process one request per
/// entry, and cost any other process the reading of every inode for nothing; the kernel asks for them either
/// way.
/// </summary>
/// <remarks>
/// Whoever got attributes sends no lookups, so one entry of each listing, the canary, is given without: a
/// process that looks it up still wants attributes, one that goes on to the next directory without having
/// done so does not. Directories are no canaries and their lookups tell nothing, since a walk looks up every
/// directory it enters. Nothing here is locked: a wrong guess costs time and nothing else.
/// </remarks>
internal sealed class ListingHabits
{
    private const int SlotsTotal = 1024;
    private const int ScoreUnknown = 4;             // from here on attributes are given
    private const int ScoreMax = 8;
    private const int ScoreForLookup = 2;
    private const int StrangerAttributesMax = 8;    // enough to judge by, and cheap to have read for nothing
    private const int StrangerPieceBytes = 64 << 10;
    private const int LongStrangerPieceBytes = 16 << 10;        // some hundred names: each may have to be looked up
    private const int PlainPieceBytes = 128 << 10; // some three thousand names: they are used while more is read

    private readonly Slot?[] _slots = new Slot?[SlotsTotal];    // null until a process lists

    /// <summary>
    /// A process asks for entries with attributes. Answers the listing to fill, which says whether to give
    /// them.
    /// </summary>
    /// <param name="processId">Who lists.</param>
    /// <param name="directory">What.</param>
    /// <param name="isStart">True for the first piece of a listing.</param>
    /// <param name="isLong">True for the first piece of many.</param>
    public Listing Begin(uint processId, ulong directory, bool isStart, bool isLong = false)
    {
        Slot slot = _slots[processId % SlotsTotal] ??= new Slot();
        if (slot.ProcessId != processId) slot.Reset(processId);
        if (isStart)
        {
            // The canary of the listing before this one is still waiting: nobody wanted it.
            if (slot.Canary != 0 && slot.Score > 0) slot.Score--;
            slot.Directory = directory;
            slot.Canary = 0;
        }

        // Of a stranger's listing only the first piece has attributes, and that only when it is about all: of a
        // long one everything would be listed before the first canary can be judged, and whoever stats it has to
        // look up hundreds whether or not it got the first few.
        bool isFirstOfStranger = isStart && slot.Score == ScoreUnknown;
        bool gives = slot.Score > ScoreUnknown || (isFirstOfStranger && !isLong);
        slot.GaveAttributes = gives;
        int most = !gives ? 0 : isFirstOfStranger ? StrangerAttributesMax : int.MaxValue;
        int bytesMax = !isFirstOfStranger ? gives ? int.MaxValue : Listing.Plain.BytesMax
            : isLong ? LongStrangerPieceBytes : StrangerPieceBytes;
        return new Listing(slot, most, bytesMax, wantsCanary: gives && isStart);
    }

    /// <summary>True for a process that is known to stat what it lists.</summary>
    public bool Stats(uint processId) =>
        _slots[processId % SlotsTotal] is { Score: > ScoreUnknown } slot && slot.ProcessId == processId;

    /// <summary>A process looked up something that is no directory.</summary>
    public void NoteLookup(uint processId, ulong directory, ulong inum)
    {
        Slot? slot = _slots[processId % SlotsTotal];
        if (slot is null || slot.ProcessId != processId || slot.Directory != directory) return;
        if (slot.Canary != 0 ? slot.Canary != inum : slot.GaveAttributes) return;
        slot.Canary = 0;

        // It is about to look up everything in a listing without attributes; one count is enough.
        slot.GaveAttributes = true;
        slot.Score = Math.Min(ScoreMax, Math.Max(ScoreUnknown, slot.Score + ScoreForLookup));
    }

    /// <summary>One piece of a listing.</summary>
    public readonly struct Listing
    {
        /// <summary>A piece for which no attributes were asked.</summary>
        public static readonly Listing Plain = new(null, 0, PlainPieceBytes, wantsCanary: false);

        private readonly Slot? _slot;
        private readonly bool _wantsCanary;

        internal Listing(Slot? slot, int attributesMax, int bytesMax, bool wantsCanary)
        {
            _slot = slot;
            AttributesMax = attributesMax;
            BytesMax = bytesMax;
            _wantsCanary = wantsCanary;
        }

        /// <summary>True when entries should have attributes.</summary>
        public bool GivesAttributes => AttributesMax > 0;

        /// <summary>How long this piece should be at most, in bytes. A stranger gets little at first: what it
        /// does with that tells how to fill the rest.</summary>
        public int BytesMax { get; }

        /// <summary>How many entries of this piece should have them.</summary>
        public int AttributesMax { get; }

        /// <summary>True for the one entry that is to be given without attributes to see what
        /// happens.</summary>
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
        public int Score = ScoreUnknown;
        public ulong Directory;
        public ulong Canary;                        // 0 when there is none, or it was looked up
        public bool GaveAttributes;

        public void Reset(uint processId)
        {
            ProcessId = processId;
            Score = ScoreUnknown;
            Directory = 0;
            Canary = 0;
            GaveAttributes = false;
        }
    }
}
