// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Admin.Fsck;
using Hammer2.Devices;
using Hammer2.Format;
using Xunit;
using RuleTable = System.Collections.Generic.Dictionary<
    string, (Hammer2.Admin.Fsck.FsckSeverity Severity, Hammer2.Admin.Fsck.FsckCode Code,
    System.Action<Hammer2.Tests.Admin.MediaEdit> Change)>;

namespace Hammer2.Tests.Admin;

/// <summary>
/// Goal: each rule finds its inconsistency with the right severity. Method: one field of a sound image is changed and
/// every check code above it is recomputed; the table lists the expected finding.
/// </summary>
public sealed partial class FsckRulesTests
{
    private const FsckSeverity Error = FsckSeverity.Error;
    private const FsckSeverity Warning = FsckSeverity.Warning;
    private const FsckSeverity Note = FsckSeverity.Note;
    private const string Image = "dmg-base";

    private static readonly RuleTable Rules = new()
    {
        ["inode version"] = (Error, FsckCode.InodeField, edit => edit.Inode("/third", inode => inode.Meta.Version = 2)),
        ["inode type unknown"] =
            (Error, FsckCode.InodeField, edit => edit.Inode("/third", inode => inode.Meta.Type = (ObjectType)3)),
        ["inode type other"] =
            (Warning, FsckCode.EntryType, edit => edit.Inode("/third", inode => inode.Meta.Type = ObjectType.SoftLink)),
        ["inode mode"] =
            (Warning, FsckCode.InodeField, edit => edit.Inode("/third", inode => inode.Meta.Mode |= 0x8000)),
        ["inode size"] =
            (Error, FsckCode.InodeField, edit => edit.Inode("/third", inode => inode.Meta.Size = ulong.MaxValue)),
        ["inode number"] = (Error, FsckCode.InodeField, edit => edit.Inode("/third", inode => inode.Meta.Inum++)),
        ["inode links"] = (Warning, FsckCode.LinkCount, edit => edit.Inode("/third", inode => inode.Meta.LinkCount++)),
        ["inode without links"] =
            (Warning, FsckCode.LinkCount, edit => edit.Inode("/third", inode => inode.Meta.LinkCount = 0)),
        ["directory links"] =
            (Note, FsckCode.DirectoryLinkCount, edit => edit.Inode("/d", inode => inode.Meta.LinkCount = 9)),
        ["directory parent"] =
            (Warning, FsckCode.ParentInum, edit => edit.Inode("/d", inode => inode.Meta.ParentInum = 1032)),
        ["inode name"] = (Warning, FsckCode.InodeName, edit => edit.Inode("/third", inode => inode.Name[17]++)),
        ["inode name key"] = (Warning, FsckCode.InodeName, edit => edit.Inode("/third", inode => inode.Meta.NameKey++)),
        ["inode name length"] =
            (Warning, FsckCode.InodeField, edit => edit.Inode("/third", inode => inode.Meta.NameBytes = 300)),
        ["inode compression"] =
            (Warning, FsckCode.InodeField, edit => edit.Inode("/third", inode => inode.Meta.CompressionPolicy = 9)),
        ["inode check"] =
            (Warning, FsckCode.InodeField, edit => edit.Inode("/third", inode => inode.Meta.CheckPolicy = 9)),
        ["inode made a PFS root"] = (Error, FsckCode.InodeField,
            edit => edit.Inode("/third", inode => inode.Meta.OperationFlags |= OperationFlags.PfsRoot)),
        ["directory with embedded data"] = (Error, FsckCode.InodeEmbedded,
            edit => edit.Inode("/sub", inode => inode.Meta.OperationFlags |= OperationFlags.DirectData)),
        ["more embedded data than fits"] =
            (Error, FsckCode.InodeEmbedded, edit => edit.Inode("/d/small", inode => inode.Meta.Size = 513)),
        ["blocks past EOF"] =
            (Warning, FsckCode.DataBeyondEnd, edit => edit.Inode("/d/rand", inode => inode.Meta.Size = 65536)),
        ["next inode number"] =
            (Warning, FsckCode.NextInum, edit => edit.Inode("/", inode => inode.Meta.PfsInum = 1037)),
        ["PFS root flags"] =
            (Error, FsckCode.PfsRoot, edit => edit.Inode("/", inode => inode.Meta.OperationFlags = 0)),
        ["PFS root number"] = (Error, FsckCode.PfsRoot, edit => edit.Inode("/", inode => inode.Meta.Inum = 2)),
        ["PFS root type"] =
            (Error, FsckCode.PfsRoot, edit => edit.Inode("/", inode => inode.Meta.Type = ObjectType.RegularFile)),
        ["PFS role"] = (Warning, FsckCode.PfsRoot, edit => edit.Inode("/", inode => inode.Meta.PfsRole = 7)),
        ["PFS masters"] = (Warning, FsckCode.PfsRoot, edit => edit.Inode("/", inode => inode.Meta.PfsMasters = 9)),
        ["PFS name key"] = (Warning, FsckCode.PfsRoot, edit => edit.Inode("/", inode => inode.Meta.NameKey++)),
        ["PFS label"] = (Warning, FsckCode.PfsRoot, edit => edit.Inode("/", inode => inode.Name[0]++)),
        ["PFS flag of the reference"] = (Warning, FsckCode.PfsRoot, edit => edit.Reference(
            (in reference) => (reference.Flags & BlockrefFlags.PfsRoot) != 0,
            (ref reference) => reference.Flags = BlockrefFlags.None)),
        ["super-root number"] = (Error, FsckCode.PfsRoot, edit => edit.SuperRoot(inode => inode.Meta.Inum = 1)),
        ["super-root role"] = (Error, FsckCode.PfsRoot, edit => edit.SuperRoot(inode => inode.Meta.PfsRole = 6)),
    };

    private static readonly RuleTable HeaderRules = new()
    {
        ["header freemap_tid"] = (Error, FsckCode.HeaderField,
            edit => edit.ChangeHeader(header => header.Fields.FreemapTid = header.Fields.MirrorTid + 1)),
        ["header allocator_beg"] = (Error, FsckCode.HeaderField,
            edit => edit.ChangeHeader(header => header.Fields.AllocatorBegin = header.Fields.AuxEnd - 1024)),
        ["header aux_beg"] = (Error, FsckCode.HeaderField,
            edit => edit.ChangeHeader(header => header.Fields.AuxBegin = header.Fields.AuxEnd + 1)),
        ["header boot_beg"] = (Error, FsckCode.HeaderField,
            edit => edit.ChangeHeader(header => header.Fields.BootBegin = header.Fields.BootEnd + 1)),
        ["header allocator_size"] = (Error, FsckCode.HeaderField,
            edit => edit.ChangeHeader(header => header.Fields.AllocatorBytes = ulong.MaxValue)),
        ["header allocator_free too small"] = (Warning, FsckCode.AllocatorFree,
            edit => edit.ChangeHeader(header => header.Fields.AllocatorFree -= 1 << 28)),
        ["header allocator_free too large"] = (Warning, FsckCode.AllocatorFree,
            edit => edit.ChangeHeader(header => header.Fields.AllocatorFree += 1 << 30)),
        ["mirror_tid of the super-root"] = (Error, FsckCode.MirrorTid, edit => edit.ChangeHeader(header =>
        {
            foreach (ref Blockref root in header.SuperRootBlockset)
                if (!root.IsEmpty) root.MirrorTid = header.Fields.MirrorTid + 1;
        })),
        ["no super-root"] = (Error, FsckCode.HeaderField,
            edit => edit.ChangeHeader(header => header.SuperRootBlockset.Clear())),
        ["no freemap"] = (Error, FsckCode.FreemapMissing,
            edit => edit.ChangeHeader(header => header.FreemapBlockset.Clear())),
    };

    public static TheoryData<string> RuleNames =>
        [.. Rules.Keys, .. HeaderRules.Keys, .. ReferenceRules.Keys, .. EntryRules.Keys, .. FreemapRules.Keys];

    [Theory, MemberData(nameof(RuleNames))]
    public void An_inconsistency_is_found(string name)
    {
        (FsckSeverity severity, FsckCode code, Action<MediaEdit> change) = Rule(name);
        using var edit = new MediaEdit(Image);
        using (VolumeSet before = edit.Open())
        {
            FsckReport sound = FilesystemChecker.Check(before);
            Assert.True(sound.IsClean, sound.ToString());
        }
        change(edit);
        using VolumeSet volumes = edit.Open();
        FsckReport report = FilesystemChecker.Check(volumes);
        Assert.True(
            report.Findings.Any(finding => finding.Code == code && finding.Severity == severity),
            $"{severity} {code} is not among {report}");
        FsckReport inParts = FilesystemChecker.Check(volumes, new FsckOptions { FactsMax = 1 });
        Assert.Equal(report.ToString(), inParts.ToString());
    }

    /// <summary>Makes an inconsistency by its name.</summary>
    internal static void Break(MediaEdit edit, string name) => Rule(name).Change(edit);

    [Fact]
    public void Two_references_of_files_to_the_same_data_are_valid()
    {
        using var edit = new MediaEdit(Image);
        Blockref first = default;
        edit.Reference(
            (in reference) => IsWholeBlock(reference) && reference.Key == 0, (ref reference) => first = reference);
        edit.Reference(
            (in reference) => IsWholeBlock(reference) && reference.Key == 0x10000,
            (ref reference) => reference = first with { Key = reference.Key, MirrorTid = reference.MirrorTid });
        using VolumeSet volumes = edit.Open();
        FsckReport report = FilesystemChecker.Check(volumes);
        Assert.True(report.IsClean, report.ToString());
    }

    [Theory]
    [InlineData("label")]
    [InlineData("node id")]
    [InlineData("cluster id")]
    public void Two_file_systems_with_the_same_name_are_found(string what)
    {
        using var edit = new MediaEdit("pfs-snap");
        InodeMeta data = default;
        edit.Inode("/", inode => data = inode.Meta);
        edit.Inode("/", inode =>
        {
            if (what == "cluster id") inode.Meta.PfsClusterId = data.PfsClusterId;
            if (what == "node id") inode.Meta.PfsNodeId = data.PfsNodeId;
            if (what != "label") return;
            inode.NameArea.Clear();
            "DATA"u8.CopyTo(inode.NameArea);
            inode.Meta.NameBytes = 4;
        }, "SNAP.1");
        using VolumeSet volumes = edit.Open();
        Assert.Contains(FilesystemChecker.Check(volumes).Findings, finding =>
            finding.Code == FsckCode.PfsTwice && finding.Text.Contains(what, StringComparison.Ordinal));
    }

    [Fact]
    public void Blocks_written_after_the_freemap_are_notes()
    {
        using var edit = new MediaEdit(Image);
        edit.ChangeHeader(header => header.Fields.FreemapTid = 1);
        MarkFree(edit, edit.Some(BlockrefType.Inode).Address);
        using VolumeSet volumes = edit.Open();
        FsckReport report = FilesystemChecker.Check(volumes);
        Assert.Contains(report.Findings, finding => finding.Code == FsckCode.LiveUnrecorded);
        Assert.DoesNotContain(report.Findings, finding => finding.Code == FsckCode.LiveMarkedFree);
    }

    private static (FsckSeverity Severity, FsckCode Code, Action<MediaEdit> Change) Rule(string name) =>
        Rules.Concat(HeaderRules).Concat(ReferenceRules).Concat(EntryRules).Concat(FreemapRules)
            .Single(rule => rule.Key == name).Value;

    private static bool IsWholeBlock(in Blockref reference) =>
        reference.Type == BlockrefType.Data && reference.Data.Radix == Media.AllocationRadixMax;

    private static void MarkFree(MediaEdit edit, ulong address) => edit.Freemap(address, (ref entry) =>
    {
        entry.SetState(FreemapGeometry.GranuleOf(address), GranuleState.Free);
        entry.AvailableBytes += Media.GranuleBytes;
    });
}
