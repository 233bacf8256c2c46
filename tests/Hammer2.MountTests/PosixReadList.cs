// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;

namespace Hammer2.MountTests;

/// <summary>
/// What Linux programs may expect of a read-only filesystem. The list is run on a HAMMER2 mount and, as its
/// control, on tmpfs with the same tree: an expectation that tmpfs does not meet was wrong.
/// </summary>
internal static partial class PosixReadList
{
    /// <summary>Everything, by concern.</summary>
    internal static IReadOnlyList<PosixBehaviour<PosixTree>> All { get; } =
        [.. Attributes, .. Names, .. Directories, .. Data, .. Holes, .. Refusals, .. KernelServices];

    /// <summary>Finds a behaviour by its sentence.</summary>
    internal static PosixBehaviour<PosixTree> Find(string sentence) => PosixExpectations.Find(All, sentence);
}
