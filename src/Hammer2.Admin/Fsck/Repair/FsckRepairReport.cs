// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck.Repair;

/// <summary>The result of a repair.</summary>
public sealed class FsckRepairReport
{
    /// <summary>The check before anything was written.</summary>
    public required FsckReport Before { get; init; }

    /// <summary>The check after the last write; the first one when nothing was written.</summary>
    public required FsckReport After { get; init; }

    /// <summary>The repairs made, one sentence each, in order.</summary>
    public required IReadOnlyList<string> Done { get; init; }

    /// <summary>The error that ended the repair early: that of a device, or NoSpace. None when it did not end
    /// early.</summary>
    public required Hammer2Error Error { get; init; }

    /// <summary>Number of commits.</summary>
    public required int Commits { get; init; }

    /// <summary>True when anything was written.</summary>
    public bool HasChanged => Commits > 0 || Done.Count > 0;
}
