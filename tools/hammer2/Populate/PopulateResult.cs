// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Linux.Text;

namespace Hammer2.Tool.Populate;

/// <summary>A file of the source that is missing or incomplete in the new filesystem.</summary>
/// <param name="Path">Path below the source, as bytes.</param>
/// <param name="Reason">The fault.</param>
internal sealed record PopulateFault(byte[] Path, string Reason);

/// <summary>The result of populating a filesystem.</summary>
internal sealed class PopulateResult
{
    /// <summary>Maximum number of listed faults; further ones are only counted.</summary>
    public const int ListedMax = 100_000;

    private readonly List<PopulateFault> _faults = [];
    private readonly SortedDictionary<string, long> _lostAttributes = new(StringComparer.Ordinal);

    public IReadOnlyList<PopulateFault> Faults => _faults;

    /// <summary>Number of files that could not be copied, listed or not.</summary>
    public long FaultsTotal { get; private set; }

    /// <summary>Names of extended attributes that cannot be stored, with the number of files that have them.</summary>
    public IReadOnlyDictionary<string, long> LostAttributes => _lostAttributes;

    public long Files { get; set; }

    public long Directories { get; set; }

    public long Links { get; set; }

    public long HardLinks { get; set; }

    public long Specials { get; set; }

    /// <summary>Bytes of data copied, holes not counted.</summary>
    public ulong Bytes { get; set; }

    /// <summary>Bytes of files processed, including holes.</summary>
    public ulong PassedBytes { get; set; }

    /// <summary>Number of all objects found.</summary>
    public long Objects => Files + Directories + Links + HardLinks + Specials + FaultsTotal;

    /// <summary>The reason for which it ended early; null when it did not.</summary>
    public string? Stopped { get; set; }

    public void AddFault(byte[] path, string reason)
    {
        FaultsTotal++;
        if (_faults.Count < ListedMax) _faults.Add(new PopulateFault(path, reason));
    }

    public void AddLostAttribute(byte[] name)
    {
        string text = ByteText.Decode(name);
        _lostAttributes[text] = _lostAttributes.GetValueOrDefault(text) + 1;
    }
}
