// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse;

/// <summary>The values of the mount option resync-snapshots.</summary>
internal static class ResyncSnapshotsText
{
    /// <summary>All of them, for messages.</summary>
    public const string All = "keep, delete";

    /// <summary>Whether a value lets snapshots be deleted; null for one that is none.</summary>
    public static bool? Parse(string? value) => value switch
    {
        "keep" => false,
        "delete" => true,
        _ => null,
    };

    /// <summary>The value of a setting.</summary>
    public static string Of(bool mayDelete) => mayDelete ? "delete" : "keep";
}
