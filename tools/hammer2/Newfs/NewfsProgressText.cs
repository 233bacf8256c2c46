// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Tool.Output;
using Hammer2.Tool.Populate;

namespace Hammer2.Tool.Newfs;

/// <summary>How far newfs is, in words and as a bar.</summary>
internal static class NewfsProgressText
{
    /// <summary>What an interruption leaves while filesystems are made one after the other.</summary>
    /// <param name="names">The devices of each.</param>
    /// <param name="made">How many are complete.</param>
    public static string WhileMaking(IReadOnlyList<string> names, int made)
    {
        if (made == names.Count) return $"{string.Join(", ", names)}: the filesystem is complete and empty";
        string complete = made == 0 ? "" : $"; complete: {string.Join(", ", names.Take(made))}";
        string untouched = names.Count - made < 2 ? "" : $"; not begun: {string.Join(", ", names.Skip(made + 1))}";
        return $"{names[made]}: no filesystem is there, and what was there before may be gone{complete}{untouched}";
    }

    /// <summary>What an interruption leaves while a filesystem is filled.</summary>
    /// <param name="name">Its devices.</param>
    /// <param name="durableObjects">Objects that the last commit has.</param>
    /// <param name="metObjects">Objects that were gone through.</param>
    public static string WhileFilling(string name, long durableObjects, long metObjects) => durableObjects == 0
        ? $"{name}: the filesystem is complete, and empty: none of the files is in it"
        : $"{name}: the filesystem is complete, with the first {durableObjects} objects of the source in it; "
            + $"{metObjects - durableObjects} that were copied after them and all others are not";

    /// <summary>The line of progress: the share of the bytes, or of the objects where there are no bytes.</summary>
    public static string Line(PopulateResult now, PopulateSize expected)
    {
        double share = expected.Bytes > 0 ? (double)now.PassedBytes / expected.Bytes
            : expected.Objects > 0 ? (double)now.Objects / expected.Objects : 0;
        return $"newfs: {ProgressLine.Bar(share)} {ByteUnits.Format(now.PassedBytes, ByteUnit.Iec)} of "
            + $"{ByteUnits.Format(expected.Bytes, ByteUnit.Iec)}, {now.Objects} of {expected.Objects} objects";
    }
}
