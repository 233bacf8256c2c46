// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Admin.Newfs;
using Hammer2.Devices;

namespace Hammer2.Testing;

/// <summary>
/// New filesystems for tests, of any size and number of nodes and volumes, in memory or in files. The same seed gives
/// the same bytes.
/// </summary>
public static class NewVolume
{
    /// <summary>The label of the PFS beside LOCAL.</summary>
    public const string Label = "DATA";

    /// <summary>The label of the PFS that all nodes of a cluster share.</summary>
    public const string ClusterLabel = "CL";

    /// <summary>The default size: small, with one header copy.</summary>
    public const long UsualBytes = 512L << 20;

    /// <summary>The time of all of them: 2026-01-01, in microseconds.</summary>
    public const ulong Time = 1_767_225_600_000_000;

    /// <summary>A filesystem on one device in memory.</summary>
    public static MemoryBlockDevice InMemory(long lengthBytes = UsualBytes, ulong seed = 1)
    {
        var device = new MemoryBlockDevice(lengthBytes, "new");
        Format([device], Describe(seed));
        return device;
    }

    /// <summary>A filesystem of several volumes in memory.</summary>
    public static MemoryBlockDevice[] VolumesInMemory(ulong seed, params long[] lengths)
    {
        MemoryBlockDevice[] devices = [.. lengths.Select((bytes, i) => new MemoryBlockDevice(bytes, $"v{i}"))];
        Format(devices, Describe(seed));
        return devices;
    }

    /// <summary>The nodes of one cluster, each on a device in memory.</summary>
    public static MemoryBlockDevice[] ClusterInMemory(int nodes, long lengthBytes = UsualBytes, ulong seed = 1)
    {
        var devices = new MemoryBlockDevice[nodes];
        for (int node = 0; node < nodes; node++)
        {
            devices[node] = new MemoryBlockDevice(lengthBytes, $"n{node}");
            Format([devices[node]], Describe(seed, node, nodes));
        }
        return devices;
    }

    /// <summary>A filesystem on one device for one node, else the nodes of one cluster.</summary>
    public static MemoryBlockDevice[] NodesInMemory(int nodes, long lengthBytes = UsualBytes, ulong seed = 1) =>
        nodes == 1 ? [InMemory(lengthBytes, seed)] : ClusterInMemory(nodes, lengthBytes, seed);

    /// <summary>A filesystem in a new sparse file.</summary>
    public static void InFile(string path, long lengthBytes = UsualBytes, ulong seed = 1) =>
        InFile(path, lengthBytes, Describe(seed));

    /// <summary>The nodes of one cluster in new sparse files.</summary>
    public static void ClusterInFiles(IReadOnlyList<string> paths, long lengthBytes = UsualBytes, ulong seed = 1)
    {
        for (int node = 0; node < paths.Count; node++)
            InFile(paths[node], lengthBytes, Describe(seed, node, paths.Count));
    }

    /// <summary>Makes a filesystem on devices with any content.</summary>
    public static void Format(IReadOnlyList<IBlockDevice> devices, NewFilesystem wanted)
    {
        if (FilesystemWriter.Make(wanted, devices) is { } failure)
            throw new InvalidOperationException(failure.ToString());
    }

    /// <summary>The parameters for <see cref="Format"/>: the PFSs LOCAL, and DATA or that of the cluster.</summary>
    /// <param name="seed">Seed of all ids.</param>
    /// <param name="node">Number of the node.</param>
    /// <param name="nodes">Number of nodes; with one there is no cluster.</param>
    public static NewFilesystem Describe(ulong seed, int node = 0, int nodes = 1)
    {
        var ids = new NewfsIdentities(new Guid((int)seed, (short)(seed >> 32), (short)(seed >> 48), new byte[8]));
        NewPfs shared = nodes == 1
            ? new NewPfs(Label, ids.ClusterOf(node, Label), ids.NodeOf(node, Label))
            : new NewPfs(ClusterLabel, ids.SharedClusterOf(ClusterLabel), ids.NodeOf(node, ClusterLabel))
            {
                Masters = nodes,
            };
        return new NewFilesystem
        {
            Pfses =
            [
                new NewPfs(NewPfs.LocalLabel, ids.ClusterOf(node, NewPfs.LocalLabel),
                    ids.NodeOf(node, NewPfs.LocalLabel)),
                shared,
            ],
            FilesystemId = ids.FilesystemOf(node),
            SuperClusterId = ids.SuperClusterOf(node),
            SuperNodeId = ids.SuperNodeOf(node),
            Time = Time,
        };
    }

    private static void InFile(string path, long lengthBytes, NewFilesystem wanted)
    {
        using (FileStream file = File.Create(path)) file.SetLength(lengthBytes);
        using FileBlockDevice device = FileBlockDevice.Open(path);
        Format([device], wanted);
    }
}
