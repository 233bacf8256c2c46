// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>Receives a reference that was found at an address.</summary>
/// <param name="reference">The reference; nothing about it is proven.</param>
/// <param name="slot">The address of its 128 bytes.</param>
internal delegate void SlotHandler(in Blockref reference, ulong slot);

/// <summary>
/// Reads the space in which blocks are or were allocated from its start to its end, and finds what may be references to
/// inodes and directory entries: they are at multiples of 128 bytes, in inodes and in blocks of references. A GiB that has
/// no leaf in the freemap was never used and is left out; one whose leaf cannot be read is not.
/// </summary>
internal sealed class RawScan
{
    private const int PieceBytes = 1 << 20;

    private readonly VolumeSet _volumes;
    private readonly bool[] _isUsed; // for each GiB
    private readonly byte[] _piece = new byte[PieceBytes];

    public RawScan(VolumeSet volumes)
    {
        _volumes = volumes;
        _isUsed = new bool[(int)FreemapGeometry.LeavesTotal(volumes.TotalBytes)];
        new MediaWalker(volumes).WalkFreemap(new LeafVisitor(_isUsed));
        for (int zone = 0; zone < _isUsed.Length; zone++)
            if (_isUsed[zone]) TotalBytes += Math.Min((ulong)Media.ZoneBytes, volumes.TotalBytes - StartOf(zone));
    }

    /// <summary>Bytes that a scan reads.</summary>
    public ulong TotalBytes { get; }

    /// <summary>Bytes that the devices could not read, in the last scan.</summary>
    public ulong UnreadableBytes { get; private set; }

    /// <summary>Scans once.</summary>
    /// <param name="handler">Called for each reference found.</param>
    /// <param name="progress">Called with the bytes scanned so far, after each MiB.</param>
    public void Run(SlotHandler handler, Action<ulong> progress)
    {
        UnreadableBytes = 0;
        ulong done = 0;
        for (int zone = 0; zone < _isUsed.Length; zone++)
        {
            if (!_isUsed[zone]) continue;
            ulong end = Math.Min(StartOf(zone) + (ulong)Media.ZoneBytes, _volumes.TotalBytes);
            for (ulong at = StartOf(zone); at < end; at += PieceBytes)
            {
                ulong length = Math.Min(PieceBytes, end - at);
                if (!FreemapGeometry.IsReserved(at)) ScanPiece(handler, at, (int)length);
                progress(done += length);
            }
        }
    }

    private static ulong StartOf(int zone) => (ulong)zone << Media.ZoneRadix;

    private void ScanPiece(SlotHandler handler, ulong address, int lengthBytes)
    {
        Span<byte> piece = _piece.AsSpan(0, lengthBytes);
        bool isWhole = _volumes.Read(address, piece) == Hammer2Error.None;
        if (isWhole && BlockCodec.IsAllZero(piece)) return;
        for (int start = 0; start < lengthBytes; start += Media.BufferBytes)
        {
            Span<byte> part = piece.Slice(start, Math.Min(Media.BufferBytes, lengthBytes - start));
            ulong at = address + (ulong)start;
            if (!isWhole && _volumes.Read(at, part) != Hammer2Error.None) UnreadableBytes += (ulong)part.Length;
            else if (!BlockCodec.IsAllZero(part)) ScanSlots(handler, at, part);
        }
    }

    private static void ScanSlots(SlotHandler handler, ulong address, ReadOnlySpan<byte> part)
    {
        ReadOnlySpan<Blockref> slots = MemoryMarshal.Cast<byte, Blockref>(part);
        for (int index = 0; index < slots.Length; index++)
        {
            ref readonly Blockref slot = ref slots[index];
            if (slot.Type is not (BlockrefType.Inode or BlockrefType.Dirent) || slot.KeyBits != 0) continue;
            if (MediaValidator.Reference(slot, BlockrefType.Indirect) is null)
                handler(slot, address + ((ulong)index * Blockref.SizeBytes));
        }
    }

    private sealed class LeafVisitor(bool[] isUsed) : IMediaVisitor
    {
        public bool Wants(in WalkPosition position, in Blockref reference) => true;

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            if (reference.Type == BlockrefType.FreemapNode) return true;
            Mark(reference.Key, reference.Key);
            return false;
        }

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        // The table in the header has no key of its own: then all is marked.
        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault) =>
            Mark(reference.Key, reference.IsEmpty ? ulong.MaxValue : reference.KeyEnd);

        private void Mark(ulong first, ulong last)
        {
            for (ulong zone = first >> Media.ZoneRadix; zone <= last >> Media.ZoneRadix; zone++)
            {
                if (zone >= (ulong)isUsed.Length) return;
                isUsed[(int)zone] = true;
            }
        }
    }
}
