// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Hammer2.Admin.Fsck;

/// <summary>The result of a check.</summary>
public sealed class FsckReport
{
    private readonly SortedDictionary<FsckCode, long> _totals = [];
    private readonly long[] _bySeverity = new long[(int)FsckSeverity.Error + 1];

    /// <summary>Findings, the worst first, those of one severity in the order in which they were found.</summary>
    public IReadOnlyList<FsckFinding> Findings { get; internal set; } = [];

    /// <summary>Number of findings of each code, listed or not.</summary>
    public IReadOnlyDictionary<FsckCode, long> Totals => _totals;

    /// <summary>Number of errors.</summary>
    public long Errors => _bySeverity[(int)FsckSeverity.Error];

    /// <summary>Number of warnings.</summary>
    public long Warnings => _bySeverity[(int)FsckSeverity.Warning];

    /// <summary>Number of notes.</summary>
    public long Notes => _bySeverity[(int)FsckSeverity.Note];

    /// <summary>True when there are neither errors nor warnings.</summary>
    public bool IsClean => Errors == 0 && Warnings == 0;

    /// <summary>Number of PFSs whose root was read.</summary>
    public long Pfses { get; internal set; }

    /// <summary>Number of inodes of all PFSs; those shared with snapshots count in each.</summary>
    public long Inodes { get; internal set; }

    /// <summary>Number of directory entries of all PFSs; those shared with snapshots count in each.</summary>
    public long Entries { get; internal set; }

    /// <summary>Number of indirect blocks, each counted once.</summary>
    public long Indirects { get; internal set; }

    /// <summary>Number of blocks of file data, each counted once.</summary>
    public long DataBlocks { get; internal set; }

    /// <summary>Number of freemap blocks.</summary>
    public long FreemapBlocks { get; internal set; }

    /// <summary>Bytes read from the devices.</summary>
    public ulong BytesRead { get; internal set; }

    /// <summary>Total size in bytes of the reachable blocks, each counted once, without headers and freemap.</summary>
    public ulong BytesReachable { get; internal set; }

    /// <summary>Bytes allocated or staged that are not reachable; bulkfree frees them.</summary>
    public ulong BytesLeaked { get; internal set; }

    /// <summary>All findings, one per line, for messages of tests.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        _ = text.Append(CultureInfo.InvariantCulture, $"{Errors} errors, {Warnings} warnings, {Notes} notes");
        foreach (FsckFinding finding in Findings) _ = text.Append('\n').Append(finding);
        return text.ToString();
    }

    internal void Count(FsckSeverity severity, FsckCode code)
    {
        _bySeverity[(int)severity]++;
        _totals[code] = _totals.GetValueOrDefault(code) + 1;
    }
}
