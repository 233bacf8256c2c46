// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Admin.MetaImage;

/// <summary>What an image of metadata contains.</summary>
public sealed record MetaImageOptions
{
    /// <summary>True to replace names in directories; labels of PFSs stay.</summary>
    public bool ScramblesNames { get; init; }

    /// <summary>Chooses the names that replace others; the same seed gives the same image.</summary>
    public ulong Seed { get; init; }

    /// <summary>Called now and then with the number of blocks that were written.</summary>
    public Action<long>? Progress { get; init; }

    /// <summary>Ends the copy.</summary>
    public CancellationToken Cancellation { get; init; }
}
