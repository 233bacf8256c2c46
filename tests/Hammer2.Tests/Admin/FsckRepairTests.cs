// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Images;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>
/// Goal: everything repairable is repaired, nothing else changes, and a power failure at any moment is survived.
/// Method: the inconsistencies of <see cref="FsckRulesTests"/>, a repair, a check, and every path read before and
/// after; then the same with a power failure at each write of the repair.
/// </summary>
public sealed class FsckRepairTests
{
    private const string Image = "dmg-base";

    /// <summary>An inconsistency, and the path that it removes or changes, if any.</summary>
    public static TheoryData<string, string?> Repairable => new()
    {
        { "inode mode", null },
        { "inode links", null },
        { "inode without links", null },
        { "directory parent", null },
        { "inode name", null },
        { "inode name key", null },
        { "inode type other", "/third" },
        { "next inode number", null },
        { "PFS flag of the reference", null },
        { "header allocator_free too small", null },
        { "header allocator_free too large", null },
        { "no freemap", null },
        { "mirror_tid above the parent's", null },
        { "bytes below", null },
        { "inodes below", null },
        { "leaves below", null },
        { "bytes below embedded data", null },
        { "unused slot", null },
        { "inode marked as a PFS", null },
        { "entry without inode", "/third" },
        { "entry of another type", "/third" },
        { "entry beside its hash", "/third" },
        { "inode without entry", "/third" },
        { "inode without entry and links", "/third" },
        { "inode marked free", null },
        { "data marked free", null },
        { "state without meaning", null },
        { "available bytes", null },
        { "available bytes out of range", null },
        { "place for the next block", null },
        { "place for the next block out of range", null },
        { "static space marked free", null },
    };

    /// <summary>Inconsistencies whose repair is interrupted at every write.</summary>
    public static TheoryData<string> Cut =>
        ["inode links", "inode without entry", "entry without inode", "data marked free", "no freemap"];

    [Theory, MemberData(nameof(Repairable))]
    public void An_inconsistency_is_repaired_and_nothing_else_changes(string breach, string? hurt)
    {
        using var edit = new MediaEdit(Image);
        Dictionary<string, string> before = Content(edit.Device);
        FsckRulesTests.Break(edit, breach);
        FsckRepairReport report = Repair(edit.Device);
        Assert.False(report.Before.IsClean && report.Before.Totals.Keys.All(code => code != FsckCode.InodeUnlinked));
        Assert.True(report.After.IsClean, $"{string.Join('\n', report.Done)}\n{report.After}");
        Assert.DoesNotContain(FsckCode.InodeUnlinked, report.After.Totals.Keys);
        Assert.Equal((Hammer2Error.None, true), (report.Error, report.HasChanged));
        Dictionary<string, string> after = Content(edit.Device);
        foreach ((string path, string content) in before)
        {
            if (path == hurt) continue;
            string? now = after.GetValueOrDefault(path);
            Assert.True(now == content, $"{path}: {content}, now {now}");
        }
        Assert.False(Repair(edit.Device).HasChanged);
    }

    [Fact]
    public void An_inode_that_lost_its_entry_is_reconnected_with_its_content()
    {
        using var edit = new MediaEdit(Image);
        string content = Content(edit.Device)["/third"];
        ulong inum = edit.InumOf("/third");
        FsckRulesTests.Break(edit, "inode without entry");
        Assert.DoesNotContain("/third", Content(edit.Device).Keys);
        _ = Repair(edit.Device);
        Assert.Equal(content, Content(edit.Device)[$"/lost+found/inode-{inum:x}"]);
    }

    [Fact]
    public void Many_lost_inodes_are_reconnected()
    {
        using var edit = new MediaEdit("dir-deep");
        int lost = 0;
        foreach (MapBlock block in edit.Map.OfType(BlockrefType.Indirect))
        {
            if (lost > 300) break;
            edit.Edit(block, bytes =>
            {
                foreach (ref Blockref slot in MemoryMarshal.Cast<byte, Blockref>(bytes.AsSpan()))
                {
                    if (slot.Type != BlockrefType.Dirent || slot.Data.Radix != 0 || lost > 300) continue;
                    slot = default;
                    lost++;
                }
            });
        }
        FsckRepairReport report = Repair(edit.Device);
        Assert.True(report.Before.Totals[FsckCode.InodeLost] > 250);
        Assert.True(report.After.IsClean, report.After.ToString());
        Assert.True(Content(edit.Device).Keys.Count(IsFound) > 250);
    }

    [Theory]
    [InlineData("dmg-freemap")]
    [InlineData("dmg-volhdr0")]
    [InlineData("dmg-volhdr-best")]
    public void Damage_without_loss_of_data_is_repaired(string image)
    {
        using OverlayBlockDevice device = GoldenImage.OpenOverlay(image);
        Dictionary<string, string> before = Content(device);
        FsckRepairReport report = Repair(device);
        Assert.True(report.After.IsClean, report.After.ToString());
        Assert.Equal(before, Content(device));
    }

    [Theory]
    [InlineData("dmg-data")]
    [InlineData("dmg-indirect")]
    [InlineData("dmg-inode")]
    [InlineData("dmg-dirent")]
    [InlineData("dmg-inode-root")]
    [InlineData("dmg-inode-sroot")]
    public void Lost_data_is_not_repaired(string image)
    {
        using OverlayBlockDevice device = GoldenImage.OpenOverlay(image);
        FsckRepairReport report = Repair(device);
        Assert.False(report.HasChanged);
        Assert.Equal(0, device.UsedBytes);
        Assert.Equal(1, report.After.Errors);
    }

    [Fact]
    public void Preening_skips_repairs_that_need_a_decision()
    {
        using var edit = new MediaEdit(Image);
        FsckRulesTests.Break(edit, "entry without inode");
        using VolumeSet volumes = Open(edit.Device);
        FsckRepairReport report = FsckRepairer.Repair(volumes, new FsckRepairOptions { IsPreen = true });
        Assert.False(report.HasChanged);
        Assert.Contains(report.After.Findings, finding => finding.Code == FsckCode.EntryInode);
    }

    [Theory, MemberData(nameof(Cut))]
    public void A_repair_survives_a_power_failure_at_any_moment(string breach)
    {
        using var edit = new MediaEdit(Image);
        FsckRulesTests.Break(edit, breach);
        Dictionary<string, string> content = Content(edit.Device);
        var history = new WriteHistory(edit.Device);
        FsckRepairReport whole = Repair(history.Open()[0]);
        Assert.True(whole.After.IsClean, whole.After.ToString());
        foreach (ulong seed in SeededRandom.Seeds(3))
        {
            var random = new SeededRandom(seed);
            var cuts = new PowerCuts(history);
            for (int position = 0; position <= history.Events.Count; position++)
            {
                cuts.AdvanceTo(position);
                using OverlayBlockDevice device = cuts.Cut(random)[0];
                string place = $"HAMMER2_SEED={seed}, cut at {position} of {history.Events.Count}";
                using (VolumeSet volumes = Open(device))
                {
                    FsckReport found = FilesystemChecker.Check(volumes);
                    Assert.True(
                        found.Errors <= whole.Before.Errors && found.Warnings <= whole.Before.Warnings + 1,
                        $"{place}: {found}"); // a torn header copy adds a finding
                }
                foreach ((string path, string value) in Content(device))
                    Assert.True(content.GetValueOrDefault(path, value) == value, $"{place}: {path}");
                Assert.True(Repair(device).After.IsClean, place);
            }
        }
    }

    private static bool IsFound(string path) => path.StartsWith("/lost+found/", StringComparison.Ordinal);

    private static FsckRepairReport Repair(IBlockDevice device)
    {
        using VolumeSet volumes = Open(device);
        return FsckRepairer.Repair(volumes);
    }

    private static VolumeSet Open(IBlockDevice device) =>
        VolumeSet.Open([new UnownedDevice(device)], new VolumeSetOptions(IsReadOnly: false));

    // Everything that is visible by path, except fields that a repair may change: link counts and modes.
    private static Dictionary<string, string> Content(IBlockDevice device)
    {
        using TestMount mount = TestMount.OpenDevice(new UnownedDevice(device), "DATA");
        return TreeReader.Read(mount.Ops).ToDictionary(
            entry => entry.Path,
            entry => $"{entry.Attributes.Inum:x} {entry.Attributes.Type} {entry.Attributes.SizeBytes} {entry.Value} "
                + entry.Error);
    }
}
