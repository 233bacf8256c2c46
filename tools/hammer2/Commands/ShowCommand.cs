// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Hammer2.Admin;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the structures of a filesystem: headers, references, inodes, entries.</summary>
internal static class ShowCommand
{
    private static readonly ArgumentRow Volume =
        new("VOLUME", "all devices of one filesystem, and perhaps one PFS of it: DEVICE[:DEVICE...][@LABEL]; or a mount")
        {
            Completes = Completion.File,
        };

    private static readonly OptionRow Tree =
        new("--tree", "which tree to show (default topology)")
        {
            ValueName = "TREE",
            Choices = ["topology", "freemap", "both", "none"],
        };

    private static readonly OptionRow Depth =
        new("--depth", "show at most this number of levels of references") { ValueName = "NUMBER" };

    private static readonly OptionRow NoData = new("--no-data", "leave out references to file data");

    public static readonly CommandRow Row = new("show", "print headers, references and trees on media", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Prints the header of every volume with all its copies, then a line for each reference: its type, its
            keys (first key and number of key bits), offset and size of the block, check and compression method,
            its transaction ids, whether the check code matches, and the main fields of the block.

            With a label only the tree of that PFS is shown. Damaged blocks are marked BAD with the reason, and
            the listing continues with the next block.
            """,
        Arguments = [Volume],
        Options = [Tree, Depth, NoData, .. MediaOptions.All],
        HasUnits = true,
        Examples =
        [
            new("hammer2 show disk.img@DATA --depth 3", "show the top of a tree"),
            new("hammer2 show disk.img --tree freemap", "show the references of the freemap"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string text = invocation.Text(Volume);
        MountSpec spec = MediaOptions.ParseReadable(text);
        using VolumeSet volumes = MediaOptions.Open(invocation, spec);
        ulong? pfsKey = spec.Label is null || MediaOptions.IsMount(text) ? null : FindKey(volumes, spec.Label);
        using Report report = invocation.OpenReport();
        report.Value("name", "devices", Cell.Text(volumes.Name));
        foreach (Volume volume in volumes.Volumes) WriteHeader(report, volume);
        InfoCommand.WriteHeaders(report, volumes);

        string tree = invocation.Text(Tree) ?? "topology";
        var printer = new Printer(report, pfsKey, invocation.Number(Depth) ?? ulong.MaxValue, !invocation.Has(NoData));
        var walker = new MediaWalker(volumes);
        report.BeginList("references");
        if (tree is "topology" or "both") walker.WalkTopology(printer);
        if (tree is "freemap" or "both") walker.WalkFreemap(printer);
        report.EndList();
        return printer.HasDamage ? ExitCode.Damage : ExitCode.Ok;
    }

    private static ulong FindKey(VolumeSet volumes, string label)
    {
        byte[] wanted = NameText.Unescape(label);
        foreach (PfsRecord pfs in PfsCatalog.Read(volumes).Records)
            if (pfs.Label.AsSpan().SequenceEqual(wanted)) return pfs.Key;
        throw new CommandException(ExitCode.NotFound,
            $"{volumes.Name}: no PFS has the label {label}, see 'hammer2 pfs-list'");
    }

    private static void WriteHeader(Report report, Volume volume)
    {
        ref readonly VolumeHeaderSector fields = ref volume.Header.Fields;
        string number = volume.Index.ToString(CultureInfo.InvariantCulture);
        report.BeginSection("volume" + number, $"header of volume {number}, copy {volume.Header.CopyIndex}");
        report.Value("device", "device", Cell.Text(volume.Device.Name));
        report.Value("copy", "copy used", Cell.Number(volume.Header.CopyIndex));
        report.Value("version", "version", Cell.Number(fields.Version));
        report.Value("flags", "flags", Cell.Hex(fields.Flags));
        report.Value("volumeId", "volume", Cell.Text($"{fields.VolumeIndex} of {fields.VolumesTotal}"));
        report.Value("fsid", "fsid", Cell.Text(fields.FilesystemId.ToString()));
        report.Value("fstype", "fstype", Cell.Text(fields.FilesystemType.ToString()));
        report.Value("volumeSize", "volume size", Cell.Bytes(fields.VolumeBytes));
        report.Value("totalSize", "total size", Cell.Bytes(fields.TotalBytes));
        report.Value("boot", "boot area", Cell.Text(Range(fields.BootBegin, fields.BootEnd)));
        report.Value("aux", "aux area", Cell.Text(Range(fields.AuxBegin, fields.AuxEnd)));
        report.Value("allocatorSize", "allocator size", Cell.Bytes(fields.AllocatorBytes));
        report.Value("allocatorFree", "allocator free", Cell.Bytes(fields.AllocatorFree));
        report.Value("allocatorBegin", "allocator begin", Cell.Hex(fields.AllocatorBegin));
        report.Value("mirrorTid", "mirror tid", Cell.Hex(fields.MirrorTid));
        report.Value("freemapTid", "freemap tid", Cell.Hex(fields.FreemapTid));
        report.Value("bulkfreeTid", "bulkfree tid", Cell.Hex(fields.BulkfreeTid));
        report.EndSection();
    }

    private static string Range(ulong begin, ulong end) => $"{Hex(begin)} to {Hex(end)}";

    private static string Hex(ulong value) => "0x" + value.ToString("x", CultureInfo.InvariantCulture);

    private const int Sha192Bytes = 24;

    private sealed class Printer(Report report, ulong? pfsKey, ulong depthMax, bool showsData) : IMediaVisitor
    {
        public bool HasDamage { get; private set; }

        public bool Wants(in WalkPosition position, in Blockref reference)
        {
            if ((ulong)position.Depth >= depthMax) return false;
            if (!showsData && reference.Type == BlockrefType.Data) return false;
            return pfsKey is null || position.PfsKey == pfsKey || position.PfsKey == 0;
        }

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            Write(position, reference, block, null);
            return true;
        }

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault)
        {
            HasDamage = true;
            Write(position, reference, default, fault.Reason);
        }

        private void Write(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block, string? fault)
        {
            string content = fault is null ? Content(reference, block) : "";
            string state = fault is not null ? "BAD: " + fault : CheckCode.Protects(reference.Methods.Check)
                ? "ok" : "unchecked";
            if (reference.Type == BlockrefType.Dirent && reference.Data.SizeBytes == 0
                && fault is null) state = "inline";
            report.BeginEntry(new string(' ', 2 * position.Depth) + Line(reference) + " " + state + content);
            report.Detail("depth", Cell.Number(position.Depth));
            report.Detail("tree", Cell.Text(position.Tree == MediaTree.Freemap ? "freemap" : "topology"));
            report.Detail("type", Cell.Text(MediaText.Kind(reference.Type)));
            report.Detail("key", Cell.Hex(reference.Key));
            report.Detail("keyBits", Cell.Number(reference.KeyBits));
            report.Detail("address", Cell.Hex(reference.Data.Bytes));
            report.Detail("size", Cell.Number(reference.Data.SizeBytes));
            report.Detail("check", Cell.Text(MediaText.Check(reference.Methods.Check)));
            report.Detail("code", Code(reference));
            report.Detail("compression", Cell.Text(MediaText.Compression(reference.Methods.Compression)));
            report.Detail("mirrorTid", Cell.Hex(reference.MirrorTid));
            report.Detail("modifyTid", Cell.Hex(reference.ModifyTid));
            report.Detail("updateTid", Cell.Hex(reference.UpdateTid));
            report.Detail("flags", Cell.Number((byte)reference.Flags));
            report.Detail("leafCount", Cell.Number(reference.LeafCount));
            report.Detail("state", Cell.Text(fault is null ? state : "bad"));
            report.Detail("fault", Cell.Text(fault));
            if (fault is null) WriteContent(reference, block);
            report.EndEntry();
        }

        private static Cell Code(in Blockref reference)
        {
            if (reference.Data.SizeBytes == 0) return Cell.Absent;
            ReadOnlySpan<byte> stored = reference.CheckRead;
            return reference.Methods.Check switch
            {
                CheckMethod.Iscsi32 or CheckMethod.Freemap => Cell.Hex(BinaryPrimitives.ReadUInt32LittleEndian(stored)),
                CheckMethod.XxHash64 => Cell.Hex(BinaryPrimitives.ReadUInt64LittleEndian(stored)),
                CheckMethod.Sha192 => Cell.Text("0x" + Convert.ToHexStringLower(stored[..Sha192Bytes])),
                _ => Cell.Absent,
            };
        }

        private static string Line(in Blockref reference)
        {
            var line = new StringBuilder(MediaText.Kind(reference.Type));
            line.Append(CultureInfo.InvariantCulture, $" {reference.Key:x16}/{reference.KeyBits}");
            if (reference.Data.SizeBytes > 0)
                line.Append(CultureInfo.InvariantCulture, $" at {reference.Data.Bytes:x}+{reference.Data.SizeBytes}");
            line.Append(' ').Append(MediaText.Check(reference.Methods.Check));
            if (reference.Type == BlockrefType.Data) line.Append(' ').Append(MediaText.Compression(reference.Methods.Compression));
            line.Append(CultureInfo.InvariantCulture,
                $" mirror {reference.MirrorTid:x} modify {reference.ModifyTid:x}");
            if (reference.UpdateTid != 0) line.Append(CultureInfo.InvariantCulture, $" update {reference.UpdateTid:x}");
            if (reference.Type is BlockrefType.Inode or BlockrefType.Indirect)
            {
                line.Append(CultureInfo.InvariantCulture,
                    $" below {reference.Subtree.DataCount} bytes {reference.Subtree.InodeCount} inodes");
            }
            return line.ToString();
        }

        private static string Content(in Blockref reference, ReadOnlySpan<byte> block)
        {
            switch (reference.Type)
            {
                case BlockrefType.Inode:
                    ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
                    string mode = Convert.ToString(meta.Mode & 0xFFF, 8).PadLeft(4, '0');
                    return string.Create(CultureInfo.InvariantCulture,
                        $"; {MediaText.Kind(meta.Type)} {Hex(meta.Inum)} \"{NameOf(meta, block)}\" mode {mode} "
                        + $"size {meta.Size} links {meta.LinkCount}{(meta.HasDirectData ? " embedded" : "")}"
                        + $"{AttributeText.Of(meta.Inum, block)}");
                case BlockrefType.Dirent:
                    return $"; \"{EntryName(reference, block)}\" is {MediaText.Kind(reference.Dirent.Type)} "
                        + Hex(reference.Dirent.Inum);
                default:
                    return "";
            }
        }

        private void WriteContent(in Blockref reference, ReadOnlySpan<byte> block)
        {
            if (reference.Type == BlockrefType.Dirent)
            {
                report.Detail("inum", Cell.Number(reference.Dirent.Inum));
                report.Detail("objectType", Cell.Text(MediaText.Kind(reference.Dirent.Type)));
                report.Detail("name", Cell.Text(EntryName(reference, block)));
            }
            if (reference.Type is BlockrefType.Inode or BlockrefType.Indirect)
            {
                report.Detail("dataCount", Cell.Number(reference.Subtree.DataCount));
                report.Detail("inodeCount", Cell.Number(reference.Subtree.InodeCount));
            }
            if (reference.Type != BlockrefType.Inode) return;
            ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
            report.Detail("inum", Cell.Number(meta.Inum));
            report.Detail("objectType", Cell.Text(MediaText.Kind(meta.Type)));
            report.Detail("name", Cell.Text(NameOf(meta, block)));
            report.Detail("mode", Cell.Text(Convert.ToString(meta.Mode & 0xFFF, 8).PadLeft(4, '0')));
            report.Detail("uid", Cell.Number(meta.UserId.UnixId));
            report.Detail("gid", Cell.Number(meta.GroupId.UnixId));
            report.Detail("fileSize", Cell.Number(meta.Size));
            report.Detail("links", Cell.Number(meta.LinkCount));
            report.Detail("parent", Cell.Number(meta.ParentInum));
            report.Detail("operationFlags", Cell.Number((byte)meta.OperationFlags));
            report.Detail("userFlags", Cell.Hex((uint)meta.UserFlags));
            report.Detail("ctime", Cell.Time(meta.ChangeTime));
            report.Detail("mtime", Cell.Time(meta.ModifyTime));
            report.Detail("btime", Cell.Time(meta.BirthTime));
            report.Detail("attributes", Cell.Text(AttributeText.Of(meta.Inum, block).TrimStart()));
        }

        private static string NameOf(in InodeMeta meta, ReadOnlySpan<byte> block) => NameText.Escape(
            block.Slice(InodeBlock.NameOffset, Math.Min((int)meta.NameBytes, InodeBlock.NameAreaBytes)));

        private static string EntryName(in Blockref reference, ReadOnlySpan<byte> block)
        {
            int length = reference.Dirent.NameBytes;
            return NameText.Escape(length <= Media.EntryNameInlineBytesMax
                ? reference.CheckRead[..length] : block[..length]);
        }
    }
}
