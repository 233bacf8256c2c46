// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>Knows what a process uses of the PFSs beside the mounted one.</summary>
/// <remarks>Called by threads of resynchronizations, with no lock held; must not wait for anything that may wait for
/// the end of one.</remarks>
public interface ISnapshotUse
{
    /// <summary>Runs a body while nothing else changes the list of PFSs, and no PFS is being mounted.</summary>
    /// <returns>What the body answers; Busy without having run it, when something of this kind is under way.</returns>
    Hammer2Error TryAlone(Func<Hammer2Error> body);

    /// <summary>Has nothing use a PFS until the result is disposed of.</summary>
    /// <param name="pfs">A node of it.</param>
    /// <returns>Null when it is mounted or being received, or files in it are open.</returns>
    IDisposable? TryClaim(PfsEntry pfs);
}
