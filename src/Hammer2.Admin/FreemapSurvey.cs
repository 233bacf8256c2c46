// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>What a stretch of the address space is used for, in bytes.</summary>
public sealed class FreemapCell
{
    private readonly ulong[] _byClass = new ulong[FreemapSurvey.ClassesTotal];

    /// <summary>Bytes that may be allocated.</summary>
    public ulong FreeBytes { get; internal set; }

    /// <summary>Bytes that bulkfree's first pass found unused.</summary>
    public ulong PossiblyFreeBytes { get; internal set; }

    /// <summary>Bytes in use, whatever for.</summary>
    public ulong AllocatedBytes { get; internal set; }

    /// <summary>Bytes that are never allocated: headers, freemap, boot and aux areas.</summary>
    public ulong StaticBytes { get; internal set; }

    /// <summary>Bytes whose leaf is damaged, so that nothing is known of them.</summary>
    public ulong UnknownBytes { get; internal set; }

    /// <summary>All bytes of the stretch.</summary>
    public ulong TotalBytes => FreeBytes + PossiblyFreeBytes + AllocatedBytes + StaticBytes + UnknownBytes;

    /// <summary>
    /// Bytes in use in segments of one class: 0 for none, else the kind of reference the segment is kept for.
    /// </summary>
    public ulong OfClass(BlockrefType type) => _byClass[(int)type];

    internal void Allocate(int kind, ulong bytes)
    {
        AllocatedBytes += bytes;
        _byClass[kind] += bytes;
    }
}

/// <summary>How the space of a filesystem is used, as its freemap tells it.</summary>
public sealed class FreemapSurvey
{
    /// <summary>Kinds of reference a segment can be kept for, <see cref="BlockrefType.Empty"/> for none.</summary>
    public const int ClassesTotal = (int)BlockrefType.FreemapLeaf + 1;

    /// <summary>Cells of a picture, unless the caller asks for others.</summary>
    public const int CellsUsual = 2048;

    private readonly FreemapCell[] _cells;

    private FreemapSurvey(ulong totalBytes, ulong cellBytes, FreemapCell[] cells)
    {
        TotalBytes = totalBytes;
        CellBytes = cellBytes;
        _cells = cells;
    }

    /// <summary>Bytes of the address space.</summary>
    public ulong TotalBytes { get; }

    /// <summary>Bytes of a cell: a multiple of 4 MiB. The last cell may have fewer.</summary>
    public ulong CellBytes { get; }

    /// <summary>The stretches, all of the same length, from address 0 up.</summary>
    public IReadOnlyList<FreemapCell> Cells => _cells;

    /// <summary>The sum of all cells.</summary>
    public FreemapCell Total { get; } = new();

    /// <summary>Leaves that exist; space without a leaf was never allocated from.</summary>
    public int Leaves { get; private set; }

    /// <summary>Nodes above the leaves.</summary>
    public int Nodes { get; private set; }

    /// <summary>Freemap blocks that cannot be used, with the first address each covers.</summary>
    public IReadOnlyList<(ulong Address, WalkFault Fault)> Faults { get; private set; } = [];

    /// <summary>Reads the freemap of a filesystem into at most so many cells.</summary>
    public static FreemapSurvey Take(VolumeSet volumes, int cellsMax = CellsUsual)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        ArgumentOutOfRangeException.ThrowIfLessThan(cellsMax, 1);
        ulong segments = (volumes.TotalBytes + Media.SegmentBytes - 1) / Media.SegmentBytes;
        ulong perCell = Math.Max(1, (segments + (ulong)cellsMax - 1) / (ulong)cellsMax);
        var cells = new FreemapCell[(int)((segments + perCell - 1) / perCell)];
        for (int index = 0; index < cells.Length; index++) cells[index] = new FreemapCell();
        var survey = new FreemapSurvey(volumes.TotalBytes, perCell * Media.SegmentBytes, cells);
        var collector = new Collector(survey, volumes.Header.Fields.AllocatorBegin);
        new MediaWalker(volumes).WalkFreemap(collector);
        collector.Finish();
        survey.Faults = collector.Faults;
        return survey;
    }

    private sealed class Collector(FreemapSurvey survey, ulong allocatorBegin) : IMediaVisitor
    {
        private ulong _next; // everything below it is accounted for

        public List<(ulong, WalkFault)> Faults { get; } = [];

        public bool Wants(in WalkPlace place, in Blockref reference) => true;

        public bool Enter(in WalkPlace place, in Blockref reference, ReadOnlySpan<byte> block)
        {
            if (reference.Type == BlockrefType.FreemapNode)
            {
                survey.Nodes++;
                return true;
            }
            survey.Leaves++;
            FillUntouched(reference.Key);
            foreach (ref readonly FreemapEntry entry in MemoryMarshal.Cast<byte, FreemapEntry>(block))
            {
                if (_next >= survey.TotalBytes) break;
                AddSegment(entry);
            }
            return false;
        }

        public void Leave(in WalkPlace place, in Blockref reference)
        {
        }

        public void Damaged(in WalkPlace place, in Blockref reference, in WalkFault fault)
        {
            Faults.Add((reference.Key, fault));
            FillUntouched(reference.Key);
            ulong end = Math.Min(survey.TotalBytes, Math.Max(reference.KeyEnd, reference.Key));
            while (_next < end) Add(static (cell, bytes) => cell.UnknownBytes += bytes);
        }

        /// <summary>What lies behind the last leaf was never allocated from.</summary>
        public void Finish() => FillUntouched(survey.TotalBytes);

        private void FillUntouched(ulong end)
        {
            end = Math.Min(end, survey.TotalBytes);
            while (_next < end)
            {
                if (IsAllocatable) Add(static (cell, bytes) => cell.FreeBytes += bytes);
                else Add(static (cell, bytes) => cell.StaticBytes += bytes);
            }
        }

        private bool IsAllocatable => FreemapGeometry.IsAllocatable(_next, allocatorBegin, survey.TotalBytes);

        private void AddSegment(in FreemapEntry entry)
        {
            if (!IsAllocatable)
            {
                Add(static (cell, bytes) => cell.StaticBytes += bytes);
                return;
            }
            int kind = entry.Class >> 8;
            if (kind >= ClassesTotal) kind = 0;
            FreemapCell cell = survey._cells[(int)(_next / survey.CellBytes)];
            Count(cell, entry, kind);
            Count(survey.Total, entry, kind);
            _next += Media.SegmentBytes;
        }

        private static void Count(FreemapCell cell, in FreemapEntry entry, int kind)
        {
            cell.FreeBytes += Bytes(entry, GranuleState.Free);
            cell.PossiblyFreeBytes += Bytes(entry, GranuleState.PossiblyFree);
            cell.Allocate(kind, Bytes(entry, GranuleState.Allocated) + Bytes(entry, GranuleState.Reserved));
        }

        private static ulong Bytes(in FreemapEntry entry, GranuleState state) =>
            (ulong)entry.Count(state) * Media.GranuleBytes;

        private void Add(Action<FreemapCell, ulong> add)
        {
            ulong bytes = Math.Min(Media.SegmentBytes, survey.TotalBytes - _next);
            add(survey._cells[(int)(_next / survey.CellBytes)], bytes);
            add(survey.Total, bytes);
            _next += bytes;
        }
    }
}
