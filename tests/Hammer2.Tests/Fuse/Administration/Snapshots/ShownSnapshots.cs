// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Fuse.Protocol;
using Hammer2.Format;
using Hammer2.Fuse;
using Hammer2.Fuse.Administration;
using Hammer2.Fuse.Administration.Doors;
using Hammer2.Fuse.Administration.Snapshots;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration.Snapshots;

/// <summary>A filesystem in memory as a mount shows it, with its snapshots; requests are calls.</summary>
internal sealed class ShownSnapshots : IDisposable
{
    /// <summary>The process that opens files.</summary>
    public const uint Process = 4242;

    public ShownSnapshots(int nodes = 1, bool showsHeaders = false, bool hasDirectories = false)
    {
        // Larger ones have room for several headers.
        Volume = new AdministeredVolume(nodes, lengthBytes: showsHeaders ? 8L << 30 : 64 << 20,
            options: new MountOptions { ShowsHeaders = showsHeaders, HasSnapshotDirectories = hasDirectories });
        var live = new Hammer2FileSystem(Volume.Vnodes, new MountOptions(), NullLogger<Hammer2FileSystem>.Instance);
        var directory = new VirtualDirectoryFileSystem(live, RequestTable.Standard, Volume.Mount);
        var snapshots = new SnapshotFileSystem(directory, Volume.Mount, pfs => new Hammer2FileSystem(
            new VnodeOps(pfs, NullLogger<VnodeOps>.Instance), new MountOptions(),
            NullLogger<Hammer2FileSystem>.Instance));
        Served = hasDirectories ? new DirectorySnapshotsFileSystem(snapshots, Volume.Mount) : snapshots;
    }

    public AdministeredVolume Volume { get; }

    public IFuseFileSystem Served { get; }

    /// <summary>Number of snapshots that are open.</summary>
    public int OpenTotal => Volume.Views.OpenTotal;

    public void Snapshot(string label) => Assert.Equal(
        Errno.None, Volume.Run("snapshot", RequestArguments.Of(("label", label))).Error);

    public RequestAnswer Delete(string label, bool isForced = false) =>
        Volume.Run("pfs-delete", RequestArguments.Of(("label", label), ("force", isForced)));

    /// <summary>Makes a file in a directory of the live PFS.</summary>
    public ulong Make(string name, string content, ulong directory = VnodeOps.RootInum)
    {
        Assert.Equal(Errno.None, Volume.Vnodes.Create(directory, Encoding.UTF8.GetBytes(name),
            new NewObject(ObjectType.RegularFile, 0x1A4), new Credentials(0, 0), out VnodeAttributes made));
        Write(made.Inum, content);
        return made.Inum;
    }

    public void Write(ulong inum, string content) => Assert.Equal(
        Errno.None, Volume.Vnodes.Write(inum, 0, Encoding.UTF8.GetBytes(content), dropsPrivileges: false));

    public int Lookup(ulong directory, string name, out FuseEntryOut entry, uint user = AdministeredVolume.OwnerId)
    {
        entry = default;
        var header = new FuseInHeader { NodeId = directory, Uid = user, ProcessId = Process };
        return Served.Lookup(new FuseContext(in header), Encoding.UTF8.GetBytes(name), ref entry);
    }

    /// <summary>The node at the end of a path of names from the root.</summary>
    public ulong Walk(params string[] names)
    {
        ulong node = VnodeOps.RootInum;
        foreach (string name in names)
        {
            Assert.Equal(FuseErrno.None, Lookup(node, name, out FuseEntryOut entry));
            node = entry.NodeId;
        }
        return node;
    }

    public int Open(ulong node, uint flags, out ulong handle)
    {
        var header = new FuseInHeader { NodeId = node, Uid = AdministeredVolume.OwnerId, ProcessId = Process };
        FuseOpenOut answer = default;
        int error = Served.Open(new FuseContext(in header), new FuseOpenIn { Flags = flags }, ref answer);
        handle = answer.Handle;
        return error;
    }

    public void Release(ulong node, ulong handle)
    {
        var header = new FuseInHeader { NodeId = node };
        Assert.Equal(0, Served.Release(new FuseContext(in header), new FuseReleaseIn { Handle = handle }));
    }

    public int Read(ulong node, out string content)
    {
        var header = new FuseInHeader { NodeId = node, Uid = AdministeredVolume.OwnerId };
        byte[] room = new byte[4096];
        int error = Served.Read(new FuseContext(in header), default(FuseReadIn), room, out int bytes);
        content = Encoding.UTF8.GetString(room.AsSpan(0, bytes));
        return error;
    }

    public FuseAttr Attributes(ulong node)
    {
        var header = new FuseInHeader { NodeId = node, Uid = AdministeredVolume.OwnerId };
        FuseAttrOut answer = default;
        Assert.Equal(0, Served.GetAttr(new FuseContext(in header), default(FuseGetAttrIn), ref answer));
        return answer.Attr;
    }

    /// <summary>Names and inode numbers of a directory, those of the attributes where there are some.</summary>
    public List<(string Name, ulong Inode)> List(ulong node, bool wantsAttributes)
    {
        var found = new List<(string, ulong)>();
        var header = new FuseInHeader { NodeId = node, Uid = AdministeredVolume.OwnerId, ProcessId = Process };
        byte[] room = new byte[512];
        for (ulong position = 0; ;)
        {
            scoped var packer = new FuseDirectoryPacker(room, wantsAttributes);
            Assert.Equal(0, Served.ReadDir(
                new FuseContext(in header), new FuseReadIn { Position = position }, ref packer));
            if (packer.UsedBytes == 0) return found;
            int head = wantsAttributes ? Marshal.SizeOf<FuseEntryOut>() : 0;
            for (int offset = 0; offset < packer.UsedBytes;)
            {
                FuseDirent entry = MemoryMarshal.Read<FuseDirent>(room.AsSpan(offset + head));
                int start = offset + head + Marshal.SizeOf<FuseDirent>();
                if (wantsAttributes && MemoryMarshal.Read<FuseEntryOut>(room.AsSpan(offset)) is { NodeId: > 0 } full)
                    Assert.Equal((entry.Inode, entry.Inode), (full.NodeId, full.Attr.Inode));
                found.Add((Encoding.UTF8.GetString(room.AsSpan(start, (int)entry.NameBytes)), entry.Inode));
                position = entry.NextPosition;
                offset = (start + (int)entry.NameBytes + 7) & ~7;
            }
        }
    }

    public void Dispose()
    {
        Served.Destroyed();
        Volume.Dispose();
    }
}
