// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Admin.Newfs;
using Hammer2.Admin.Recovery;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Recovery;

/// <summary>Deleted files of a filesystem with several PFSs, whose inode numbers are the same, and with
/// snapshots.</summary>
public sealed class UndeletePfsTests : IDisposable
{
    private const int FilesTotal = 40;

    private readonly MemoryBlockDevice _disk = new(256L << 20);

    public void Dispose() => _disk.Dispose();

    [Fact]
    public void A_deleted_file_belongs_to_the_PFS_that_it_was_in()
    {
        NewFilesystem wanted = NewVolume.Describe(1);
        var ids = new NewfsIdentities(new Guid(7, 8, 9, new byte[8]));
        NewVolume.Format([_disk], wanted with
        {
            Pfses = [.. wanted.Pfses, new NewPfs("SECOND", ids.ClusterOf(0, "SECOND"), ids.NodeOf(0, "SECOND"))],
        });
        Change("DATA", ops => WriteAll(ops, "data"));
        Change("SECOND", ops => WriteAll(ops, "second"));
        Change("SECOND", ops => Delete(ops, 3, 4, 5));
        Change("DATA", ops => Delete(ops, 4, 30));
        Assert.Equal(
            [
                "DATA:/f30 data 30", "DATA:/f4 data 4",
                "SECOND:/f3 second 3", "SECOND:/f4 second 4", "SECOND:/f5 second 5",
            ],
            Search(new UndeleteOptions()));
    }

    [Fact]
    public void What_a_snapshot_has_is_not_listed_and_a_deleted_snapshot_only_when_asked_for()
    {
        NewVolume.Format([_disk], NewVolume.Describe(2));
        Change("DATA", ops => WriteAll(ops, "first"));
        Administer(pfses => pfses.Snapshot("snap"u8));
        Change("DATA", ops =>
        {
            Write(ops, 2, "later");
            Write(ops, 3, "later");
        });
        Change("DATA", ops => Delete(ops, 1, 2));
        // File 1 is in the snapshot; of file 2 the snapshot has what was there before.
        Assert.Equal(["DATA:/f2 later 2"], Search(new UndeleteOptions()));
        Administer(pfses => pfses.Delete("snap"u8, out _));
        Assert.Equal(["DATA:/f1 first 1", "DATA:/f2 later 2"], Search(new UndeleteOptions()));
        Assert.Contains("DATA:/f3 first 3", Search(new UndeleteOptions { IncludesAll = true }));
    }

    [Theory]
    [InlineData(CheckMethod.None, 1, 0)]        // the inode has a code, its data has none
    [InlineData(CheckMethod.Disabled, 0, 0)]    // neither has
    [InlineData(CheckMethod.Iscsi32, 1, 1)]
    public void What_no_check_code_proves_is_for_the_relaxed_search(CheckMethod check, int found, int whole)
    {
        NewVolume.Format([_disk], NewVolume.Describe(3));
        Change("DATA", ops => Assert.Equal(Errno.None, ops.SetMethods(VnodeOps.RootInum, (byte)check, null)));
        Change("DATA", ops =>
        {
            WriteAll(ops, "text");
            Assert.Equal(Errno.None, ops.Lookup(VnodeOps.RootInum, NameOf(7), out VnodeAttributes at));
            byte[] data = new byte[70_000];
            new SeededRandom(1).Fill(data);
            Assert.Equal(Errno.None, ops.Write(at.Inum, 0, data, false));
        });
        Change("DATA", ops => Delete(ops, 7));
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(_disk)]);
        UndeleteReport strict = Undelete.Run(volumes, new UndeleteOptions(), static _ => { });
        Assert.Equal((found, whole), (strict.Found, strict.Whole));
        UndeleteReport relaxed = Undelete.Run(volumes, new UndeleteOptions { IsRelaxed = true }, static one =>
            Assert.Equal("f7"u8, one.Paths[0]));
        Assert.Equal((1, 1), (relaxed.Found, relaxed.Whole));
    }

    private static void WriteAll(VnodeOps ops, string text)
    {
        for (int file = 0; file < FilesTotal; file++)
        {
            Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, NameOf(file),
                new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out _));
            Write(ops, file, text);
        }
    }

    private static void Write(VnodeOps ops, int file, string text)
    {
        Assert.Equal(Errno.None, ops.Lookup(VnodeOps.RootInum, NameOf(file), out VnodeAttributes found));
        Assert.Equal(Errno.None, ops.Write(found.Inum, 0, Encoding.ASCII.GetBytes($"{text} {file}"), false));
    }

    private static void Delete(VnodeOps ops, params int[] files)
    {
        foreach (int file in files)
        {
            Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, NameOf(file), out ulong inum));
            Assert.Equal(Errno.None, ops.Forget(inum));
        }
    }

    private static byte[] NameOf(int file) => Encoding.ASCII.GetBytes($"f{file}");

    private void Change(string label, Action<VnodeOps> change)
    {
        using ClusterMount mount = ModelMount.Open([_disk], label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        change(ops);
        Assert.Equal(Errno.None, ops.Sync());
    }

    private void Administer(Func<PfsAdministration, Hammer2Error> change)
    {
        using ClusterMount mount = ModelMount.Open([_disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        ulong ids = 5;
        Assert.Equal(Hammer2Error.None, change(new PfsAdministration(
            mount.Pfs, static _ => null, TimeProvider.System, () => ids += 12345)));
    }

    private List<string> Search(UndeleteOptions options)
    {
        var found = new List<string>();
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(_disk)]);
        _ = Undelete.Run(volumes, options, one =>
        {
            Assert.True(one.IsWhole);
            byte[] content = new byte[one.Meta.Size];
            Assert.True(one.Copy((position, bytes) =>
            {
                bytes.CopyTo(content.AsSpan((int)position));
                return true;
            }));
            string path = Encoding.ASCII.GetString(one.Paths[0]);
            found.Add($"{Encoding.ASCII.GetString(one.Label!)}:/{path} {Encoding.ASCII.GetString(content)}");
        });
        return [.. found.Order(StringComparer.Ordinal)];
    }
}
