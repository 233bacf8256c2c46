// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>Blocks of a node that go bad without a word.</summary>
internal static class DamagedBlocks
{
    /// <summary>Spoils some blocks of the cluster's PFS on a node.</summary>
    /// <returns>False when it has none.</returns>
    public static bool Spoil(SimulatedCluster cluster, SimulatedNode node, int count)
    {
        bool wasQuiet = cluster.IsQuiet;
        cluster.IsQuiet = true;
        try
        {
            using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(node.Disk)]);
            MapBlock[] blocks = [.. MediaMap.Read(volumes).Blocks.Where(block => block.IsProtected
                && block.Type is BlockrefType.Inode or BlockrefType.Indirect or BlockrefType.Data or BlockrefType.Dirent
                && block.Objects.All(one => one.Pfs == NewVolume.ClusterLabel)
                && !(block.Type == BlockrefType.Inode && block.Objects.Any(one => one.Inum == Media.PfsRootInum)))];
            if (blocks.Length == 0) return false;
            cluster.Damage(node);
            for (int i = 0; i < count; i++)
            {
                MapBlock block = cluster.Random.Pick<MapBlock>(blocks);
                cluster.Say($"{node.Name}: {block.Type} at 0x{block.Address:x} goes bad");
                node.Disk.Spoil(
                    (long)block.Address + cluster.Random.Below(block.SizeBytes), (byte)(1 + cluster.Random.Below(255)));
            }
            return true;
        }
        catch (Exception failure) when (failure is MediaException
            || (failure is InvalidOperationException && node.IsDamaged))
        {
            // Nothing that can be read, and so nothing to be spoiled; or it was spoiled before, and leads nowhere.
            return false;
        }
        finally
        {
            cluster.IsQuiet = wasQuiet;
        }
    }
}
