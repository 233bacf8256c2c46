// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Threading;
using Linux.Text;

namespace Hammer2.Admin;

/// <summary>The severity of a finding.</summary>
public enum FsckSeverity
{
    /// <summary>Valid but worth knowing: space that bulkfree frees, an orphan of a file that was open when power
    /// failed.</summary>
    Note,

    /// <summary>Inconsistent without loss of data: a wrong count, an inode without an entry.</summary>
    Warning,

    /// <summary>Damage: data is lost, or the next write may lose data.</summary>
    Error,
}

/// <summary>How a check is done.</summary>
public sealed record FsckOptions
{
    /// <summary>Maximum number of listed findings; further ones are only counted.</summary>
    public int FindingsMax { get; init; } = 10_000;

    /// <summary>False to skip file data: everything else is checked, in a fraction of the time.</summary>
    public bool ReadsData { get; init; } = true;

    /// <summary>Called periodically with the number of bytes read so far.</summary>
    public Action<ulong>? Progress { get; init; }

    /// <summary>Ends the check early.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>One inconsistency, or a fact worth knowing.</summary>
public sealed record FsckFinding
{
    /// <summary>The severity.</summary>
    public required FsckSeverity Severity { get; init; }

    /// <summary>The kind of finding.</summary>
    public required FsckCode Code { get; init; }

    /// <summary>A description with the value found and the value expected.</summary>
    public required string Text { get; init; }

    /// <summary>The device and the offset on it, or the device alone.</summary>
    public required string Location { get; init; }

    /// <summary>The address in the address space of the filesystem, 0 when it does not apply.</summary>
    public ulong Address { get; init; }

    /// <summary>Key of the PFS, 0 for none.</summary>
    public ulong PfsKey { get; init; }

    /// <summary>Label of that PFS, null for none or when its root cannot be read.</summary>
    public string? Label { get; init; }

    /// <summary>The inode that it concerns, 0 for none.</summary>
    public ulong Inum { get; init; }

    /// <summary>The key of the reference, entry or segment; 0 when it does not apply.</summary>
    public ulong Key { get; init; }

    /// <summary>A path of that inode from the root of its PFS, as stored bytes; null when there is none.</summary>
    public byte[]? Path { get; internal set; }

    /// <summary>True when findings of this kind can be repaired.</summary>
    public bool IsRepairable => RepairPlan.MayRepair(Code)
        && (Severity != FsckSeverity.Note || Code == FsckCode.InodeUnlinked);

    /// <summary>One line: severity, code, PFS and path, text, location.</summary>
    public override string ToString()
    {
        var line = new StringBuilder();
        _ = line.Append(CultureInfo.InvariantCulture, $"{Severity} {Code}: ");
        if (Label is not null) _ = line.Append(Label).Append(": ");
        if (Path is not null) _ = line.Append(ByteText.Decode(Path)).Append(": ");
        return line.Append(Text).Append(" (").Append(Location).Append(')').ToString();
    }
}

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
