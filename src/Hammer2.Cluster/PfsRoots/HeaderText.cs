// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Why the state below an older volume header cannot be used, in words.</summary>
internal static class HeaderText
{
    /// <summary>It was not found on a node.</summary>
    public static string? NotFound(Hammer2Error error, string node, int copyIndex) => error switch
    {
        Hammer2Error.None => null,
        Hammer2Error.NoEntry => string.Create(CultureInfo.InvariantCulture,
            $"{node}: header {copyIndex} is no valid older one, or has no such PFS, or none of its commit is here"),
        _ => string.Create(CultureInfo.InvariantCulture,
            $"{node}: what header {copyIndex} leads to cannot be read any more ({error})"),
    };

    /// <summary>Its root is the one of now.</summary>
    public static string IsPresent(int copyIndex) => string.Create(
        CultureInfo.InvariantCulture, $"header {copyIndex} has the PFS as it is now");

    /// <summary>A block of it is not what it was.</summary>
    /// <param name="error">What was met.</param>
    /// <param name="node">The node; null when the fault names the device.</param>
    /// <param name="copyIndex">The header, where it is known.</param>
    /// <param name="fault">Where it was met; null when that is not known.</param>
    public static string? NotIntact(Hammer2Error error, string? node, int? copyIndex, string? fault)
    {
        if (error is Hammer2Error.None or Hammer2Error.Interrupted) return null;
        if (error == Hammer2Error.Busy) return "too many commits are kept at present; try again later";
        string which = copyIndex is { } index
            ? string.Create(CultureInfo.InvariantCulture, $"header {index}") : "the older header";
        string place = fault ?? (node is null ? error.ToString() : $"{node}: {error}");
        return $"what {which} leads to is not intact any more: blocks were freed and used again: {place}";
    }
}
