// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.PfsRoots;

/// <summary>Goal: a PFS goes back to what an older volume header has if all of that is still there, and only then;
/// other PFSs of the filesystem stay as they are.</summary>
public sealed class HeaderRollbackTests
{
    private const int FileBytes = 300_000;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_PFS_goes_back_to_an_older_header_and_forward_again(int nodes)
    {
        IBlockDevice[] devices = Devices(nodes);
        string kept;
        using (OpenedPfses opened = Open(devices))
        {
            VnodeOps ops = opened.Ops[0];
            VnodeOps? other = nodes == 1 ? opened.Open("LOCAL", 1) : null;
            Fill(ops, "old", 1);
            Sync(ops);
            int copy = CopyOf(opened.Pfses[0]);
            Fill(ops, "new", 2);
            Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "old"u8, out _));
            Sync(ops);
            if (other is not null)
            {
                Fill(other, "other", 3);
                Sync(other);
            }
            Assert.Equal(Hammer2Error.None, RollBack(opened, copy, out kept, out _));
            Assert.Equal(["old"], Names(ops));
            Assert.Equal(Content(1), Read(ops, "old"));
            if (other is not null) Assert.Equal(["other"], Names(other));
            Fill(ops, "after", 4);
            Sync(ops);
            Assert.Equal(Hammer2Error.None, PfsRollback.Run(opened.Pfses[0], Encoding.ASCII.GetBytes(kept),
                TimeProvider.System, new SeededRandom(9).NextUInt64, out _));
            Assert.Equal(["new"], Names(ops));
        }
        foreach (IBlockDevice device in devices) MediaAudit.AssertSound(device, "after going back and forward");
        using OpenedPfses again = Open(devices);
        Assert.Equal(["new"], Names(again.Ops[0]));
        Assert.Equal(Content(2), Read(again.Ops[0], "new"));
    }

    [Fact]
    public void Blocks_that_were_freed_and_not_used_again_come_back()
    {
        IBlockDevice[] devices = Devices(1);
        using (OpenedPfses opened = Open(devices))
        {
            VnodeOps ops = opened.Ops[0];
            Fill(ops, "old", 1);
            Sync(ops);
            int copy = CopyOf(opened.Pfses[0]);
            Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "old"u8, out ulong inum));
            Assert.Equal(Errno.None, ops.Forget(inum));
            Sync(ops);
            Free(opened.Pfses[0]);
            Assert.Equal(Hammer2Error.None, RollBack(opened, copy, out _, out string? reason));
            Assert.Null(reason);
            Assert.Equal(Content(1), Read(ops, "old"));
            // It is allocated again, so that nothing else goes there.
            for (int i = 0; i < 40; i++) Fill(ops, $"later{i}", (byte)i);
            Sync(ops);
            Assert.Equal(Content(1), Read(ops, "old"));
        }
        MediaAudit.AssertSound(devices[0], "after freed blocks came back");
    }

    [Fact]
    public void Blocks_that_were_used_again_are_refused_and_nothing_changes()
    {
        IBlockDevice[] devices = Devices(1);
        using (OpenedPfses opened = Open(devices))
        {
            VnodeOps ops = opened.Ops[0];
            Fill(ops, "old", 1);
            Sync(ops);
            int copy = CopyOf(opened.Pfses[0]);
            Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "old"u8, out ulong inum));
            Assert.Equal(Errno.None, ops.Forget(inum));
            Sync(ops);
            Free(opened.Pfses[0]);
            // Not committed: what is written here is on its way when the rollback begins.
            for (int i = 0; i < 8; i++) Fill(ops, $"later{i}", (byte)(100 + i));
            Hammer2Error error = RollBack(opened, copy, out _, out string? reason);
            Assert.Contains(error, (Hammer2Error[])[Hammer2Error.Check, Hammer2Error.Corrupt]);
            Assert.Contains("not intact any more", reason, StringComparison.Ordinal);
            Assert.Contains("block at byte", reason, StringComparison.Ordinal);
            Assert.Equal(8, Names(ops).Count);
            Assert.Equal(["DATA", "LOCAL"], opened.Labels().Single());
            Assert.Empty(opened.Pfses[0].Nodes[0].Device.Committer!.Pins);
            Free(opened.Pfses[0]);
        }
        MediaAudit.AssertSound(devices[0], "after a refusal");
    }

    [Fact]
    public void A_damaged_block_of_file_data_is_found()
    {
        IBlockDevice[] devices = Devices(1);
        using OpenedPfses opened = Open(devices);
        VnodeOps ops = opened.Ops[0];
        Fill(ops, "old", 1);
        Sync(ops);
        int copy = CopyOf(opened.Pfses[0]);
        long before = Find(devices[0], Content(1).AsSpan(0, 4096));
        Fill(ops, "new", 2);
        Sync(ops);
        Assert.Equal(Hammer2Error.None, devices[0].Write(before + 100, [0xFF]));
        Assert.Equal(Hammer2Error.Check, RollBack(opened, copy, out _, out string? reason));
        Assert.Contains("check code does not match", reason, StringComparison.Ordinal);
        Assert.Equal(["new", "old"], Names(ops));
    }

    [Fact]
    public void What_cannot_be_verified_or_found_is_refused_with_its_reason()
    {
        IBlockDevice[] devices = Devices(1);
        using OpenedPfses opened = Open(devices);
        VnodeOps ops = opened.Ops[0];
        Sync(ops);
        int present = CopyOf(opened.Pfses[0]);
        Assert.Equal(Hammer2Error.NoEntry, RollBack(opened, present, out _, out string? reason));
        Assert.Contains($"header {present} is no valid older one", reason, StringComparison.Ordinal);
        // A commit of another PFS.
        VnodeOps other = opened.Open("LOCAL", 1);
        Fill(other, "other", 1);
        Sync(other);
        Assert.Equal(Hammer2Error.Exists, RollBack(opened, present, out _, out reason));
        Assert.Contains($"header {present} has the PFS as it is now", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, ops.SetMethods(VnodeOps.RootInum, (byte)CheckMethod.None, compression: null));
        Fill(ops, "unprotected", 1);
        Assert.Equal(Errno.None, ops.Lookup(VnodeOps.RootInum, "unprotected"u8, out VnodeAttributes made));
        Assert.Equal(Errno.None, ops.SetMethods(made.Inum, (byte)CheckMethod.None, compression: null));
        Assert.Equal(Errno.None, ops.Write(made.Inum, 0, Content(7), dropsPrivileges: false));
        Sync(ops);
        int copy = CopyOf(opened.Pfses[0]);
        Fill(ops, "new", 2);
        Sync(ops);
        Assert.Equal(Hammer2Error.NotSupported, RollBack(opened, copy, out _, out reason));
        Assert.Contains("no check code", reason, StringComparison.Ordinal);
        Assert.Equal(Hammer2Error.Interrupted, HeaderSource.Open(
            opened.Pfses[0], copy, static () => true, out HeaderSource? source, out _));
        Assert.Null(source);
        Assert.Empty(opened.Pfses[0].Nodes[0].Device.Committer!.Pins);
    }

    private static IBlockDevice[] Devices(int nodes) => [.. NewVolume.NodesInMemory(nodes, 8L << 30)];

    private static OpenedPfses Open(IBlockDevice[] devices) => new(
        devices, [(devices.Length == 1 ? NewVolume.Label : NewVolume.ClusterLabel, devices.Length)], 1);

    private static int CopyOf(Pfs pfs) => pfs.Nodes[0].Device.Header.CopyIndex;

    private static Hammer2Error RollBack(OpenedPfses opened, int copy, out string kept, out string? reason)
    {
        kept = "";
        Hammer2Error error = HeaderSource.Open(
            opened.Pfses[0], copy, static () => false, out HeaderSource? source, out reason);
        if (error != Hammer2Error.None) return error;
        using (source)
        {
            error = PfsRollback.RunToHeader(opened.Pfses[0], source!, TimeProvider.System,
                new SeededRandom(5).NextUInt64, out byte[] label);
            kept = Encoding.ASCII.GetString(label);
            return error;
        }
    }

    private static void Free(Pfs pfs) => Assert.Equal(
        Hammer2Error.None, pfs.Writer!.Reclaim(new ReclaimOptions(), out ReclaimResult _));

    private static void Sync(VnodeOps ops) => Assert.Equal(Errno.None, ops.Sync());

    private static byte[] Content(byte seed)
    {
        byte[] content = new byte[FileBytes];
        new SeededRandom(seed).Fill(content);
        return content;
    }

    private static void Fill(VnodeOps ops, string name, byte seed)
    {
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, Encoding.ASCII.GetBytes(name),
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
        Assert.Equal(Errno.None, ops.Write(made.Inum, 0, Content(seed), dropsPrivileges: false));
    }

    private static byte[] Read(VnodeOps ops, string name)
    {
        Assert.Equal(Errno.None, ops.Lookup(
            VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), out VnodeAttributes found));
        byte[] content = new byte[FileBytes];
        Assert.Equal(Errno.None, ops.Read(found.Inum, 0, content, out int bytes));
        Assert.Equal(FileBytes, bytes);
        return content;
    }

    private static List<string> Names(VnodeOps ops)
    {
        var sink = new NameSink([]);
        Assert.Equal(Errno.None, ops.ReadDirectory(VnodeOps.RootInum, 0, ref sink));
        sink.Found.Sort(StringComparer.Ordinal);
        return sink.Found;
    }

    private static long Find(IBlockDevice device, ReadOnlySpan<byte> wanted)
    {
        byte[] block = new byte[1 << 20];
        for (long offset = 0; offset < 2L << 30; offset += block.Length - 65536)
        {
            Assert.Equal(Hammer2Error.None, device.Read(offset, block));
            int within = block.AsSpan().IndexOf(wanted);
            if (within >= 0) return offset + within;
        }
        throw new InvalidOperationException("the content is not on the device");
    }

    private readonly struct NameSink(List<string> found) : IDirectorySink
    {
        public List<string> Found => found;

        public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition)
        {
            if (name[0] != '.') found.Add(Encoding.ASCII.GetString(name));
            return true;
        }
    }
}
