// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>A PFS that is written: it allocates blocks on one or several devices and commits them.</summary>
public interface IMediaClient
{
    /// <summary>The PFS, for messages.</summary>
    string Label { get; }

    /// <summary>Forgets every block that it might share again (candidates of deduplication), and then commits
    /// everything that is dirty. When this returns None, each block that the client allocated before the call, on a
    /// device that is not fenced, is led to by the last header there, or not needed.</summary>
    /// <returns>None; what kept it from committing.</returns>
    /// <remarks>Entry: locks up to rank 6 are held. The client enters a <see cref="CommitTurn"/>. It must not run
    /// bulkfree.</remarks>
    Hammer2Error CommitForReclaim();
}
