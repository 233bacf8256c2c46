// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Linux.Text;

namespace Hammer2.Tool.Extract;

/// <summary>An object that is missing or incomplete in the target.</summary>
/// <param name="Path">Bytes, from the root of the PFS.</param>
/// <param name="Reason">The fault.</param>
/// <param name="Lost">The missing bytes, when only some are missing.</param>
internal sealed record ExtractFault(byte[] Path, string Reason, IReadOnlyList<LostRange> Lost);

/// <summary>The result of an extraction.</summary>
internal sealed class ExtractResult
{
    /// <summary>Maximum number of listed faults; further ones are only counted.</summary>
    public const int ListedMax = 100_000;

    private readonly List<ExtractFault> _damaged = [];
    private readonly List<ExtractFault> _failed = [];
    private readonly SortedDictionary<string, long> _lostAttributes = new(StringComparer.Ordinal);

    /// <summary>Objects that could not be read completely from the volume.</summary>
    public IReadOnlyList<ExtractFault> Damaged => _damaged;

    /// <summary>Objects that could be read but not created.</summary>
    public IReadOnlyList<ExtractFault> Failed => _failed;

    /// <summary>Number of damaged objects, listed or not.</summary>
    public long DamagedTotal { get; private set; }

    /// <summary>Number of objects that could not be created, listed or not.</summary>
    public long FailedTotal { get; private set; }

    /// <summary>Names of extended attributes that the target does not take, with the number of objects that have
    /// them.</summary>
    public IReadOnlyDictionary<string, long> LostAttributes => _lostAttributes;

    public long Files { get; set; }

    public long Directories { get; set; }

    public long Links { get; set; }

    public long HardLinks { get; set; }

    public long Specials { get; set; }

    /// <summary>Number of files that an earlier run had completed.</summary>
    public long Present { get; set; }

    /// <summary>Bytes of data copied, holes not counted.</summary>
    public ulong Bytes { get; set; }

    /// <summary>Number of all objects found.</summary>
    public long Objects => Files + Directories + Links + HardLinks + Specials + Present + DamagedTotal + FailedTotal;

    public void AddDamaged(byte[] path, string reason, IReadOnlyList<LostRange>? lost = null)
    {
        DamagedTotal++;
        if (_damaged.Count < ListedMax) _damaged.Add(new ExtractFault(path, reason, lost is null ? [] : [.. lost]));
    }

    public void AddLostAttribute(byte[] name)
    {
        string text = ByteText.Decode(name);
        _lostAttributes[text] = _lostAttributes.GetValueOrDefault(text) + 1;
    }

    public void AddFailed(byte[] path, string reason)
    {
        FailedTotal++;
        if (_failed.Count < ListedMax) _failed.Add(new ExtractFault(path, reason, []));
    }
}
