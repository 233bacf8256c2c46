// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Tool.Populate;

/// <summary>A file of the source that is not, or not wholly, in the new filesystem.</summary>
/// <param name="Path">Bytes, below the source.</param>
/// <param name="Reason">What was wrong.</param>
internal sealed record PopulateFault(byte[] Path, string Reason);

/// <summary>What a filling did.</summary>
internal sealed class PopulateResult
{
    /// <summary>Faults listed; more are counted.</summary>
    public const int ListedMax = 100_000;

    private readonly List<PopulateFault> _faults = [];
    private readonly SortedDictionary<string, long> _lostAttributes = new(StringComparer.Ordinal);

    public IReadOnlyList<PopulateFault> Faults => _faults;

    /// <summary>How many files could not be taken over, listed or not.</summary>
    public long FaultsTotal { get; private set; }

    /// <summary>Extended attributes, for which the format has no place, with how many files have them.</summary>
    public IReadOnlyDictionary<string, long> LostAttributes => _lostAttributes;

    public long Files { get; set; }

    public long Directories { get; set; }

    public long Links { get; set; }

    public long HardLinks { get; set; }

    public long Specials { get; set; }

    /// <summary>Bytes of data copied, holes not counted.</summary>
    public ulong Bytes { get; set; }

    /// <summary>Bytes of files gone through, holes counted.</summary>
    public ulong PassedBytes { get; set; }

    /// <summary>All objects met.</summary>
    public long Objects => Files + Directories + Links + HardLinks + Specials + FaultsTotal;

    /// <summary>Why the filling ended early; null when it did not.</summary>
    public string? Stopped { get; set; }

    public void AddFault(byte[] path, string reason)
    {
        FaultsTotal++;
        if (_faults.Count < ListedMax) _faults.Add(new PopulateFault(path, reason));
    }

    public void AddLostAttribute(string name) =>
        _lostAttributes[name] = _lostAttributes.GetValueOrDefault(name) + 1;
}
