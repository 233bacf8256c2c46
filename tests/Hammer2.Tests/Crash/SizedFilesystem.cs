// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Admin.Fsck;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>A filesystem of one node on given volumes, for tests of its size.</summary>
internal static class SizedFilesystem
{
    /// <summary>Opens its PFS for writing.</summary>
    public static ClusterMount Open(IReadOnlyList<IBlockDevice> devices, out VnodeOps ops)
    {
        VolumeSet volumes = VolumeSet.Open(
            [.. devices.Select(device => new UnownedDevice(device))], new VolumeSetOptions(IsReadOnly: false));
        ClusterMount mount = OpenFilesystems.MountAlone([volumes], NewVolume.Label,
            new ClusterMountOptions(new MediaSourceOptions(IsReadOnly: false)), NullLoggerFactory.Instance);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        return mount;
    }

    /// <summary>Makes the directory that a script plays in.</summary>
    public static ScriptPlayer Begin(VnodeOps ops, SeededRandom random)
    {
        var player = new ScriptPlayer(random);
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, "model"u8,
            new NewObject(ObjectType.Directory, UnixMode.O755), new Credentials(0, 0), out VnodeAttributes made));
        player.Model.Root.Inum = made.Inum;
        Assert.Equal(Errno.None, ops.Sync());
        return player;
    }

    /// <summary>Creates an empty file in the root directory.</summary>
    public static ulong Create(VnodeOps ops, string name)
    {
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, Encoding.ASCII.GetBytes(name),
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
        return made.Inum;
    }

    /// <summary>Has the media judged without the driver.</summary>
    public static void AssertClean(VolumeSet volumes, string place)
    {
        IReadOnlyList<string> faults = MediaAudit.Judge(volumes);
        Assert.True(faults.Count == 0, $"{place}: {string.Join('\n', faults.Take(5))}");
        AssertAccepted(volumes, place);
    }

    /// <summary>Has the media judged by the checker.</summary>
    public static void AssertAccepted(VolumeSet volumes, string place)
    {
        FsckReport report = FilesystemChecker.Check(volumes);
        FsckFinding[] findings = [.. report.Findings.Where(finding =>
            finding.Severity != FsckSeverity.Note && finding.Code != FsckCode.HeaderCopy).Take(5)];
        Assert.True(findings.Length == 0, $"{place}: {string.Join('\n', findings.Select(found => found.ToString()))}");
    }
}
