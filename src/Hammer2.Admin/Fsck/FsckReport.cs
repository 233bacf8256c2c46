// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Threading;
using Linux.Text;

namespace Hammer2.Admin;

/// <summary>How much a finding matters.</summary>
public enum FsckSeverity
{
    /// <summary>Legal, and worth knowing: space that bulkfree gives back, a file that was open when power failed.</summary>
    Note,

    /// <summary>Inconsistent, yet nothing is lost: a count that is off, an object without a name.</summary>
    Warning,

    /// <summary>Damage: something is lost, or the next write may lose something.</summary>
    Error,
}

/// <summary>How a check is done.</summary>
public sealed record FsckOptions
{
    /// <summary>How many findings are listed; the others are counted.</summary>
    public int FindingsMax { get; init; } = 10_000;

    /// <summary>False leaves file data unread: everything else is checked, in a fraction of the time.</summary>
    public bool ReadsData { get; init; } = true;

    /// <summary>Called now and then with the bytes read so far.</summary>
    public Action<ulong>? Progress { get; init; }

    /// <summary>Ends the check early.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>One thing that is not as it should be, or worth knowing.</summary>
public sealed record FsckFinding
{
    /// <summary>How much it matters.</summary>
    public required FsckSeverity Severity { get; init; }

    /// <summary>What kind of finding.</summary>
    public required FsckCode Code { get; init; }

    /// <summary>What exactly, with what was found and what was expected.</summary>
    public required string Text { get; init; }

    /// <summary>Device and byte on it, or the device alone.</summary>
    public required string Place { get; init; }

    /// <summary>Where in the address space of the filesystem, 0 where that says nothing.</summary>
    public ulong Address { get; init; }

    /// <summary>Key of the PFS it belongs to, 0 when it belongs to none.</summary>
    public ulong PfsKey { get; init; }

    /// <summary>Label of that PFS, null when it belongs to none or its root cannot be read.</summary>
    public string? Label { get; init; }

    /// <summary>The inode it concerns or lies below, 0 for none.</summary>
    public ulong Inum { get; init; }

    /// <summary>The key of the reference, entry or segment; 0 where that says nothing.</summary>
    public ulong Key { get; init; }

    /// <summary>A path of that inode from the root of its PFS, in bytes as stored; null when none leads to it.</summary>
    public byte[]? Path { get; internal set; }

    /// <summary>True when a repair knows what to do about findings of this kind.</summary>
    public bool IsRepairable => RepairPlan.MayRepair(Code)
        && (Severity != FsckSeverity.Note || Code == FsckCode.InodeUnlinked);

    /// <summary>One line: severity, code, PFS and path, text, place.</summary>
    public override string ToString()
    {
        var line = new StringBuilder();
        _ = line.Append(CultureInfo.InvariantCulture, $"{Severity} {Code}: ");
        if (Label is not null) _ = line.Append(Label).Append(": ");
        if (Path is not null) _ = line.Append(ByteText.Decode(Path)).Append(": ");
        return line.Append(Text).Append(" (").Append(Place).Append(')').ToString();
    }
}

/// <summary>What a check read and what it found.</summary>
public sealed class FsckReport
{
    private readonly SortedDictionary<FsckCode, long> _totals = [];
    private readonly long[] _bySeverity = new long[(int)FsckSeverity.Error + 1];

    /// <summary>Findings, the worst first and then in the order in which they were met.</summary>
    public IReadOnlyList<FsckFinding> Findings { get; internal set; } = [];

    /// <summary>How many findings there are of each code, listed or not.</summary>
    public IReadOnlyDictionary<FsckCode, long> Totals => _totals;

    /// <summary>Number of findings that are damage.</summary>
    public long Errors => _bySeverity[(int)FsckSeverity.Error];

    /// <summary>Number of inconsistencies without loss.</summary>
    public long Warnings => _bySeverity[(int)FsckSeverity.Warning];

    /// <summary>Number of remarks.</summary>
    public long Notes => _bySeverity[(int)FsckSeverity.Note];

    /// <summary>True when there are neither errors nor warnings.</summary>
    public bool IsClean => Errors == 0 && Warnings == 0;

    /// <summary>Number of PFSs whose root was read.</summary>
    public long Pfses { get; internal set; }

    /// <summary>Inodes of all PFSs; what snapshots share counts in each.</summary>
    public long Inodes { get; internal set; }

    /// <summary>Directory entries of all PFSs; what snapshots share counts in each.</summary>
    public long Entries { get; internal set; }

    /// <summary>Different indirect blocks.</summary>
    public long Indirects { get; internal set; }

    /// <summary>Different blocks of file data.</summary>
    public long DataBlocks { get; internal set; }

    /// <summary>Freemap blocks.</summary>
    public long FreemapBlocks { get; internal set; }

    /// <summary>Bytes read from the devices.</summary>
    public ulong BytesRead { get; internal set; }

    /// <summary>Bytes of the different blocks that can be reached, without headers and freemap.</summary>
    public ulong BytesReachable { get; internal set; }

    /// <summary>Bytes marked in use or staged that nothing leads to; bulkfree gives them back.</summary>
    public ulong BytesLeaked { get; internal set; }

    /// <summary>All findings, a line each, for a message of a test.</summary>
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
