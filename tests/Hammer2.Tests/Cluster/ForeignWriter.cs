// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Trees;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>Commits to one node as a writer does that knows no stamps: its number goes up, the stamp
/// stays.</summary>
internal static class ForeignWriter
{
    /// <summary>Commits where that is possible.</summary>
    /// <returns>False when the node cannot be shown by itself.</returns>
    public static bool TryCommit(IBlockDevice device)
    {
        try
        {
            Commit(device, by: 1);
            return true;
        }
        catch (MediaException)
        {
            return false;
        }
        catch (PfsException)
        {
            return false;
        }
    }

    /// <summary>Commits.</summary>
    /// <param name="device">The node.</param>
    /// <param name="by">How much its number goes up.</param>
    public static void Commit(IBlockDevice device, ulong by)
    {
        VolumeSet set = VolumeSet.Open([new UnownedDevice(device)]);
        var options = new ClusterMountOptions(new MediaSourceOptions(), 16 << 20, AllowDegraded: true);
        using ClusterMount mount = OpenFilesystems.MountAlone(
            [set], NewVolume.ClusterLabel, options, NullLoggerFactory.Instance);
        MediaDevice media = mount.Devices[0];
        media.KeepsPreparedRecord = false;
        Assert.Equal(Hammer2Error.None, media.OpenForWriting());
        Chain root = mount.Pfs.Nodes[0].Root;
        Blockref reference = root.Reference;
        reference.ModifyTid += by;
        MediaCommitter committer = media.Committer!;
        using var turn = CommitTurn.Enter(committer);
        TreeShape shape = TreeShape.OfInode(ObjectType.Directory, CheckMethod.XxHash64);
        InodeMeta meta = root.Meta;
        meta.ChangeTime++;
        Assert.Equal(Hammer2Error.None, InodeWriter.Write(
            committer.Writer, committer.MirrorTid, meta, root.InodeName, new TreeEditor(media, shape, root.Table),
            ref reference));
        Assert.Equal(Hammer2Error.None, committer.PutPfsRoot(reference));
        Assert.Equal(Hammer2Error.None, committer.Prepare(default, out PreparedCommit? prepared));
        Assert.Equal(Hammer2Error.None, committer.Publish(prepared!));
    }
}
