// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Cluster.Returns;
using Hammer2.Devices;
using Microsoft.Extensions.Logging;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>Finds simulated devices by their names; all else is done as for other devices.</summary>
internal sealed class SimulationOpener(OpenFilesystems filesystems, IReadOnlyList<SimulatedNode> nodes)
    : IFilesystemOpener
{
    private IFilesystemOpener Usual => filesystems;

    public OpenFilesystem OpenFor(ClusterMount user, IReadOnlyList<string> paths, ReturnAccess access)
    {
        SimulatedDisk disk = nodes.Single(node => node.Name == paths[0]).Disk;
        VolumeSet volumes = VolumeSet.Open([disk], new VolumeSetOptions(IsReadOnly: false));
        foreach (OpenFilesystem known in user.Filesystems)
            if (known.Volumes.FilesystemId == volumes.FilesystemId)
                throw new DeviceBusyException(paths[0], "is in use");
        var filesystem = new OpenFilesystem(
            new MediaDevice(volumes, filesystems.Caches, access.Loggers.CreateLogger<MediaDevice>()), []);
        user.Add(filesystem);
        return filesystem;
    }

    public bool IsShared(OpenFilesystem filesystem) => Usual.IsShared(filesystem);

    public void EndUse(ClusterMount user, OpenFilesystem filesystem) => Usual.EndUse(user, filesystem);

    public IDisposable? TryClaim(PfsEntry pfs) => Usual.TryClaim(pfs);

    public bool TryReadAnew(OpenFilesystem filesystem, MediaDevice before, ReturnAccess access) =>
        Usual.TryReadAnew(filesystem, before, access);
}
