// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Admin;

/// <summary>Limits of a verification, and its callbacks.</summary>
public sealed record VerifyOptions
{
    /// <summary>Maximum number of listed damaged blocks; further ones are only counted.</summary>
    public int FaultsMax { get; init; } = 10_000;

    /// <summary>Maximum number of listed paths for one damaged block; further ones are only counted.</summary>
    public int PathsMax { get; init; } = 100;

    /// <summary>Called periodically with the number of bytes read so far.</summary>
    public Action<ulong>? Progress { get; init; }

    /// <summary>Ends the verification early.</summary>
    public CancellationToken Cancellation { get; init; }
}
