// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Tool.Extract;

/// <summary>Something that is not, or not wholly, in the target.</summary>
/// <param name="Path">Bytes, from the root of the PFS.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Lost">The bytes that are missing, when only some are.</param>
internal sealed record ExtractFault(byte[] Path, string Reason, IReadOnlyList<LostRange> Lost);

/// <summary>What an extraction did.</summary>
internal sealed class ExtractResult
{
    /// <summary>Faults listed; more are counted.</summary>
    public const int ListedMax = 100_000;

    private readonly List<ExtractFault> _damaged = [];
    private readonly List<ExtractFault> _failed = [];

    /// <summary>What could not be read from the volume.</summary>
    public IReadOnlyList<ExtractFault> Damaged => _damaged;

    /// <summary>What could be read and not be made.</summary>
    public IReadOnlyList<ExtractFault> Failed => _failed;

    /// <summary>How many damaged objects there are, listed or not.</summary>
    public long DamagedTotal { get; private set; }

    /// <summary>How many objects could not be made, listed or not.</summary>
    public long FailedTotal { get; private set; }

    public long Files { get; set; }

    public long Directories { get; set; }

    public long Links { get; set; }

    public long HardLinks { get; set; }

    public long Specials { get; set; }

    /// <summary>Files that an earlier run had finished.</summary>
    public long Present { get; set; }

    /// <summary>Bytes of data copied, holes not counted.</summary>
    public ulong Bytes { get; set; }

    /// <summary>All objects met.</summary>
    public long Objects => Files + Directories + Links + HardLinks + Specials + Present + DamagedTotal + FailedTotal;

    public void AddDamaged(byte[] path, string reason, IReadOnlyList<LostRange>? lost = null)
    {
        DamagedTotal++;
        if (_damaged.Count < ListedMax) _damaged.Add(new ExtractFault(path, reason, lost is null ? [] : [.. lost]));
    }

    public void AddFailed(byte[] path, string reason)
    {
        FailedTotal++;
        if (_failed.Count < ListedMax) _failed.Add(new ExtractFault(path, reason, []));
    }
}
