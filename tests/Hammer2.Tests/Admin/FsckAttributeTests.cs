// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Vnodes;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>
/// Goal: extended attributes that belong to nothing are found and removed, others stay. Method: a volume with an object
/// that has its attributes inside, two that have files and a root directory with attributes; one of them is hurt with
/// the operations of the driver, or on the media; then a repair, a second check, and all attributes read again.
/// </summary>
public sealed class FsckAttributeTests : AttributeVolume
{
    private const FsckSeverity Warning = FsckSeverity.Warning;
    private const FsckSeverity Note = FsckSeverity.Note;
    private static readonly byte[] Long = new byte[5000];
    private static readonly byte[] VeryLong = new byte[65536];

    private ulong _short, _long, _other;

    /// <summary>What is hurt, what is found, and the object that loses its attributes.</summary>
    public static TheoryData<string, FsckSeverity, FsckCode, string?> Hurt => new()
    {
        { "record", Warning, FsckCode.AttributeRecord, "short" },
        { "list", Warning, FsckCode.AttributeRecord, "short" },
        { "record of a file", Warning, FsckCode.AttributeRecord, "long" },
        { "record without file", Warning, FsckCode.AttributeRecord, "long" },
        { "entry of another", Warning, FsckCode.AttributeRecord, "long" },
        { "content", Warning, FsckCode.AttributeRecord, "long" },
        { "mode of the file", Warning, FsckCode.AttributeRecord, "long" },
        { "other list", Warning, FsckCode.AttributeRecord, "long" },
        { "file without record", Note, FsckCode.AttributeFile, "long" },
        { "file without object", Note, FsckCode.AttributeFile, "long" },
        { "orphan", Note, FsckCode.AttributeFile, "long" },
        { "content of the root directory's", Warning, FsckCode.AttributeFile, "/" },
    };

    [Theory, MemberData(nameof(Hurt))]
    public void What_belongs_to_nothing_is_removed(string what, FsckSeverity severity, FsckCode code, string? loser)
    {
        Fill();
        Break(what);
        FsckRepairReport report = Repair(Device);
        Assert.Contains(report.Before.Findings, finding =>
            finding.Severity == severity && finding.Code == code && finding.IsRepairable);
        Assert.True(report.After.IsClean, $"{string.Join('\n', report.Done)}\n{report.After}");
        Assert.DoesNotContain(FsckCode.AttributeFile, report.After.Totals.Keys);
        Assert.False(Repair(Device).HasChanged);
        MediaAudit.AssertSound(Device, what);
        bool isGone = what is "file without object" or "orphan";
        string[] kept = [.. new[] { "/", "short", "long", "other" }.Where(name => name != loser)];
        Read(ops =>
        {
            foreach (string name in kept) Assert.Equal(ValueOf(name), Get(ops, InumOf(name), "user.k"));
            if (loser is not null && !isGone)
                Assert.Equal(Errno.ENODATA, ops.GetExtendedAttribute(InumOf(loser), "user.k"u8, [], out _));
        });
        Assert.Equal(kept.Where(name => name != "short").Select(InumOf).Order(), Files().Order());
    }

    [Fact]
    public void A_sound_volume_has_no_findings()
    {
        Fill();
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(Device)]);
        Assert.Empty(FilesystemChecker.Check(volumes).Findings);
    }

    [Fact]
    public void Attributes_stay_when_their_inode_is_named_again()
    {
        Fill();
        using var edit = new MediaEdit(Device);
        edit.Inode("/short", inode => inode.Name[17] = (byte)'z');
        edit.Inode("/long", inode => inode.Meta.NameKey++);
        FsckRepairReport report = Repair(edit.Device);
        Assert.Equal(2, report.Before.Totals[FsckCode.InodeName]);
        Assert.True(report.After.IsClean, report.After.ToString());
        using ClusterMount mount = RecordedScript.Mount([edit.Device], NewVolume.Label);
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        Assert.Equal(ValueOf("short"), Get(ops, _short, "user.k"));
        Assert.Equal(ValueOf("long"), Get(ops, _long, "user.k"));
    }

    [Fact]
    public void A_directory_that_others_can_open_is_left_alone()
    {
        Fill();
        WriteUnsound(ops => Assert.Equal(Errno.None, ops.SetAttributes(
            AttributeDirectory(), new AttributeChange { Mode = UnixMode.O755 }, out _)));
        FsckRepairReport report = Repair(Device);
        Assert.Equal(FsckCode.NotJudged, Assert.Single(report.Before.Findings).Code);
        Assert.False(report.HasChanged);
    }

    [Fact]
    public void Preening_removes_no_attributes()
    {
        Fill();
        Break("record of a file");
        using VolumeSet volumes = OpenVolumes(Device);
        Assert.False(FsckRepairer.Repair(volumes, new FsckRepairOptions { IsPreen = true }).HasChanged);
    }

    private void Fill() => Write(ops =>
    {
        (_short, _long, _other) = (Make(ops, "short"), Make(ops, "long"), Make(ops, "other"));
        new SeededRandom(1).Fill(Long);
        new SeededRandom(2).Fill(VeryLong);
        foreach (string name in (string[])["/", "short", "long", "other"])
            Assert.Equal(Errno.None, Set(ops, InumOf(name), "user.k", ValueOf(name)));
    });

    private void Break(string what) => WriteUnsound(ops =>
    {
        ulong directory = AttributeDirectory();
        byte[] name = new byte[AttributeFile.NameBytes];
        AttributeFile.WriteName(_long, name);
        switch (what)
        {
            case "record":
                PlaceOf(ops, _short, static inode => inode.AfterName![20]++);
                break;
            case "list":
                PlaceOf(ops, _short, inode => inode.AfterName = BadList(_short));
                break;
            case "record of a file":
                PlaceOf(ops, _long, static inode => inode.AfterName![20]++);
                break;
            case "record without file":
                Assert.Equal(Errno.None, ops.Unlink(directory, name, out ulong gone));
                Assert.Equal(Errno.None, ops.Forget(gone));
                break;
            case "entry of another":
                Assert.Equal(Errno.None, ops.Rename(
                    directory, name, directory, "0000000000abcdef"u8, RenameFlags.None, out _));
                break;
            case "content":
                Assert.Equal(Errno.None, ops.Write(FileOf(ops, _long), 100, [1, 2, 3], dropsPrivileges: false));
                break;
            case "mode of the file":
                Assert.Equal(Errno.None, ops.SetAttributes(
                    FileOf(ops, _long), new AttributeChange { Mode = UnixMode.O644 }, out _));
                break;
            case "other list":
                ulong file = FileOf(ops, _long);
                Assert.True(AttributeList.TryOpen([1, 1, 0, 0, 0, (byte)'k'], out AttributeList other));
                byte[] record = AttributeRecord.OfFile(_long, file, other);
                PlaceOf(ops, _long, inode => inode.AfterName = record);
                break;
            case "file without record":
                PlaceOf(ops, _long, static inode => inode.AfterName = null);
                break;
            case "file without object":
                Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "long"u8, out _));
                Assert.Equal(Errno.None, DeleteAlone(ops, _long));
                break;
            case "orphan":
                Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "long"u8, out _));
                break;
            default:
                AttributeFile.WriteName(VnodeOps.RootInum, name);
                Assert.Equal(Errno.None, ops.Lookup(directory, name, out VnodeAttributes root));
                Assert.Equal(Errno.None, ops.Write(root.Inum, 50, [1, 2, 3], dropsPrivileges: false));
                break;
        }
    });

    // A record that is sound but for what it says: a namespace that there is not.
    private static byte[] BadList(ulong inum)
    {
        Assert.True(AttributeList.TryOpen([1, 1, 0, 0, 0, (byte)'k'], out AttributeList list));
        byte[] record = AttributeRecord.OfList(inum, list);
        int start = AttributeRecord.Offset - Media.InodeNameBytes;
        record[start + 12] = 9;
        record.AsSpan(start + 8, 4).Clear();
        BitConverter.TryWriteBytes(record.AsSpan(start + 8), IscsiCrc32.Compute(
            [.. BitConverter.GetBytes(inum), .. record.AsSpan(start)]));
        Assert.True(AttributeRecord.TryRead([.. record, .. new byte[20]], inum, out _));
        return record;
    }

    private ulong InumOf(string name) => name switch
    {
        "short" => _short,
        "long" => _long,
        "other" => _other,
        _ => VnodeOps.RootInum,
    };

    private static byte[] ValueOf(string name) => name switch
    {
        "short" => Long[..100],
        "long" => Long,
        "other" => VeryLong,
        _ => Long[..300],
    };

    private ulong AttributeDirectory()
    {
        using ClusterMount mount = Open(isWritten: false);
        Assert.Equal(Hammer2Error.None, mount.Pfs.GetInode(VnodeOps.RootInum, out Inode root));
        Assert.Equal(Hammer2Error.None, NameOperations.FindEntry(
            root, AttributeFile.DirectoryName, out DirectoryEntry entry));
        return entry.Inum;
    }

    private static FsckRepairReport Repair(IBlockDevice device)
    {
        using VolumeSet volumes = OpenVolumes(device);
        return FsckRepairer.Repair(volumes);
    }

    private static VolumeSet OpenVolumes(IBlockDevice device) =>
        VolumeSet.Open([new UnownedDevice(device)], new VolumeSetOptions(IsReadOnly: false));
}
