// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Healing;

/// <summary>Nodes of a cluster with the content of a drawn script and some files, of which blocks are
/// spoiled.</summary>
internal sealed class DamagedCluster : IDisposable
{
    private readonly ulong _seed;
    private readonly string _label;
    private readonly MemoryBlockDevice[] _disks;
    private OpenedPfses? _opened;

    public DamagedCluster(ulong seed, int nodes, int files = 60)
    {
        _seed = seed;
        _label = nodes > 1 ? NewVolume.ClusterLabel : NewVolume.Label;
        _disks = NewVolume.NodesInMemory(nodes, 256L << 20);
        Devices = [.. _disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
        Player = new ScriptPlayer(new SeededRandom(seed));
        Open();
        _ = ModelMount.MakeRoom(Ops, Player, "model");
        var random = new SeededRandom(seed);
        for (int i = 0; i < files; i++) MakeFile(random, $"file {i} {new string('n', random.OneIn(3) ? 90 : 3)}");
        Player.Play(Ops, 150);
        Close();
    }

    public FaultyBlockDevice[] Devices { get; }

    public ScriptPlayer Player { get; }

    public Pfs Pfs => _opened!.Pfses[0];

    public VnodeOps Ops => _opened!.Ops[0];

    public Dictionary<ulong, byte[]> Files { get; } = [];

    /// <summary>The media below the devices.</summary>
    public IReadOnlyList<IBlockDevice> Disks => _disks;

    public void Open() => Open(Devices);

    public void Open(IReadOnlyList<IBlockDevice> devices) =>
        _opened = new OpenedPfses(devices, [(_label, devices.Count)], _seed);

    /// <summary>Reads and heals until reads find nothing more: what is below a damaged block is read only when that is
    /// healed.</summary>
    public void ReadAndHeal()
    {
        long repaired;
        do
        {
            repaired = Pfs.RepairedReads;
            Compare();
            HealAll();
        }
        while (Pfs.RepairedReads != repaired);
    }

    /// <summary>Heals what reads found.</summary>
    public void HealAll()
    {
        while (Pfs.Writer!.Heal())
        {
        }
    }

    public void Close()
    {
        Player.ForgetAll(Ops);
        Assert.Equal(Errno.None, Ops.Sync());
        _opened!.Dispose();
        _opened = null;
    }

    /// <summary>Closes it while what is to be forgotten still is not.</summary>
    public void CloseUnchanged()
    {
        Assert.Equal(Errno.None, Ops.Sync());
        _opened!.Dispose();
        _opened = null;
    }

    /// <summary>Reads everything, from whichever nodes the reads choose.</summary>
    public void Compare()
    {
        Player.Compare(Ops);
        foreach ((ulong inum, byte[] content) in Files)
        {
            byte[] read = new byte[content.Length];
            Assert.Equal(Errno.None, Ops.Read(inum, 0, read, out int bytes));
            Assert.Equal(content.Length, bytes);
            Assert.True(content.AsSpan().SequenceEqual(read), $"file {inum}");
        }
    }

    /// <summary>Changes a byte in each of some blocks of a node, of all types below the PFS root.</summary>
    /// <returns>The blocks.</returns>
    public MapBlock[] Spoil(SeededRandom random, int node, int count, params BlockrefType[] types)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(_disks[node])]);
        MapBlock[] blocks = BlocksOf(volumes, types);
        MapBlock[] spoiled = [.. Enumerable.Range(0, count).Select(_ => random.Pick<MapBlock>(blocks)).Distinct()];
        foreach (MapBlock block in spoiled) SpoilOne(random, node, block);
        return spoiled;
    }

    public void SpoilOne(SeededRandom random, int node, MapBlock block)
    {
        byte[] one = new byte[1];
        long at = (long)block.Address + random.Below(block.SizeBytes);
        Assert.Equal(Hammer2Error.None, _disks[node].Read(at, one));
        one[0] ^= (byte)(1 + random.Below(255));
        Assert.Equal(Hammer2Error.None, _disks[node].Write(at, one));
    }

    public MapBlock[] BlocksOf(int node, params BlockrefType[] types)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(_disks[node])]);
        return BlocksOf(volumes, types);
    }

    /// <summary>Those of blocks whose bytes are not what their check codes say.</summary>
    public List<MapBlock> StillDamaged(int node, IEnumerable<MapBlock> blocks) => [.. blocks.Where(block =>
    {
        byte[] bytes = new byte[block.SizeBytes];
        Assert.Equal(Hammer2Error.None, _disks[node].Read((long)block.Address, bytes));
        return !CheckCode.Verify(block.Reference, bytes);
    })];

    /// <summary>Each node by itself, then compared.</summary>
    public void Judge() => ModelMount.Judge(_disks, _seed);

    public void Dispose()
    {
        _opened?.Dispose();
        foreach (FaultyBlockDevice device in Devices) device.Dispose();
        foreach (MemoryBlockDevice disk in _disks) disk.Dispose();
    }

    /// <summary>Makes a file in the root directory.</summary>
    /// <returns>Its inode number.</returns>
    public ulong MakeFile(string name, byte[] content)
    {
        Assert.Equal(Errno.None, Ops.Create(VnodeOps.RootInum, System.Text.Encoding.ASCII.GetBytes(name),
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
        Assert.Equal(Errno.None, Ops.Write(made.Inum, 0, content, dropsPrivileges: false));
        Files.Add(made.Inum, content);
        return made.Inum;
    }

    /// <summary>Blocks of a node that no check code covers.</summary>
    public MapBlock[] UnprotectedOf(int node)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(_disks[node])]);
        return [.. MediaMap.Read(volumes).Blocks.Where(block => !block.IsProtected
            && block.Objects.All(one => one.Pfs == _label))];
    }

    /// <summary>Blocks of a node that only snapshots have, but for the roots of these.</summary>
    public MapBlock[] BlocksOfSnapshots(int node, BlockrefType type)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(_disks[node])]);
        return [.. MediaMap.Read(volumes).Blocks.Where(block => block.IsProtected && block.Type == type
            && block.Objects.Count > 0
            && block.Objects.All(one => one.Pfs?.StartsWith("snap", StringComparison.Ordinal) == true)
            && !(type == BlockrefType.Inode && block.Objects.Any(one => one.Inum == Media.PfsRootInum)))];
    }

    /// <summary>The leaves of the freemap of a node.</summary>
    public MapBlock[] FreemapOf(int node)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(_disks[node])]);
        return [.. MediaMap.Read(volumes).Blocks.Where(block => block.Type == BlockrefType.FreemapLeaf)];
    }

    private void MakeFile(SeededRandom random, string name)
    {
        byte[] content = new byte[random.OneIn(4) ? random.Below(500) : random.Below(600_000)];
        random.Fill(content);
        _ = MakeFile(name, content);
    }

    private MapBlock[] BlocksOf(VolumeSet volumes, BlockrefType[] types) =>
        [.. MediaMap.Read(volumes).Blocks.Where(block => block.IsProtected
            && block.Type is BlockrefType.Inode or BlockrefType.Indirect or BlockrefType.Data or BlockrefType.Dirent
            && (types.Length == 0 || types.Contains(block.Type))
            && block.Objects.All(one => one.Pfs == _label)
            && !(block.Type == BlockrefType.Inode && block.Objects.Any(one => one.Inum == Media.PfsRootInum)))];
}
