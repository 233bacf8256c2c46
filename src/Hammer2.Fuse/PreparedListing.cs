// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Fuse.Protocol;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse;

/// <summary>
/// The next entries of a listing without attributes, packed while whoever lists is busy with those before: part by
/// part, between requests, and up to <see cref="BytesMax"/> ahead. There is one for a mount, and it serves one listing
/// at a time.
/// </summary>
/// <remarks>
/// Packing is faster than what is done with the entries, so each answer is longer than the one before, and there are
/// few: each costs two wakings. What is here is good only as long as nothing in the directory was changed since
/// the listing was begun.
/// Lock: _gate, a leaf, held for moments and never while entries are packed or copied: parts that are being copied
/// (_isTaking) or packed (_isFilling) belong to who does it.
/// </remarks>
internal sealed class PreparedListing
{
    /// <summary>How much is packed ahead at most.</summary>
    public const int BytesMax = PartBytes * PartsTotal;

    /// <summary>How much is packed before anything is asked: who opened a directory may not list it.</summary>
    public const int BytesUntilAsked = PartBytes * PartsUntilAsked;

    private const int PartBytes = 16 << 10;         // some four hundred names: so long may a request have to wait
    private const int PartsTotal = 64;
    private const int PartsUntilAsked = 8;
    private const int PartsWhileAsked = 2;          // nobody who lists from the start is further behind it by then
    private const int RefusalsMax = 8;              // by then the listing before has been given up

    private readonly VnodeOps _vnodes;
    private readonly object _gate = new();
    private readonly Part[] _parts = new Part[PartsTotal];
    private byte[] _buffer = [];
    private ulong _directory;                       // 0 when there is none
    private object? _version;
    private bool _keepsBlocks;
    private int _first, _count;
    private ulong _nextPosition;                    // behind the last part
    private bool _isFilling, _isTaking, _isAsked;
    private bool _isComplete, _isFaulty;            // nothing follows; nothing that can be read
    private int _refusals;

    /// <summary>Has entries of directories of <paramref name="vnodes"/>.</summary>
    public PreparedListing(VnodeOps vnodes) => _vnodes = vnodes;

    private bool IsWanted =>
        _directory != 0 && !_isFilling && !_isComplete && !_isFaulty
        && _count < (_isAsked ? PartsTotal : PartsUntilAsked);

    /// <summary>True for the directory whose listing this one is.</summary>
    public bool Serves(ulong directory) => Volatile.Read(ref _directory) == directory;

    /// <summary>Goes on with a listing of a long directory, or begins with it.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="position">Where whoever lists goes on; 0 when it was opened and nothing was asked yet.</param>
    /// <param name="keepsBlocks">As for <see cref="VnodeOps.ReadDirectory{TSink}"/>.</param>
    /// <param name="isWanted">True when <see cref="FillPart"/> has something to do.</param>
    /// <returns>False when this listing is not served: the directory is short, or has changes that wait for a commit,
    /// or cannot be read, or another listing is at work.</returns>
    public bool TryServe(ulong directory, ulong position, bool keepsBlocks, out bool isWanted)
    {
        lock (_gate)
        {
            isWanted = IsWanted;
            if (IsHere(directory, position)) return true;
        }
        isWanted = false;
        if (!_vnodes.IsLongDirectory(directory)) return false;
        if (_vnodes.GetDirectoryVersion(directory) is not { } version) return false;
        lock (_gate)
        {
            bool isOpenedAgain = directory == _directory && position == 0;
            bool isAnothers = _count > 0 && !isOpenedAgain && _refusals++ < RefusalsMax;
            if (_isFilling || _isTaking || isAnothers) return false;
            Clear();
            _directory = directory;
            _version = version;
            _keepsBlocks = keepsBlocks;
            _nextPosition = position;
            _isAsked = position != 0;
            return isWanted = true;
        }
    }

    /// <summary>Packs a part of the listing that is served, unless somebody does already.</summary>
    /// <returns>True when more is wanted.</returns>
    public bool FillPart()
    {
        ulong directory, position;
        int slot;
        lock (_gate)
        {
            if (!IsWanted) return false;
            _isFilling = true;
            (directory, position) = (_directory, _nextPosition);
            slot = (_first + _count) % PartsTotal;
        }
        Errno error = Errno.EIO;
        int usedBytes = 0;
        ulong nextPosition = position;
        bool isMoreWanted;
        try
        {
            if (_buffer.Length == 0) _buffer = GC.AllocateUninitializedArray<byte>(BytesMax);
            var sink = new Sink(
                new FuseDirectoryPacker(_buffer.AsSpan(slot * PartBytes, PartBytes), wantsAttributes: false));
            error = _vnodes.ReadDirectory(directory, position, ref sink, _keepsBlocks);
            (usedBytes, nextPosition) = (sink.Packer.UsedBytes, sink.Packer.NextPosition);
        }
        finally
        {
            lock (_gate)
            {
                _isFilling = false;
                if (_directory == directory) Keep(slot, new Part(position, nextPosition, usedBytes), error);
                isMoreWanted = IsWanted;
                Monitor.PulseAll(_gate);
            }
        }
        return isMoreWanted;
    }

    /// <summary>Gives the entries behind a position of a directory, as far as there is room for them, if they are those
    /// of the listing that is served. If none are there yet, it packs the first itself.</summary>
    /// <returns>False when they are not, and nothing was given.</returns>
    public bool TryTake(ulong directory, ulong position, ref FuseDirectoryPacker packer)
    {
        if (packer.WantsAttributes || !Serves(directory)) return false;
        object? version = _vnodes.GetDirectoryVersion(directory);
        int first, count;
        for (int parts = 0; !TryBeginTaking(directory, position, version, out first, out count); parts++)
        {
            lock (_gate)
            {
                if (_isTaking || _isFaulty || parts > PartsWhileAsked || !IsHere(directory, position)) return false;
                if (_isFilling)
                {
                    _ = Monitor.Wait(_gate);
                    continue;
                }
            }
            _ = FillPart();
        }
        try
        {
            Copy(first, count, position, ref packer);
        }
        finally
        {
            lock (_gate)
            {
                _isTaking = false;
                Drop(packer.UsedBytes > 0 ? packer.NextPosition : position);
            }
        }
        return true;
    }

    /// <summary>Nobody wants the entries of a directory any more without attributes.</summary>
    public void GiveUp(ulong directory)
    {
        if (!Serves(directory)) return;
        lock (_gate)
        {
            if (_directory == directory) Clear();
        }
    }

    private bool TryBeginTaking(ulong directory, ulong position, object? version, out int first, out int count)
    {
        lock (_gate)
        {
            (first, count) = (0, 0);
            if (_isTaking || !IsHere(directory, position)) return false;
            if (!ReferenceEquals(version, _version))
            {
                Clear();
                return false;
            }
            Drop(position);
            (first, count) = (_first, _count);
            if (count == 0 && !_isComplete) return false;
            (_isAsked, _isTaking, _refusals) = (true, true, 0);
            return true;
        }
    }

    private void Copy(int first, int count, ulong position, ref FuseDirectoryPacker packer)
    {
        for (int i = 0; i < count; i++)
        {
            int slot = (first + i) % PartsTotal;
            ReadOnlySpan<byte> packed = _buffer.AsSpan(slot * PartBytes, _parts[slot].UsedBytes);
            if (!packer.TryAddPacked(packed, position, _parts[slot].NextPosition)) return;
        }
    }

    // What went wrong is met again by who asks for these entries.
    private void Keep(int slot, Part part, Errno error)
    {
        _isFaulty = error != Errno.None;
        _isComplete = !_isFaulty && part.UsedBytes == 0;
        if (_isFaulty || _isComplete) return;
        _parts[slot] = part;
        _nextPosition = part.NextPosition;
        _count++;
    }

    // The first who asks may be behind some entries that are not even packed yet.
    private bool IsHere(ulong directory, ulong position) =>
        _directory == directory
        && position >= (_count > 0 ? _parts[_first].Position : _nextPosition)
        && (position <= _nextPosition || !_isAsked);

    private void Clear()
    {
        _directory = 0;
        _version = null;
        _first = _count = _refusals = 0;
        _isComplete = _isFaulty = false;
        Monitor.PulseAll(_gate);
    }

    // Of what lies before a position nothing is asked again.
    private void Drop(ulong position)
    {
        for (; _count > 0 && _parts[_first].NextPosition <= position; _count--) _first = (_first + 1) % PartsTotal;
    }

    private readonly record struct Part(ulong Position, ulong NextPosition, int UsedBytes);

    private ref struct Sink(FuseDirectoryPacker packer) : IDirectorySink
    {
        private FuseDirectoryPacker _packer = packer;

        /// <summary>The packer with what was taken; a reference to it cannot be kept here.</summary>
        public readonly FuseDirectoryPacker Packer => _packer;

        public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition) =>
            _packer.TryAdd(name, inum, VnodeAttributes.TypeBits(type), nextPosition);
    }
}
