// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Fuse.Trees;

/// <summary>Why a mounted PFS could not be rolled back, in words.</summary>
internal static class LiveRollbackText
{
    /// <summary>Inode numbers leave no room for the number of the tree.</summary>
    public const string NumbersTooGreat =
        "the PFS is mounted, and its inode numbers are too great for a rollback while it is mounted; unmount it first";

    /// <summary>It was unmounted and is being closed.</summary>
    public const string Ending = "the PFS was unmounted a moment ago and is being closed; try again";

    /// <summary>Files are open for writing.</summary>
    public static string OpenFiles(int total) => total == 0
        ? "the PFS was rolled back too often since it was mounted; unmount it first"
        : "the PFS is mounted, and " + (total == 1
            ? "1 file on it is open for writing; close it, or use force, which makes it fail with ESTALE"
            : string.Create(CultureInfo.InvariantCulture, $"{total} files on it are open for writing; close them, or ")
                + "use force, which makes them fail with ESTALE");

    /// <summary>Other filesystems are mounted on directories of it.</summary>
    public static string MountsBelow(int total) => "the PFS is mounted, and " + (total == 1
        ? "1 filesystem is mounted below it; unmount that first"
        : string.Create(
            CultureInfo.InvariantCulture, $"{total} filesystems are mounted below it; unmount them first"));
}
