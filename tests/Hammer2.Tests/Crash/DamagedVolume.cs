// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// A filled volume, or the nodes of a cluster, of which chosen blocks can be made unreadable, with a mount whose cache
/// is so small that a commit reads them anew.
/// </summary>
internal sealed class DamagedVolume : IDisposable
{
    public const int BigBytes = 1 << 20;
    private const int FillersTotal = 600;
    private const long Bytes = 256L << 20;

    private static readonly Credentials Caller = new(0, 0);

    private readonly List<ulong> _fillers = [];
    private readonly string _label;
    private ClusterMount? _mount;

    public DamagedVolume(int nodes = 1, INodeRunner? runner = null)
    {
        _label = nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel;
        Disks = [.. NewVolume.NodesInMemory(nodes, Bytes)];
        Devices = [.. Disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
        Runner = runner;
        Open();
        Good = Make(VnodeOps.RootInum, "good", ObjectType.Directory);
        Bad = Make(VnodeOps.RootInum, "bad", ObjectType.Directory);
        Other = Make(VnodeOps.RootInum, "other", ObjectType.Directory);
        Big = Make(VnodeOps.RootInum, "big", ObjectType.RegularFile);
        byte[] content = new byte[BigBytes];
        new SeededRandom(1).Fill(content);
        Content = content;
        Assert.Equal(Errno.None, Ops.Write(Big, 0, content, dropsPrivileges: false));
        for (int i = 0; i < FillersTotal; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"filler {i}");
            _fillers.Add(Make(Bad, name, ObjectType.RegularFile));
        }
        File = Make(Good, "file", ObjectType.RegularFile);
        Linked = Make(Good, "linked", ObjectType.RegularFile);
        Assert.Equal(Errno.None, Ops.Sync());
        _mount!.Dispose();
        Open();
    }

    public IBlockDevice[] Disks { get; }

    public FaultyBlockDevice[] Devices { get; }

    public INodeRunner? Runner { get; }

    public Pfs Pfs => _mount!.Pfs;

    public VnodeOps Ops { get; private set; } = null!;

    /// <summary>Objects that were left out so far.</summary>
    public List<LeftOutInode> LeftOut { get; } = [];

    public byte[] Content { get; }

    public ulong Good { get; }

    public ulong Bad { get; }

    public ulong Other { get; }

    public ulong Big { get; }

    public ulong File { get; }

    public ulong Linked { get; }

    /// <summary>Files in the directory that is damaged, too many for the cache.</summary>
    public IReadOnlyList<ulong> Fillers => _fillers;

    /// <summary>An inode in the first blocks of the index.</summary>
    public ulong Early => _fillers[0];

    public void Dispose()
    {
        _mount?.Dispose();
        foreach (FaultyBlockDevice device in Devices) device.Dispose();
        foreach (IBlockDevice disk in Disks) disk.Dispose();
    }

    public ulong Make(ulong directory, string name, ObjectType type)
    {
        Assert.Equal(Errno.None, Ops.Create(
            directory, Encoding.ASCII.GetBytes(name), new NewObject(type, UnixMode.O755), Caller,
                out VnodeAttributes made));
        return made.Inum;
    }

    public bool Exists(ulong directory, string name) => Exists(Ops, directory, name);

    public static bool Exists(VnodeOps ops, ulong directory, string name)
    {
        Errno error = ops.Lookup(directory, Encoding.ASCII.GetBytes(name), out _);
        Assert.True(error is Errno.None or Errno.ENOENT, $"{name}: {error}");
        return error == Errno.None;
    }

    public VnodeAttributes At(ulong inum)
    {
        Assert.Equal(Errno.None, Ops.GetAttributes(inum, out VnodeAttributes attributes));
        return attributes;
    }

    /// <summary>The blocks of references that lead to the content of a file or the entries of a directory.</summary>
    public List<MapBlock> TreeOf(ulong inum, int node = 0) => Map(node, block =>
        block.Type == BlockrefType.Indirect && Owner(block) == inum);

    /// <summary>The block of references in the index that leads to an inode.</summary>
    public List<MapBlock> IndexOf(ulong inum, int node = 0) => Map(node, block =>
        block.Type == BlockrefType.Indirect && Owner(block) == Media.PfsRootInum && block.Reference.Key <= inum
        && inum <= block.Reference.KeyEnd);

    /// <summary>The block of an inode.</summary>
    public List<MapBlock> InodeOf(ulong inum, int node = 0) => Map(node, block =>
        block.Type == BlockrefType.Inode && block.Objects.Contains(new MapObject(_label, inum)));

    /// <summary>Blocks of metadata of the PFS, all but the inodes of the PFS root and of the super-root.</summary>
    public List<MapBlock> Metadata(int node = 0) => Map(node, block =>
        block.Type is BlockrefType.Indirect or BlockrefType.Inode
        && block.Objects.All(owner => owner.Pfs == _label)
        && !(block.Type == BlockrefType.Inode && block.Objects.Any(owner => owner.Inum == Media.PfsRootInum)));

    /// <summary>Makes blocks unreadable from now on, and has the driver forget what it knows of them.</summary>
    public void FailReads(List<MapBlock> blocks, int node = 0)
    {
        Assert.NotEmpty(blocks);
        foreach (MapBlock block in blocks) Devices[node].FailReads((long)block.Address, block.SizeBytes);
        Forget();
    }

    /// <summary>Spoils blocks for good.</summary>
    public void Spoil(List<MapBlock> blocks, int node)
    {
        Assert.NotEmpty(blocks);
        foreach (MapBlock block in blocks)
        {
            byte[] bytes = new byte[block.SizeBytes];
            Assert.Equal(Hammer2Error.None, Disks[node].Read((long)block.Address, bytes));
            bytes[24] ^= 0xFF;
            Assert.Equal(Hammer2Error.None, Disks[node].Write((long)block.Address, bytes));
        }
        Forget();
    }

    /// <summary>Has the driver's cache forget all but the fillers; some cannot be read, which does not matter
    /// here.</summary>
    public void Forget()
    {
        for (int round = 0; round < 3; round++)
            foreach (ulong filler in _fillers) _ = Ops.GetAttributes(filler, out _);
    }

    /// <summary>Mounts again, for reading, and looks at the media without the driver.</summary>
    public void AssertOnMedia(string place, Action<VnodeOps> check, bool allowsOrphans = false)
    {
        foreach (FaultyBlockDevice device in Devices) device.Heal();
        _mount!.Dispose();
        _mount = null;
        foreach (IBlockDevice disk in Disks) MediaAudit.AssertSound(disk, $"{place} {disk.Name}", allowsOrphans);
        using ClusterMount mount = RecordedScript.Mount(Disks, _label);
        Assert.All(mount.Pfs.View.Members, node => Assert.Equal(NodeState.Synced, node.State));
        check(new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance));
    }

    private void Open()
    {
        _mount = RecordedScript.Mount(Devices, _label, cacheBytes: 1);
        var options = new PfsWriteOptions { Runner = Runner };
        Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting(options));
        Ops = new VnodeOps(_mount.Pfs, NullLogger<VnodeOps>.Instance) { LeftOut = LeftOut.AddRange };
    }

    private List<MapBlock> Map(int node, Predicate<MapBlock> predicate)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(Disks[node])]);
        var map = MediaMap.Read(volumes);
        return [.. map.Blocks.Where(block => predicate(block) && block.Objects.Any(owner => owner.Pfs == _label))];
    }

    private static ulong Owner(MapBlock block)
    {
        while (block.Type == BlockrefType.Indirect) block = block.References[0].Parent!;
        return block.Objects.First().Inum;
    }
}
