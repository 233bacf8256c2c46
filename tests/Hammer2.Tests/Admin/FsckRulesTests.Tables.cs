// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Admin.Fsck;
using Hammer2.Format;
using Hammer2.Testing;
using RuleTable = System.Collections.Generic.Dictionary<
    string, (Hammer2.Admin.Fsck.FsckSeverity Severity, Hammer2.Admin.Fsck.FsckCode Code,
    System.Action<Hammer2.Tests.Admin.MediaEdit> Change)>;

namespace Hammer2.Tests.Admin;

public sealed partial class FsckRulesTests
{
    private static readonly RuleTable ReferenceRules = new()
    {
        ["reference type"] =
                (Error, FsckCode.ReferenceField, Data((ref reference) => reference.Type = (BlockrefType)9)),
        ["reference check method"] =
                (Error, FsckCode.ReferenceField, Data((ref reference) => reference.Methods = new BlockMethods(0x90))),
        ["reference compression"] =
                (Error, FsckCode.ReferenceField, Data((ref reference) => reference.Methods = new BlockMethods(0x31))),
        ["reference keybits"] = (Error, FsckCode.ReferenceField, Data((ref reference) => reference.KeyBits = 17)),
        ["reference radix"] = (Error, FsckCode.ReferenceField,
                Data((ref reference) => reference.Data = new DataOffset(reference.Data.Bytes, 9))),
        ["reference key not aligned"] = (Error, FsckCode.ReferenceField, Data((ref reference) => reference.Key++)),
        ["reference check code"] = (Error, FsckCode.CheckCode, Data((ref reference) => reference.Check[0]++)),
        ["reference outside all volumes"] = (Error, FsckCode.ReferencePlace,
                Data((ref reference) => reference.Data = new DataOffset(1UL << 50, reference.Data.Radix))),
        ["reference into the freemap"] = (Error, FsckCode.ReferencePlace,
                Data((ref reference) => reference.Data = new DataOffset(0x40010000, reference.Data.Radix))),
        ["reference into the boot area"] = (Error, FsckCode.ReferencePlace, edit => Data((ref reference) =>
            reference.Data = new DataOffset(edit.Header.BootBegin, reference.Data.Radix))(edit)),
        ["reference into the aux area"] = (Error, FsckCode.ReferencePlace, edit => Data((ref reference) =>
            reference.Data = new DataOffset(edit.Header.AuxBegin, reference.Data.Radix))(edit)),
        ["reference across granules"] = (Error, FsckCode.ReferencePlace, Data((ref reference) =>
            reference.Data = new DataOffset(reference.Data.Bytes + 15360, Media.AllocationRadixMin + 1))),
        ["reference into another block"] = (Error, FsckCode.Overlap, edit =>
        {
            ulong other = edit.Some(BlockrefType.Data, block => block.SizeBytes == Media.BufferBytes).Address;
            var within = new DataOffset(other + 16384, Media.GranuleRadix);
            Data((ref reference) => reference.Data = within, 0x10000, true)(edit);
        }
        ),
        ["reference to another kind of block"] = (Error, FsckCode.Overlap, edit => Data((ref reference) =>
            reference.Data = edit.Some(BlockrefType.Inode).Reference.Data, 0x10000)(edit)),
        ["two references to an inode"] = (Error, FsckCode.SharedWithin, edit => Index((ref reference) =>
            reference = edit.Some(BlockrefType.Inode, block => block.Reference.Key == 0x400).Reference
                with
            { Key = reference.Key })(edit)),
        ["keys out of order"] =
                (Error, FsckCode.KeyOrder, Data((ref reference) => reference.Key = 0x40000, 0x10000)),
        ["keys outside the block"] = (Warning, FsckCode.KeyOutside, edit => edit.Reference(
            (in reference) => reference.Type == BlockrefType.Data && reference.Key == 0x2d0000,
            (ref reference) => reference.Key += 1 << 23)),
        ["mirror_tid above the header's"] =
                (Error, FsckCode.MirrorTid, Data((ref reference) => reference.MirrorTid = 999)),
        ["mirror_tid above the parent's"] = (Warning, FsckCode.MirrorTid, edit => edit.Reference(
            (in reference) =>
                reference.Type == BlockrefType.Data && reference.MirrorTid < edit.Header.MirrorTid,
            (ref reference) => reference.MirrorTid = edit.Header.MirrorTid)),
        ["modify_tid above the parent's"] =
                (Note, FsckCode.ModifyTid, Data((ref reference) => reference.ModifyTid = 1 << 20)),
        ["bytes below"] =
                (Warning, FsckCode.Statistics, Index((ref reference) => reference.Subtree.DataCount += 1024)),
        ["inodes below"] = (Warning, FsckCode.Statistics, Index((ref reference) => reference.Subtree.InodeCount++)),
        ["leaves below"] = (Warning, FsckCode.Statistics, edit => edit.Reference(
            (in reference) => reference.Type == BlockrefType.Indirect, (ref reference) => reference.LeafCount++)),
        ["bytes below embedded data"] =
                (Warning, FsckCode.Statistics, Index((ref reference) => reference.Subtree.DataCount += 1024, 0x403)),
        ["unused slot"] = (Warning, FsckCode.SlotNotZero, edit => edit.Reference(
            (in reference) => reference.IsEmpty, (ref reference) => reference.ModifyTid = 1)),
        ["data below a directory"] = (Error, FsckCode.ReferenceKind,
                edit => edit.Inode("/d/rand", inode => inode.Meta.Type = ObjectType.Directory)),
        ["data below a pipe"] = (Error, FsckCode.ReferenceKind,
                edit => edit.Inode("/d/rand", inode => inode.Meta.Type = ObjectType.Fifo)),
        ["inode marked as a PFS"] =
                (Warning, FsckCode.ReferenceField, Index((ref reference) => reference.Flags = BlockrefFlags.PfsRoot)),
        ["undecodable data"] = (Error, FsckCode.DataDecode, edit => edit.Edit(
            edit.Some(BlockrefType.Data, block => block.Reference.Methods.Compression == CompressionMethod.Lz4),
            bytes => bytes.AsSpan(0, 64).Fill(0xFF))),
    };

    private static readonly RuleTable EntryRules = new()
    {
        ["entry without inode"] =
                (Error, FsckCode.EntryInode, Entry("/", "third", (ref entry) => entry.Dirent.Inum = 5000)),
        ["entry of another type"] =
                (Warning, FsckCode.EntryType, Entry("/", "third", (ref entry) => entry.Dirent.Type = ObjectType.Fifo)),
        ["entry beside its hash"] =
                (Warning, FsckCode.EntryHash, Entry("/", "third", (ref entry) => entry.Key += 0x10000)),
        ["entry with a slash"] =
                (Error, FsckCode.EntryName, Entry("/", "third", (ref entry) => entry.Check[2] = (byte)'/')),
        ["entry with bytes behind its name"] =
                (Warning, FsckCode.EntryName, Entry("/", "third", (ref entry) => entry.Check[30] = 1)),
        ["entry without a name"] =
                (Error, FsckCode.ReferenceField, Entry("/", "third", (ref entry) => entry.Dirent.NameBytes = 0)),
        ["entry twice"] = (Warning, FsckCode.EntryTwice, DoubleEntry),
        ["inode without entry"] =
                (Warning, FsckCode.InodeLost, Entry("/", "third", (ref entry) => entry = default)),
        ["inode without entry and links"] = (Note, FsckCode.InodeUnlinked, edit =>
        {
            Entry("/", "third", (ref entry) => entry = default)(edit);
            ulong inum = edit.InumOf("/d/small") + 10; // the one whose entry is removed
            edit.Edit(edit.Some(BlockrefType.Inode, block => block.Reference.Key == inum),
                bytes => new InodeBlock(bytes).Meta.LinkCount = 0);
        }
        ),
        ["directory twice"] = (Error, FsckCode.DirectoryTwice, Entry("/", "third", (ref entry) =>
        {
            entry.Dirent.Inum = 0x400;
            entry.Dirent.Type = ObjectType.Directory;
        })),
        ["directories in a circle"] = (Error, FsckCode.DirectoryCycle, edit =>
        {
            ulong inum = edit.InumOf("/sub");
            Entry("/sub", "x", (ref entry) =>
            {
                entry.Dirent.Inum = inum;
                entry.Dirent.Type = ObjectType.Directory;
            })(edit);
            Entry("/", "sub", (ref entry) => entry = default)(edit);
        }
        ),
    };

    private static readonly RuleTable FreemapRules = new()
    {
        ["inode marked free"] =
                (Error, FsckCode.LiveMarkedFree, edit => MarkFree(edit, edit.Some(BlockrefType.Inode).Address)),
        ["data marked free"] =
                (Error, FsckCode.LiveMarkedFree, edit => MarkFree(edit, edit.Some(BlockrefType.Data).Address)),
        ["data staged"] = (Note, FsckCode.LiveStaged, State(GranuleState.PossiblyFree)),
        ["state without meaning"] = (Warning, FsckCode.FreemapState, State(GranuleState.Reserved)),
        ["available bytes"] = (Warning, FsckCode.FreemapAvailable,
                edit => edit.Freemap(
                    edit.Some(BlockrefType.Data).Address, (ref entry) => entry.AvailableBytes += 16384)),
        ["available bytes out of range"] = (Error, FsckCode.FreemapField,
                edit => edit.Freemap(edit.Some(BlockrefType.Data).Address, (ref entry) => entry.AvailableBytes = 1)),
        ["place for the next block"] = (Error, FsckCode.FreemapLinear, Linear),
        ["place for the next block out of range"] = (Error, FsckCode.FreemapField,
                edit => edit.Freemap(edit.Some(BlockrefType.Data).Address, (ref entry) => entry.LinearOffset = -1)),
        ["static space marked free"] = (Error, FsckCode.FreemapStatic, edit => edit.Freemap(0, (ref entry) =>
        {
            entry.SetState(3, GranuleState.Free);
            entry.AvailableBytes = 16384;
        })),
        ["free space marked in use"] = (Note, FsckCode.Leaked, edit => edit.Freemap(0x20000000, (ref entry) =>
        {
            entry.SetState(3, GranuleState.Allocated);
            entry.AvailableBytes -= 16384;
        })),
        ["class"] = (Note, FsckCode.FreemapClass,
                edit => edit.Freemap(edit.Some(BlockrefType.Data).Address, (ref entry) => entry.Class = 0x910)),
    };

    private static Action<MediaEdit> Data(MediaEdit.Change<Blockref> change, ulong key = 0, bool storesCode = false) =>
        edit => edit.Reference((in reference) => IsWholeBlock(reference) && reference.Key == key, change, storesCode);

    private static Action<MediaEdit> Index(MediaEdit.Change<Blockref> change, ulong inum = 0x401) =>
        edit => edit.Reference((in reference) => reference.Type == BlockrefType.Inode && reference.Key == inum, change);

    private static Action<MediaEdit> Entry(string directory, string name, MediaEdit.Change<Blockref> change) => edit =>
    {
        ulong key = edit.EntryIn("DATA", edit.InumOf(directory), name).Key;
        edit.Reference((in reference) => reference.Type == BlockrefType.Dirent && reference.Key == key, change);
    };

    private static Action<MediaEdit> State(GranuleState state) => edit =>
    {
        ulong address = edit.Some(BlockrefType.Data).Address;
        edit.Freemap(address, (ref entry) => entry.SetState(FreemapGeometry.GranuleOf(address), state));
    };

    /// <summary>Gives one of two entries in a table the name of the other, and the next key.</summary>
    private static void DoubleEntry(MediaEdit edit)
    {
        foreach (MapBlock block in edit.Map.OfType(BlockrefType.Indirect))
        {
            bool isDone = false;
            edit.Edit(block, bytes =>
            {
                Span<Blockref> table = MemoryMarshal.Cast<byte, Blockref>(bytes.AsSpan());
                for (int slot = 0; slot + 1 < table.Length && !isDone; slot++)
                {
                    if (!IsShortEntry(table[slot]) || !IsShortEntry(table[slot + 1])) continue;
                    DirentHead head = table[slot].Dirent with { Inum = table[slot + 1].Dirent.Inum };
                    table[slot + 1] = table[slot] with { Key = table[slot].Key + 1, Dirent = head };
                    isDone = true;
                }
            });
            if (isDone) return;
        }
        throw new InvalidOperationException("no table with two entries");
    }

    private static bool IsShortEntry(in Blockref reference) =>
        reference.Type == BlockrefType.Dirent && reference.Data.Radix == 0;

    private static void Linear(MediaEdit edit)
    {
        // The last kilobyte of a block that starts a granule.
        MapBlock block = edit.Some(BlockrefType.Data, candidate => candidate.SizeBytes is > 1024 and < 16384);
        int offset = (int)(block.Address % Media.SegmentBytes);
        edit.Freemap(block.Address, (ref entry) => entry.LinearOffset = offset + 1024);
    }
}
