// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>Usage of a filesystem's space, read from its freemap.</summary>
public sealed class FreemapSurvey
{
    /// <summary>Default of the maximum number of cells.</summary>
    public const int CellsDefault = 2048;

    private readonly FreemapCell[] _cells;

    private FreemapSurvey(ulong totalBytes, ulong cellBytes, FreemapCell[] cells)
    {
        TotalBytes = totalBytes;
        CellBytes = cellBytes;
        _cells = cells;
    }

    /// <summary>Size of the address space in bytes.</summary>
    public ulong TotalBytes { get; }

    /// <summary>Size of a cell in bytes: a multiple of 4 MiB. The last cell may be smaller.</summary>
    public ulong CellBytes { get; }

    /// <summary>The ranges, all of the same length, in ascending order from address 0.</summary>
    public IReadOnlyList<FreemapCell> Cells => _cells;

    /// <summary>The sum of all cells.</summary>
    public FreemapCell Total { get; } = new();

    /// <summary>Number of leaves that exist; nothing was ever allocated in space without a leaf.</summary>
    public int Leaves { get; private set; }

    /// <summary>Number of nodes above the leaves.</summary>
    public int Nodes { get; private set; }

    /// <summary>Freemap blocks that cannot be used, with the first address each covers.</summary>
    public IReadOnlyList<(ulong Address, WalkFault Fault)> Faults { get; private set; } = [];

    /// <summary>Reads the freemap of a filesystem into at most <paramref name="cellsMax"/> cells.</summary>
    public static FreemapSurvey Take(VolumeSet volumes, int cellsMax = CellsDefault)
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
        private ulong _next; // all addresses below this one are counted

        public List<(ulong, WalkFault)> Faults { get; } = [];

        public bool Wants(in WalkPosition position, in Blockref reference) => true;

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
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

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault)
        {
            Faults.Add((reference.Key, fault));
            FillUntouched(reference.Key);
            ulong end = Math.Min(survey.TotalBytes, Math.Max(reference.KeyEnd, reference.Key));
            while (_next < end) Add(static (cell, bytes) => cell.UnknownBytes += bytes);
        }

        /// <summary>Counts the space past the last leaf, where nothing was ever allocated.</summary>
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
            if (kind >= FreemapCell.ClassesTotal) kind = 0;
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
