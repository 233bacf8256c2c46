// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Hammer2.Admin.Scan;
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Images;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>
/// Goal: no content of media makes reading throw, loop, or return values that the kernel must not get. Method: images
/// with check codes turned off get a few fields changed (mainly references, also to other blocks and thus to cycles),
/// and are then listed, looked up and read as by the kernel. HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class HostileMediaTests
{
    private const int StepsMax = 3000;

    private static readonly string[] Images = ["basic-types", "names", "dir-collide", "links", "pfs-many"];

    private static readonly Lazy<UnprotectedImage[]> Unprotected =
        new(() => [.. Images.Select(name => new UnprotectedImage(name))]);

    private static readonly Lazy<UnprotectedImage[]> UnprotectedNodes =
        new(() => [.. GoldenImage.Nodes("cluster3").Select(name => new UnprotectedImage(name))]);

    public static TheoryData<ulong> ClusterSeeds => new(SeededRandom.Seeds(60));

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(150));

    [Theory, MemberData(nameof(Seeds))]
    public void Changed_metadata_gives_values_or_errors(ulong seed)
    {
        var random = new SeededRandom(seed);
        UnprotectedImage image = random.Pick<UnprotectedImage>(Unprotected.Value);
        using OverlayBlockDevice device = image.Copy();
        for (int change = random.Below(6); change >= 0; change--) Change(image, device, random);

        string label = image == Unprotected.Value[^1] ? "S001" : "DATA";
        TestMount mount;
        try
        {
            mount = TestMount.OpenDevice(device, label, 4 << 20);
        }
        catch (PfsException refusal)
        {
            Assert.True(refusal.Message.Length < 4096);
            Assert.DoesNotContain(refusal.Message, char.IsControl);
            return;
        }

        using (mount) Explore(mount.Ops, random);
    }

    /// <summary>The scan of all references ends for any cycle, and its totals do not depend on its cache.</summary>
    [Theory, MemberData(nameof(Seeds))]
    public void A_scan_of_changed_metadata_ends_with_values(ulong seed)
    {
        var random = new SeededRandom(seed);
        UnprotectedImage image = random.Pick<UnprotectedImage>(Unprotected.Value);
        using OverlayBlockDevice device = image.Copy();
        for (int change = random.Below(6); change >= 0; change--) Change(image, device, random);
        VolumeSet volumes = VolumeSet.Open([device]);
        BlockScanReport report = new BlockScan(volumes).Scan(volumes.Header.SuperRootBlockset);
        Assert.True(report.Totals.References > 0);
        Assert.All(report.Faults, fault => Assert.DoesNotContain(fault.Reason, char.IsControl));
        Assert.Equal(report.FaultsTotal, report.Faults.Count);
    }

    /// <summary>The same with three nodes, each of which may be changed: detected faults of a node are served by its
    /// siblings, which may be changed too.</summary>
    [Theory, MemberData(nameof(ClusterSeeds))]
    public void Changed_nodes_of_a_cluster_give_values_or_errors(ulong seed)
    {
        var random = new SeededRandom(seed);
        var filesystems = new List<VolumeSet>();
        foreach (UnprotectedImage image in UnprotectedNodes.Value)
        {
            OverlayBlockDevice device = image.Copy();
            for (int change = random.Below(8); change > 0; change--) Change(image, device, random);
            filesystems.Add(VolumeSet.Open([device]));
        }

        TestMount mount;
        try
        {
            mount = TestMount.Open(filesystems, "CL", 4 << 20, isDegraded: true);
        }
        catch (PfsException refusal)
        {
            Assert.DoesNotContain(refusal.Message, char.IsControl);
            return;
        }

        using (mount) Explore(mount.Ops, random);
    }

    [Fact]
    public void An_unchanged_image_reads_the_same_without_its_check_codes()
    {
        using OverlayBlockDevice device = Unprotected.Value[0].Copy();
        using TestMount bare = TestMount.OpenDevice(device, "DATA");
        using TestMount whole = TestMount.OpenImage(Images[0], "DATA");
        Assert.Equal(TreeReader.Read(whole.Ops), TreeReader.Read(bare.Ops));
    }

    [Fact]
    public void A_node_whose_indirect_blocks_are_garbage_is_read_from_its_siblings()
    {
        // All tables of node 0 are invalid; its content is read from the others.
        OverlayBlockDevice[] devices = [.. UnprotectedNodes.Value.Select(image => image.Copy())];
        foreach (Blockref block in UnprotectedNodes.Value[0].Blocks)
        {
            if (block.Type != BlockrefType.Indirect) continue;
            byte[] garbage = new byte[block.Data.SizeBytes];
            garbage.AsSpan().Fill(0x55);
            Assert.Equal(Hammer2Error.None, devices[0].Write((long)block.Data.Bytes, garbage));
        }

        using TestMount hurt = TestMount.Open([.. devices.Select(device => VolumeSet.Open([device]))], "CL");
        using TestMount whole = TestMount.Open(
            [.. GoldenImage.Nodes("cluster3").Select(GoldenImage.OpenVolumes)], "CL");
        Assert.Equal(TreeReader.Read(whole.Ops), TreeReader.Read(hurt.Ops));
        Assert.True(hurt.Pfs.RepairedReads > 0);
    }

    private static void Change(UnprotectedImage image, OverlayBlockDevice device, SeededRandom random)
    {
        Blockref target = image.Blocks[random.Below(image.Blocks.Count)];
        byte[] block = new byte[target.Data.SizeBytes];
        Assert.Equal(Hammer2Error.None, device.Read((long)target.Data.Bytes, block));
        int choice = random.Below(10);
        if (choice == 0) block[random.Below(block.Length)] = (byte)random.NextUInt64();
        else if (target.Type == BlockrefType.Inode && choice < 4) ChangeInode(new InodeBlock(block), random);
        else
        {
            int start = target.Type == BlockrefType.Inode ? InodeBlock.UnionOffset : 0;
            Span<Blockref> table = MemoryMarshal.Cast<byte, Blockref>(block.AsSpan(start));
            ChangeReference(ref table[random.Below(table.Length)], image, random);
        }

        Assert.Equal(Hammer2Error.None, device.Write((long)target.Data.Bytes, block));
    }

    private static void ChangeInode(InodeBlock inode, SeededRandom random)
    {
        ref InodeMeta meta = ref inode.Meta;
        switch (random.Below(8))
        {
            case 0: meta.OperationFlags ^= OperationFlags.DirectData; break;
            case 1: meta.Type = (ObjectType)random.Below(12); break;
            case 2: meta.Size = random.NextUInt64() >> random.Below(64); break;
            case 3: meta.Inum = random.NextUInt64() >> random.Below(64); break;
            case 4: meta.ParentInum = random.NextUInt64(); break;
            case 5: random.Fill(inode.NameArea); meta.NameBytes = (ushort)random.Below(300); break;
            case 6:
                (meta.PfsRole, meta.PfsMasters) =
                ((byte)random.NextUInt64(), (byte)random.Below(4)); break;
            default: meta.ModifyTime = meta.ChangeTime = meta.LinkCount = ulong.MaxValue; break;
        }
    }

    private static void ChangeReference(ref Blockref slot, UnprotectedImage image, SeededRandom random)
    {
        Blockref other = image.Blocks[random.Below(image.Blocks.Count)];
        switch (random.Below(9))
        {
            case 0: slot.Type = (BlockrefType)random.Below(9); break;
            case 1: slot.Methods = new BlockMethods((byte)(0x10 | random.Below(5))); break;
            case 2: slot.KeyBits = (byte)random.Below(70); break;
            case 3: slot.Key = random.NextUInt64() >> random.Below(64); break;
            case 4: slot.Data = new DataOffset(random.NextUInt64() >> random.Below(64)); break;
            case 5: slot.Data = other.Data; break;
            case 6: slot = other; break;
            case 7: slot.Dirent.NameBytes = (ushort)random.Below(300); break;
            default:
                slot.Dirent.Inum = random.Chance(50) ? other.Key : (ulong)random.Below(3);
                slot.Check[random.Below(4)] = (byte)"/\0.."[random.Below(4)];
                break;
        }
    }

    private static void Explore(VnodeOps ops, SeededRandom random)
    {
        var directories = new Queue<ulong>([VnodeOps.RootInum]);
        var seen = new HashSet<ulong>(directories);
        for (int steps = 0; directories.TryDequeue(out ulong directory) && steps < StepsMax;)
        {
            foreach (DirectorySink.Entry entry in List(ops, directory, ref steps))
            {
                if (++steps > StepsMax) return;
                Assert.InRange(entry.Name.Length, 1, 255);
                Assert.False(entry.Name.AsSpan().ContainsAny('/', '\0') || entry.Name is "." or "..");
                Errno error = ops.Lookup(
                    directory, Encoding.Latin1.GetBytes(entry.Name), out VnodeAttributes found);
                if (error != Errno.None) continue;
                Assert.NotEqual(0u, VnodeAttributes.TypeBits(found.Type));
                Assert.True(found.SizeBytes <= long.MaxValue);
                if (found.IsDirectory && seen.Add(found.Inum)) directories.Enqueue(found.Inum);
                ReadObject(ops, found, random);
            }
        }

        _ = ops.GetSpace();
        _ = ops.Lookup(VnodeOps.RootInum, "no such name"u8, out _);
        _ = ops.GetAttributes(random.NextUInt64() >> random.Below(64), out _);
    }

    /// <summary>Lists a directory in small parts. Positions must ascend, so that a listing ends.</summary>
    private static List<DirectorySink.Entry> List(VnodeOps ops, ulong directory, ref int steps)
    {
        var all = new List<DirectorySink.Entry>();
        ulong position = 0;
        while (++steps < StepsMax)
        {
            var sink = new DirectorySink(50);
            Errno error = ops.ReadDirectory(directory, position, ref sink);
            Assert.True(error is Errno.None or Errno.EIO);
            if (error != Errno.None || sink.Entries.Count == 0) break;
            foreach (DirectorySink.Entry entry in sink.Entries)
            {
                Assert.True(entry.NextPosition > position);
                position = entry.NextPosition;
            }

            all.AddRange(sink.Entries);
        }

        Assert.Equal([".", ".."], all.Take(2).Select(entry => entry.Name));
        return all[2..];
    }

    private static void ReadObject(VnodeOps ops, in VnodeAttributes found, SeededRandom random)
    {
        var buffer = new byte[random.Between(1, 130_000)];
        ulong position = found.SizeBytes == 0 ? 0 : random.NextUInt64() % found.SizeBytes;
        if (random.Chance(50)) position = 0;
        Errno error = ops.Read(found.Inum, position, buffer, out int readBytes);
        Assert.InRange(readBytes, 0, buffer.Length);
        if (found.Type == ObjectType.RegularFile && error == Errno.None && position < found.SizeBytes)
        {
            Assert.Equal(Math.Min((ulong)buffer.Length, found.SizeBytes - position), (ulong)readBytes);
        }

        error = ops.Seek(found.Inum, position, SeekTarget.Data, out ulong data);
        Assert.True(error != Errno.None || data >= position);
        error = ops.Seek(found.Inum, position, SeekTarget.Hole, out ulong hole);
        Assert.True(error != Errno.None || (hole >= position && hole <= found.SizeBytes));
        _ = ops.ReadLink(found.Inum, buffer, out int targetBytes);
        Assert.InRange(targetBytes, 0, buffer.Length);
    }
}
