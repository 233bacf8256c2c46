// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Tool.Output;
using Hammer2.Tool.Populate;

namespace Hammer2.Tool.Newfs;

/// <summary>The progress of newfs, as text and as a bar.</summary>
internal static class NewfsProgressText
{
    /// <summary>Describes the state after an interruption while filesystems are made one after the other.</summary>
    /// <param name="names">The devices of each.</param>
    /// <param name="made">Number of complete ones.</param>
    public static string WhileMaking(IReadOnlyList<string> names, int made)
    {
        if (made == names.Count) return $"{string.Join(", ", names)}: the filesystem is complete and empty";
        string complete = made == 0 ? "" : $"; complete: {string.Join(", ", names.Take(made))}";
        string untouched = names.Count - made < 2 ? "" : $"; not started: {string.Join(", ", names.Skip(made + 1))}";
        return $"{names[made]}: there is no filesystem, and previous content may be lost{complete}{untouched}";
    }

    /// <summary>Describes the state after an interruption while a filesystem is populated.</summary>
    /// <param name="name">The devices.</param>
    /// <param name="durableObjects">Number of objects in the last commit.</param>
    /// <param name="metObjects">Number of objects processed.</param>
    public static string WhilePopulating(string name, long durableObjects, long metObjects) => durableObjects == 0
        ? $"{name}: the filesystem is complete but empty: no files were copied durably"
        : $"{name}: the filesystem is complete and has the first {durableObjects} objects of the source; "
            + $"{metObjects - durableObjects} that were copied after them and all others are missing";

    /// <summary>The progress line: the share of the bytes, or of the objects when there are no bytes.</summary>
    public static string Line(PopulateResult now, PopulateSize expected)
    {
        double share = expected.Bytes > 0 ? (double)now.PassedBytes / expected.Bytes
            : expected.Objects > 0 ? (double)now.Objects / expected.Objects : 0;
        return $"newfs: {ProgressLine.Bar(share)} {ByteUnits.Format(now.PassedBytes, ByteUnit.Iec)} of "
            + $"{ByteUnits.Format(expected.Bytes, ByteUnit.Iec)}, {now.Objects} of {expected.Objects} objects";
    }
}
