// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.MetaImage;
using Hammer2.Admin.Scan;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Recovery;

/// <summary>
/// Goal: an image of metadata has all metadata and no file contents: checkers say the same of it as of the original, up
/// to data. Method: golden images, sound and damaged, of several volumes, with snapshots and every check code.
/// </summary>
public sealed class MetaImageTests
{
    public static TheoryData<string, bool> Images => new()
    {
        { "basic-makefs", false }, { "basic-types", true }, { "pfs-snap", true }, { "pfs-many", false },
        { "mvol2", true }, { "matrix", false }, { "dir20k", true }, { "dir-collide", true },
        { "deleted-nobulkfree", false }, { "dmg-data", false }, { "dmg-indirect", true }, { "dmg-inode", false },
        { "dmg-inode-root", false }, { "dmg-inode-sroot", false }, { "dmg-freemap", true }, { "cluster2.n0", true },
    };

    [Theory, MemberData(nameof(Images))]
    public void Checkers_say_the_same_of_the_image_as_of_the_original(string image, bool scrambles)
    {
        using VolumeSet original = GoldenImage.OpenVolumes(image);
        using VolumeSet copy = Copy(original, scrambles, out MetaImageReport report);
        var options = new FsckOptions { ReadsData = false };
        FsckReport expected = FilesystemChecker.Check(original, options);
        FsckReport found = FilesystemChecker.Check(copy, options);
        Assert.Equal(expected.Findings.Select(Describe), found.Findings.Select(Describe));
        Assert.Equal((expected.Inodes, expected.Entries, expected.Indirects, expected.DataBlocks, expected.BytesLeaked),
            (found.Inodes, found.Entries, found.Indirects, found.DataBlocks, found.BytesLeaked));
        Assert.Equal(scrambles, report.ScrambledNames > 0);
        Assert.Equal(image.StartsWith("dmg-", StringComparison.Ordinal) && image is not ("dmg-data" or "dmg-freemap"),
            report.UnreadTotal > 0);

        // What upstream's checker does: the check code of every block that is reached, data too.
        BlockScanReport before = new BlockScan(original).Scan(original.Header.SuperRootBlockset);
        BlockScanReport after = new BlockScan(copy).Scan(copy.Header.SuperRootBlockset);
        Assert.Equal(image == "dmg-data" ? 0 : before.FaultsTotal, after.FaultsTotal);
    }

    [Theory]
    [InlineData("basic-makefs")]
    [InlineData("matrix")]
    public void No_file_contents_are_in_the_image(string image)
    {
        using VolumeSet original = GoldenImage.OpenVolumes(image);
        using VolumeSet copy = Copy(original, scrambles: false, out MetaImageReport report);
        int data = 0, embedded = 0;
        foreach (MapBlock block in MediaMap.Read(original).Blocks)
        {
            byte[] bytes = new byte[block.SizeBytes];
            Assert.Equal(Hammer2Error.None, copy.Read(block.Address, bytes));
            if (block.Type == BlockrefType.Data)
            {
                Assert.True(BlockCodec.IsAllZero(bytes));
                data++;
            }
            else if (block.Type == BlockrefType.Inode
                && InodeBlock.ReadMeta(bytes) is { HasDirectData: true, Size: > 0 })
            {
                Assert.True(BlockCodec.IsAllZero(bytes.AsSpan(InodeBlock.UnionOffset)));
                embedded++;
            }
        }
        Assert.True(data > 0 && report.DataReferences >= data);
        Assert.Equal(embedded, report.EmbeddedContents);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Scrambling_leaves_no_attributes(bool scrambles)
    {
        using MemoryBlockDevice device = NewVolume.InMemory();
        ulong inum = 0;
        using (ClusterMount mount = RecordedScript.Mount([device], NewVolume.Label))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(RecordedScript.Options(1)));
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            var made = new NewObject(ObjectType.RegularFile, UnixMode.O644);
            foreach (int bytes in (int[])[10, 400, 5000])
            {
                Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, Encoding.ASCII.GetBytes($"file{bytes}"), made,
                    new Credentials(1, 1), out VnodeAttributes at));
                byte[] value = [.. Enumerable.Repeat("secret"u8.ToArray(), bytes).SelectMany(static part => part)];
                Assert.Equal(Errno.None, ops.SetExtendedAttribute(
                    at.Inum, "user.secret"u8, value.AsSpan(0, bytes), AttributeSetting.None));
                if (bytes == 10) inum = at.Inum;
            }
            Assert.Equal(Errno.None, ops.Sync());
        }
        using VolumeSet original = VolumeSet.Open([new UnownedDevice(device)]);
        using VolumeSet copy = Copy(original, scrambles, out MetaImageReport report);
        Assert.Equal(scrambles ? 3 : 0, report.DroppedAttributes);
        Assert.Empty(FilesystemChecker.Check(copy, new FsckOptions { ReadsData = false }).Findings);
        bool isFound = false;
        foreach (MapBlock block in MediaMap.Read(copy).Blocks)
        {
            byte[] bytes = new byte[block.SizeBytes];
            Assert.Equal(Hammer2Error.None, copy.Read(block.Address, bytes));
            isFound |= bytes.AsSpan().IndexOf("secret"u8) >= 0;
            if (block.Type != BlockrefType.Inode || block.Reference.Key != inum) continue;
            bool isKept = AttributeRecord.TryRead(
                bytes.AsSpan()[InodeBlock.NameOffset..InodeBlock.UnionOffset][Media.InodeNameBytes..], inum, out _);
            Assert.Equal(!scrambles, isKept);
        }
        Assert.Equal(!scrambles, isFound);
    }

    [Fact]
    public void Names_are_replaced_by_names_of_the_same_hash()
    {
        var scrambler = new NameScrambler(7);
        var random = new SeededRandom(3);
        int changed = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] name = new byte[1 + random.Below(255)];
            for (int at = 0; at < name.Length; at++) name[at] = (byte)"abcdefghXYZ019.-_~"[random.Below(18)];
            byte[] made = (byte[])name.Clone();
            bool isChanged = scrambler.Scramble(made);
            Assert.Equal(isChanged, !made.AsSpan().SequenceEqual(name));
            Assert.Equal(DirectoryHash.Compute(name), DirectoryHash.Compute(made));
            Assert.DoesNotContain(made, value => value is 0 or (byte)'/');
            string[] parts = Encoding.Latin1.GetString(name).Split('.', '-', '_', '~');
            Assert.Equal(parts.Any(part => part.Length > 4), isChanged);
            if (isChanged) changed++;
        }
        Assert.True(changed > 1000);
        byte[] again = "letter-to-charlie.odt"u8.ToArray(), same = "letter-to-charlie.odt"u8.ToArray();
        Assert.True(scrambler.Scramble(again) && scrambler.Scramble(same));
        Assert.Equal(again, same);
        Assert.EndsWith(".odt", Encoding.Latin1.GetString(again), StringComparison.Ordinal);
    }

    [Fact]
    public void The_command_makes_sparse_files_and_replaces_none()
    {
        using var scratch = new ScratchDirectory();
        string file = scratch.Below("meta.img");
        ToolRun run = ToolRun.Execute("metaimage", "--json", GoldenImage.Path("basic-makefs"), file);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(1, run.Json.GetProperty("formatVersion").GetInt32());
        Assert.True(run.Json.GetProperty("inodes").GetInt32() > 10);
        Assert.Equal(0, ToolRun.Execute("fsck", "--quick", file).ExitCode);
        Assert.Equal(3, ToolRun.Execute("metaimage", GoldenImage.Path("basic-makefs"), file).ExitCode);
        Assert.Equal(1, ToolRun.Execute("metaimage", GoldenImage.Path("dmg-inode"), scratch.Below("d.img")).ExitCode);
        string several = string.Join(':', GoldenImage.Paths("mvol2"));
        Assert.Equal(0, ToolRun.Execute("metaimage", several, scratch.Below("m")).ExitCode);
        Assert.Equal(0, ToolRun.Execute("ls", scratch.Below("m.0") + ":" + scratch.Below("m.1"), "/").ExitCode);
        Assert.Equal(new FileInfo(GoldenImage.Paths("mvol2")[1]).Length, new FileInfo(scratch.Below("m.1")).Length);
    }

    private static string Describe(FsckFinding finding) =>
        $"{finding.Severity} {finding.Code} {finding.Address:x} {finding.PfsKey:x} {finding.Inum:x} {finding.Key:x}";

    private static VolumeSet Copy(VolumeSet original, bool scrambles, out MetaImageReport report)
    {
        var devices = new List<IBlockDevice>();
        foreach (Volume volume in original.Volumes) devices.Add(new MemoryBlockDevice((long)volume.LengthBytes));
        var options = new MetaImageOptions { ScramblesNames = scrambles, Seed = 1 };
        report = MetaImageWriter.Write(original, devices, options);
        return VolumeSet.Open(devices);
    }
}
