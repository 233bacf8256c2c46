// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Admin.Recovery;

/// <summary>What a search for deleted objects looks for, and how much memory it may use.</summary>
public sealed record UndeleteOptions
{
    /// <summary>Default of <see cref="RecordsMax"/>.</summary>
    public const int RecordsUsual = 400_000;

    /// <summary>True to find all versions of all objects, existing ones too; false to find deleted objects, the best
    /// version of each.</summary>
    public bool IncludesAll { get; init; }

    /// <summary>True to trust references whose check method stores no code. What they lead to is not proven.</summary>
    public bool IsRelaxed { get; init; }

    /// <summary>True to leave out reading the file data; its state is not known then.</summary>
    public bool SkipsData { get; init; }

    /// <summary>How many versions of inodes, and how many names, are remembered at a time, at least 16. When there are
    /// more, the media are scanned again for the next range of inode numbers. About 450 bytes each.</summary>
    public int RecordsMax { get; init; } = RecordsUsual;

    /// <summary>Chooses objects before their data is read; null for all.</summary>
    public Func<RecoveredObject, bool>? Wants { get; init; }

    /// <summary>Called after each MiB of a scan.</summary>
    public Action<UndeleteProgress>? Progress { get; init; }

    /// <summary>Ends the search.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>How far a search is.</summary>
/// <param name="Pass">Number of the scan, from 1.</param>
/// <param name="ScannedBytes">Bytes scanned in it.</param>
/// <param name="TotalBytes">Bytes of a scan.</param>
/// <param name="Versions">Versions of inodes found in it.</param>
public readonly record struct UndeleteProgress(int Pass, ulong ScannedBytes, ulong TotalBytes, long Versions);
