// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Admin.Fsck;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Snapshots;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>Goal: what snapshots share is read once and judged in each of them. Method: snapshots of 1,500 files, of
/// which some changed in between; links of shared and of changed inodes broken.</summary>
public sealed class FsckSnapshotTests
{
    private const int Files = 1500;
    private const int FilesPerDirectory = 100;
    private const int Snapshots = 3;

    private static readonly NewObject s_directory = new(ObjectType.Directory, 0x1ED);
    private static readonly NewObject s_file = new(ObjectType.RegularFile, 0x1A4);

    [Fact]
    public void Shared_names_and_inodes_are_counted_in_each_snapshot_and_read_once()
    {
        using IBlockDevice disk = MakeDisk();
        FsckReport report = Check(disk);
        Assert.True(report.IsClean, report.ToString());
        const long InEach = Files + (Files / FilesPerDirectory);
        Assert.Equal(InEach * (Snapshots + 1), report.Inodes);
        Assert.Equal(InEach * (Snapshots + 1), report.Entries);
        Assert.InRange(report.BytesRead, 1UL, (ulong)InEach * Media.InodeBytes * 2);
    }

    [Theory]
    [InlineData("/d3/f7", 1)]               // changed after the last snapshot
    [InlineData("/d12/f80", Snapshots + 1)] // in all of them
    [InlineData("/d12", Snapshots + 1)]
    public void A_fault_is_found_in_each_snapshot_that_has_it(string path, int expected)
    {
        using IBlockDevice disk = MakeDisk();
        using var edit = new MediaEdit(disk);
        edit.Inode(path, inode =>
        {
            if (inode.Meta.Type == ObjectType.Directory) inode.Meta.ParentInum++;
            else inode.Meta.LinkCount = 2;
        });
        FsckReport report = Check(edit.Device);
        FsckFinding[] found = [.. report.Findings.Where(
            finding => finding.Code is FsckCode.LinkCount or FsckCode.ParentInum)];
        Assert.Equal(expected, found.Length);
        Assert.Equal(expected, found.Select(finding => finding.Label).Distinct().Count());
        Assert.All(found, finding => Assert.Equal(path, System.Text.Encoding.UTF8.GetString(finding.Path!)));
        Assert.Equal(expected, report.Warnings);
        Assert.Equal(0, report.Errors);
    }

    private static FsckReport Check(IBlockDevice disk)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
        return FilesystemChecker.Check(volumes);
    }

    private static IBlockDevice MakeDisk() => SnapshotHistory.Make((ops, snapshot) =>
    {
        var directories = new ulong[Files / FilesPerDirectory];
        for (int number = 0; number < Files; number++)
        {
            int directory = number / FilesPerDirectory;
            if (directories[directory] == 0)
                directories[directory] = Make(ops, VnodeOps.RootInum, $"d{directory}", s_directory);
            _ = Make(ops, directories[directory], $"f{number % FilesPerDirectory}", s_file);
        }
        for (int round = 1; round <= Snapshots; round++)
        {
            snapshot($"s{round}");
            Errno error = ops.Lookup(directories[round], "f7"u8, out VnodeAttributes file);
            Assert.Equal(Errno.None, error);
            Assert.Equal(Errno.None, ops.Write(file.Inum, 0, "changed"u8, dropsPrivileges: false));
        }
    });

    private static ulong Make(VnodeOps ops, ulong directory, string name, NewObject kind)
    {
        Errno error = ops.Create(
            directory, System.Text.Encoding.UTF8.GetBytes(name), kind, default, out VnodeAttributes made);
        Assert.Equal(Errno.None, error);
        return made.Inum;
    }
}
