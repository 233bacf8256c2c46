// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Snapshots.Diff;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Snapshots;

/// <summary>Goal: a diff finds what a comparison of everything finds, in bounded memory, and reports what it cannot
/// read.</summary>
public sealed class SnapshotDiffTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(24));

    [Theory, MemberData(nameof(Seeds))]
    public void A_diff_equals_a_full_comparison(ulong seed)
    {
        using IBlockDevice disk = SnapshotHistory.Play(seed, snapshots: 3);
        string[] labels = ["s0", "s1", "s2", NewVolume.Label, NewPfsLocal];
        foreach (string old in labels)
        {
            foreach (string now in labels)
            {
                List<PathDifference> found = SnapshotHistory.Compare(disk, old, now);
                Assert.DoesNotContain(found, one => one.Kind == DifferenceKind.Unresolved);
                Assert.Equal(FullComparison.Of(disk, old, now), FullComparison.Of(found));
                if (old == now) Assert.Empty(found);
                // A name that was lost and one that was found, of one object, are a rename.
                Assert.DoesNotContain(found, one => one.Kind == DifferenceKind.Added && found.Exists(other =>
                    other.Kind == DifferenceKind.Removed && (other.Inum, other.Type) == (one.Inum, one.Type)));
            }
        }
    }

    [Fact]
    public void Attributes_are_a_detail_of_their_objects()
    {
        using IBlockDevice disk = SnapshotHistory.Make(static (ops, snapshot) =>
        {
            ulong first = Create(ops, "first"), second = Create(ops, "second");
            snapshot("s0");
            Set(ops, VnodeOps.RootInum, "user.root", 1000);
            Set(ops, first, "user.long", 1000);
            snapshot("s1");
            Set(ops, VnodeOps.RootInum, "user.root", 20);
            Set(ops, first, "user.short", 20);
            Set(ops, second, "user.short", 20);
            snapshot("s2");
            Set(ops, first, "user.long", 1000);
            Set(ops, first, "user.short", 20);
            Set(ops, VnodeOps.RootInum, "user.root", 20);
        });
        Assert.Equal(["Changed ExtendedAttributes /", "Changed ExtendedAttributes /first"], Lines("s0", "s1"));
        Assert.Equal(["Changed ExtendedAttributes /", "Changed ExtendedAttributes /first",
            "Changed ExtendedAttributes /second"], Lines("s1", "s2"));
        // Set again as they were, in another order.
        Assert.Empty(Lines("s2", NewVolume.Label));

        string[] Lines(string old, string now) => [.. SnapshotHistory.Compare(disk, old, now).Select(Short)];
    }

    private static ulong Create(VnodeOps ops, string name)
    {
        var made = new NewObject(ObjectType.RegularFile, UnixMode.O644);
        Assert.Equal(Errno.None, ops.Create(
            VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), made, new Credentials(1, 1), out VnodeAttributes at));
        return at.Inum;
    }

    private static void Set(VnodeOps ops, ulong inum, string name, int bytes) => Assert.Equal(
        Errno.None, ops.SetExtendedAttribute(
            inum, Encoding.ASCII.GetBytes(name), new byte[bytes], AttributeSetting.None));

    private static string Short(PathDifference one) =>
        $"{one.Kind} {one.Details} {Encoding.ASCII.GetString(one.Path)}";

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void Little_memory_changes_nothing(int objectsMax)
    {
        using IBlockDevice disk = SnapshotHistory.Play(seed: 6, snapshots: 2, steps: 400);
        List<PathDifference> whole = SnapshotHistory.Compare(disk, "s0", NewVolume.Label);
        List<PathDifference> parts = SnapshotHistory.Compare(disk, "s0", NewVolume.Label, objectsMax);
        Assert.True(whole.Count > 20);
        Assert.Equal(whole.Select(Line), parts.Select(Line));
    }

    [Fact]
    public void Each_unreadable_block_leaves_the_rest_and_is_reported()
    {
        int reported = 0;
        for (ulong seed = 1; seed <= 8; seed++) reported += DamageEach(seed);
        Assert.True(reported > 50, $"only {reported} blocks were reported");
    }

    private static int DamageEach(ulong seed)
    {
        using IBlockDevice disk = SnapshotHistory.Play(seed, snapshots: 1, steps: 300);
        IReadOnlyList<string> whole = FullComparison.Of(SnapshotHistory.Compare(disk, "s0", NewVolume.Label));
        int reported = 0;
        foreach (Blockref block in BlocksOf(disk))
        {
            byte[] stored = new byte[block.Data.SizeBytes];
            Assert.Equal(Hammer2Error.None, disk.Read((long)block.Data.Bytes, stored));
            byte[] damaged = [.. stored];
            damaged[damaged.Length / 2] ^= 0x40;
            Assert.Equal(Hammer2Error.None, disk.Write((long)block.Data.Bytes, damaged));
            List<PathDifference> found = SnapshotHistory.Compare(disk, "s0", NewVolume.Label);
            Assert.Equal(Hammer2Error.None, disk.Write((long)block.Data.Bytes, stored));

            // What lies below a directory that cannot be read has no full path.
            string[] missing = [.. whole.Except(FullComparison.Of(found))];
            bool isReported = found.Exists(one => one.Kind == DifferenceKind.Unresolved || one.Path[0] == (byte)'?'
                || one.OldPath is [(byte)'?', ..]);
            Assert.True(isReported || missing.Length == 0,
                $"seed {seed}: {block.Type} at {block.Data.Bytes:x}: {string.Join('\n', missing)}");
            if (isReported) reported++;
            Assert.All(found.Where(one => one.Kind == DifferenceKind.Unresolved), one => Assert.NotEmpty(one.Problem!));
        }
        return reported;
    }

    private const string NewPfsLocal = "LOCAL";

    private static string Line(PathDifference one) =>
        $"{one.Kind} {one.Inum} {one.Details} {Encoding.ASCII.GetString(one.Path)} "
        + (one.OldPath is null ? "" : Encoding.ASCII.GetString(one.OldPath));

    // Of everything but the roots, without which a PFS cannot be named.
    private static List<Blockref> BlocksOf(IBlockDevice disk)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
        var blocks = new Blocks();
        new MediaWalker(volumes).WalkTopology(blocks);
        return blocks.Found;
    }

    private sealed class Blocks : IMediaVisitor
    {
        private readonly HashSet<ulong> _seen = [];

        public List<Blockref> Found { get; } = [];

        public bool Wants(in WalkPosition position, in Blockref reference)
        {
            bool isBelow = position.PfsKey != 0 && !position.IsPfsRoot(reference);
            // A directory entry with a short name has no block; a block without a code cannot be told from another.
            if (isBelow && reference.Data.SizeBytes > 0 && CheckCode.Protects(reference.Methods.Check)
                && _seen.Add(reference.Data.Bytes)) Found.Add(reference);
            return true;
        }

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block) => true;

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault) =>
            Assert.Fail(fault.Reason);
    }
}
