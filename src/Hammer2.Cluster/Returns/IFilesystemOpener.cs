// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Devices;

namespace Hammer2.Cluster.Returns;

/// <summary>Opens the filesystems of nodes that return.</summary>
internal interface IFilesystemOpener
{
    /// <summary>Opens a filesystem for a PFS that is in use, or shares it with others.</summary>
    /// <param name="user">The PFS.</param>
    /// <param name="paths">Its volumes.</param>
    /// <param name="access">How they are opened.</param>
    /// <exception cref="MediaException">It cannot be opened.</exception>
    OpenFilesystem OpenFor(ClusterMount user, IReadOnlyList<string> paths, ReturnAccess access);

    /// <summary>True when another PFS uses it, too.</summary>
    bool IsShared(OpenFilesystem filesystem);

    /// <summary>Ends that use.</summary>
    void EndUse(ClusterMount user, OpenFilesystem filesystem);

    /// <summary>Claims a PFS that no mount of this process uses: what shows it for reading lets go of it, and does not
    /// show it until the claim ends.</summary>
    /// <returns>To be disposed of; null when it is in use.</returns>
    IDisposable? TryClaim(PfsEntry pfs);

    /// <summary>Has a filesystem whose device was fenced read from its devices anew, for all that use it.</summary>
    /// <param name="filesystem">The filesystem.</param>
    /// <param name="before">Its reading that is given up; when another one is in use, nothing is done.</param>
    /// <param name="access">How its devices are opened, when the open ones do not answer.</param>
    /// <returns>False when a write of the past is still under way.</returns>
    /// <exception cref="MediaException">The devices do not answer, or hold another filesystem.</exception>
    bool TryReadAnew(OpenFilesystem filesystem, MediaDevice before, ReturnAccess access);
}
