// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Vnodes;

/// <summary>A volume in memory for tests of extended attributes.</summary>
public abstract class AttributeVolume : IDisposable
{
    private protected static readonly Credentials Caller = new(1000, 100);

    private ClusterMount? _mount;

    private protected MemoryBlockDevice Device { get; } = NewVolume.InMemory();

    private protected LogCapture Log { get; } = new();

    public void Dispose()
    {
        Device.Dispose();
        Log.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Errno DeleteAlone(VnodeOps ops, ulong inum)
    {
        PlaceOf(ops, inum, static inode => inode.AfterName = null);
        return ops.Forget(inum);
    }

    private protected void PlaceOf(VnodeOps ops, ulong inum, Action<DirtyInode> change)
    {
        var writer = _mount!.Pfs.Writer!;
        Assert.Equal(Hammer2Error.None, writer.Reserve(0, 1, SpaceUse.Remove, out var operation));
        using var transaction = writer.Begin(ref operation, inum);
        Assert.Equal(Hammer2Error.None, transaction.Open(inum, out var inode));
        change(inode!);
        transaction.Touch(inode!);
        transaction.Complete();
    }

    private protected ClusterMount Open(bool isWritten)
    {
        ClusterMount mount = RecordedScript.Mount([Device], NewVolume.Label);
        if (isWritten) Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(RecordedScript.Options(1)));
        return mount;
    }

    private protected void Write(Action<VnodeOps> play)
    {
        WriteUnsound(play);
        MediaAudit.AssertSound(Device, "after writing");
    }

    private protected void WriteUnsound(Action<VnodeOps> play)
    {
        using (_mount = Open(isWritten: true))
        {
            var ops = new VnodeOps(_mount.Pfs, ((ILoggerFactory)Log).CreateLogger<VnodeOps>());
            play(ops);
            Assert.Equal(Errno.None, ops.Sync());
        }
    }

    private protected void Read(Action<VnodeOps> play)
    {
        using ClusterMount mount = Open(isWritten: false);
        play(new VnodeOps(mount.Pfs, ((ILoggerFactory)Log).CreateLogger<VnodeOps>()));
    }

    private protected static ulong Make(VnodeOps ops, string name)
    {
        var made = new NewObject(ObjectType.RegularFile, UnixMode.O644);
        Assert.Equal(Errno.None, ops.Create(
            VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), made, Caller, out VnodeAttributes at));
        return at.Inum;
    }

    private protected static Errno Set(VnodeOps ops, ulong inum, string name, ReadOnlySpan<byte> value) =>
        ops.SetExtendedAttribute(inum, Encoding.ASCII.GetBytes(name), value, AttributeSetting.None);

    private protected static byte[] Get(VnodeOps ops, ulong inum, string name)
    {
        byte[] value = new byte[AttributeList.ValueBytesMax];
        Assert.Equal(Errno.None, ops.GetExtendedAttribute(inum, Encoding.ASCII.GetBytes(name), value, out int bytes));
        return value[..bytes];
    }

    private protected static uint ModeOf(VnodeOps ops, ulong inum)
    {
        Assert.Equal(Errno.None, ops.GetAttributes(inum, out VnodeAttributes at));
        return at.Mode & UnixMode.PermissionBits;
    }

    private protected ulong FileOf(VnodeOps ops, ulong inum)
    {
        Assert.Equal(Hammer2Error.None, _mount!.Pfs.GetInode(inum, out Inode inode));
        Assert.True(AttributeRecord.TryRead(inode.AfterName, inum, out AttributeRecord record));
        return record.File;
    }

    private protected bool HasFile(ulong inum) => Files().Contains(inum);

    // The objects that have a file.
    private protected List<ulong> Files()
    {
        using ClusterMount mount = Open(isWritten: false);
        Assert.Equal(Hammer2Error.None, mount.Pfs.GetInode(VnodeOps.RootInum, out Inode root));
        if (NameOperations.FindEntry(
            root, AttributeFile.DirectoryName, out DirectoryEntry entry) != Hammer2Error.None)
            return [];
        var ops = new VnodeOps(mount.Pfs, ((ILoggerFactory)Log).CreateLogger<VnodeOps>());
        return [.. TreeListing.EntriesOf(ops, entry.Inum, "/").Select(found =>
        {
            Assert.True(AttributeFile.TryReadName(Encoding.ASCII.GetBytes(found.Name), out ulong owner));
            return owner;
        })];
    }
}
