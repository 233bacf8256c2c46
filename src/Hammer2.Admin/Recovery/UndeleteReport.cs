// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Admin.Recovery;

/// <summary>The totals of a search for deleted objects.</summary>
public sealed class UndeleteReport
{
    /// <summary>Objects that were passed on, or versions when all were asked for.</summary>
    public long Found { get; internal set; }

    /// <summary>Of these, with all their data.</summary>
    public long Whole { get; internal set; }

    /// <summary>Of these, with data missing.</summary>
    public long Damaged { get; internal set; }

    /// <summary>Number of scans.</summary>
    public int Passes { get; internal set; }

    /// <summary>Bytes of a scan.</summary>
    public ulong ScannedBytes { get; internal set; }

    /// <summary>Bytes that the devices could not read.</summary>
    public ulong UnreadableBytes { get; internal set; }

    /// <summary>Versions that were left out: one object has more than may be in memory.</summary>
    public long ForgottenVersions { get; internal set; }
}
