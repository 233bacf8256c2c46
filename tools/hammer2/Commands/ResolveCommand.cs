// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Admin;
using Hammer2.Admin.Resolve;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Hammer2.Tool.Recover;

namespace Hammer2.Tool.Commands;

/// <summary>Tells what a block of a filesystem is, or which blocks an object has.</summary>
internal static class ResolveCommand
{
    private static readonly ArgumentRow Volume = new("VOLUME",
        "all devices of one filesystem, and a label for paths, DEVICE[:DEVICE...][@LABEL]; default label DATA; or a mount")
    {
        Completes = Completion.File,
    };

    private static readonly ArgumentRow What = new("WHAT",
        "an address, decimal or hexadecimal after 0x; or the path of an object from the root of the PFS, with a slash first");

    private static readonly OptionRow On = new("--on",
        "WHAT is a byte of this device, as messages have it, not an address of the filesystem")
    { ValueName = "DEVICE" };

    public static readonly CommandRow Row = new("resolve", "tell what a block is, or which blocks a file has", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Of an address: where it is on the devices, what the freemap says of it, and every reference of the newest tree to
            the block around it, with PFS, inode, paths, key and whether it agrees with its check code. Snapshots and equal
            data share blocks, so there may be many. On a filesystem of one volume that begins where its device begins,
            addresses are bytes of the device. All metadata is read.

            Of a path: each block of the object. Of a directory these are its indirect blocks and long names. Symbolic
            links are not followed.

            JSON of an address: address, device, deviceOffset, role, state, class, untouched, fault; uses, each with
            type, pfs, inum, key, keyEnd, address, size, check, compression, mirrorTid, modifyTid, holder, fault and paths;
            usesTotal and unread. Of a path: path, inum, and blocks, each with type, key, address, size, device,
            deviceOffset, check, compression, modifyTid and fault.
            """,
        Arguments = [Volume, What],
        Options = [On, .. MediaOptions.All],
        HasUnits = true,
        Examples =
        [
            new("hammer2 resolve --on /dev/sdb1 /dev/sdb1 0x8810000", "which file a byte in a message of the kernel belongs to"),
            new("hammer2 resolve disk.img@HOME /charlie/letter.odt", "where a file is"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string what = invocation.Text(What);
        MountSpec spec = MediaOptions.ParseReadable(invocation.Text(Volume));
        bool isPath = what.StartsWith('/');
        if (!isPath && !Invocation.TryParseNumber(what, out _))
            throw new CommandException(ExitCode.Usage, $"{what}: neither a number nor a path that begins with a slash");
        if (isPath && invocation.Has(On))
            throw new CommandException(ExitCode.Usage, $"{On.Name} is for addresses, not for paths");
        using VolumeSet volumes = MediaOptions.Open(invocation, spec);
        if (isPath) return ResolvePath(invocation, volumes, spec.Label ?? MountSpec.DefaultLabel, what);
        _ = Invocation.TryParseNumber(what, out ulong address);
        if (invocation.Text(On) is { } device) address = AddressOn(volumes, device, address);
        return ResolveAddress(invocation, volumes, address);
    }

    private static ulong AddressOn(VolumeSet volumes, string device, ulong offset)
    {
        foreach (Volume volume in volumes.Volumes)
        {
            // A partition that was found inside of a disk goes by the name and the bytes of the disk.
            if (!volumes.TryLocate(volume.Start, out string name, out long first)) continue;
            if (name != device && volume.Device.Name != device) continue;
            ulong begin = name == device ? (ulong)first : 0;
            if (offset < begin || offset - begin >= volume.LengthBytes)
                throw new CommandException(ExitCode.NotFound, $"{device}: byte 0x{offset:x} is not in its volume");
            return volume.Start + offset - begin;
        }
        throw new CommandException(ExitCode.Usage, $"{On.Name} {device}: not one of {volumes.Name}");
    }

    private static int ResolveAddress(Invocation invocation, VolumeSet volumes, ulong address)
    {
        if (!volumes.TryLocate(address, out string device, out long offset))
        {
            throw new CommandException(ExitCode.NotFound,
                $"0x{address:x} is in no volume of {volumes.Name}, which ends at 0x{volumes.TotalBytes:x}");
        }
        SpaceFacts space = SpaceFacts.Read(volumes, address);
        BlockSearch search = BlockSearch.Run(volumes, address);
        using Report report = invocation.OpenReport();
        report.Value("address", "address", Cell.Hex(address));
        report.Value("device", "device", Cell.Text(device));
        report.Value("deviceOffset", "byte of the device", Cell.Hex((ulong)offset));
        report.Value("role", "space", Cell.Text(RoleOf(space)));
        if (space.State is { } state) report.Value("state", "state", Cell.Text(StateOf(state, space.IsUntouched)));
        else report.Detail("state", Cell.Absent);
        if (space.Class != BlockrefType.Empty) report.Value("class", "segment of", Cell.Text(MediaText.Kind(space.Class)));
        else report.Detail("class", Cell.Absent);
        report.Detail("untouched", Cell.Flag(space.IsUntouched));
        if (space.Fault is not null) report.Value("fault", "freemap", Cell.Text(space.Fault));
        else report.Detail("fault", Cell.Absent);
        report.BeginList("uses");
        foreach (BlockUse use in search.Uses) WriteUse(report, use);
        report.EndList();
        report.Value("usesTotal", "references", Cell.Number(search.UsesTotal));
        report.Detail("unread", Cell.Number(search.UnreadTotal));
        bool isDamaged = search.UnreadTotal > 0 || space.Fault is not null;
        if (search.UnreadTotal > 0)
            invocation.Warn($"{search.UnreadTotal} indirect blocks cannot be read: there may be more references");
        foreach (BlockUse use in search.Uses) isDamaged |= use.Fault is not null;
        return isDamaged ? ExitCode.Damage : ExitCode.Ok;
    }

    private static void WriteUse(Report report, BlockUse use)
    {
        Blockref reference = use.Reference;
        report.BeginEntry(LineOf(use));
        report.Detail("type", Cell.Text(MediaText.Kind(reference.Type)));
        report.Detail("pfs", use.Label is null ? Cell.Absent : Cell.Text(NameText.Escape(use.Label)));
        report.Detail("inum", use.Position.PfsKey == 0 ? Cell.Absent : Cell.Number(use.Inum));
        report.Detail("key", Cell.Hex(reference.Key));
        report.Detail("keyEnd", Cell.Hex(reference.KeyEnd));
        report.Detail("address", Cell.Hex(reference.Data.Bytes));
        report.Detail("size", Cell.Number(reference.Data.SizeBytes));
        report.Detail("check", Cell.Text(MediaText.Check(reference.Methods.Check)));
        report.Detail("compression", Compression(reference));
        report.Detail("mirrorTid", Cell.Hex(reference.MirrorTid));
        report.Detail("modifyTid", Cell.Hex(reference.ModifyTid));
        report.Detail("holder", use.HolderAddress == 0 ? Cell.Absent : Cell.Hex(use.HolderAddress));
        report.Detail("fault", Cell.Text(use.Fault));
        report.BeginList("paths");
        foreach (byte[] path in use.Paths)
        {
            string text = NameText.Escape(path);
            report.BeginEntry("    " + text);
            report.Detail("path", Cell.Text(text));
            report.EndEntry();
        }
        report.EndList();
        report.EndEntry();
    }

    private static int ResolvePath(Invocation invocation, VolumeSet volumes, string label, string text)
    {
        PfsRecord pfs = PfsOf(volumes, label);
        byte[][] path = RecoverPath.Split(NameText.Unescape(text));
        if (ObjectBlocks.Find(volumes, pfs, path, out Blockref inode) is { } failure)
        {
            bool isAbsent = failure is "no such entry" or "not a directory";
            throw new CommandException(isAbsent ? ExitCode.NotFound : ExitCode.Damage, $"{text}: {failure}");
        }
        bool isDamaged = false;
        using Report report = invocation.OpenReport();
        report.Detail("path", Cell.Text(text));
        report.Detail("inum", Cell.Number(path.Length == 0 ? Media.PfsRootInum : inode.Key));
        report.BeginTable("blocks", new Column("type", "TYPE"), new Column("key", "KEY"), new Column("address", "ADDRESS"),
            new Column("size", "SIZE"), new Column("device", "DEVICE"), new Column("deviceOffset", "BYTE"),
            new Column("check", "CHECK"), new Column("compression", "COMPRESSION"), new Column("modifyTid", "TID"),
            new Column("fault", "FAULT"));
        ObjectBlocks.List(volumes, inode, use =>
        {
            Blockref reference = use.Reference;
            isDamaged |= use.Fault is not null;
            bool isThere = volumes.TryLocate(reference.Data.Bytes, out string device, out long offset);
            report.Row(Cell.Text(MediaText.Kind(reference.Type)), Cell.Hex(reference.Key), Cell.Hex(reference.Data.Bytes),
                Cell.Bytes((ulong)reference.Data.SizeBytes), isThere ? Cell.Text(device) : Cell.Absent,
                isThere ? Cell.Hex((ulong)offset) : Cell.Absent, Cell.Text(MediaText.Check(reference.Methods.Check)),
                Compression(reference), Cell.Hex(reference.ModifyTid), Cell.Text(use.Fault));
        });
        report.EndTable();
        return isDamaged ? ExitCode.Damage : ExitCode.Ok;
    }

    private static PfsRecord PfsOf(VolumeSet volumes, string label)
    {
        byte[] wanted = NameText.Unescape(label);
        foreach (PfsRecord pfs in PfsCatalog.Read(volumes).Records)
            if (pfs.Label.AsSpan().SequenceEqual(wanted)) return pfs;
        throw new CommandException(ExitCode.NotFound,
            $"{volumes.Name}: no PFS has the label {label}, see 'hammer2 pfs-list'");
    }

    private static Cell Compression(in Blockref reference) => reference.Type == BlockrefType.Data
        ? Cell.Text(MediaText.Compression(reference.Methods.Compression))
        : Cell.Absent;

    private static string LineOf(BlockUse use)
    {
        Blockref reference = use.Reference;
        string label = use.Position.PfsKey == 0 ? "" : (use.Label is null ? "?" : NameText.Escape(use.Label)) + ": ";
        string state = use.Fault is not null ? "; BAD: " + use.Fault
            : CheckCode.Protects(reference.Methods.Check) ? "; ok" : "; no check code";
        string holder = use.HolderAddress == 0 ? "a header" : Hex(use.HolderAddress);
        return $"{label}{WhatOf(use)}; {reference.Data.SizeBytes / 1024} KiB at {Hex(reference.Data.Bytes)}, "
            + $"referred to from {holder}{state}";
    }

    private static string WhatOf(BlockUse use)
    {
        Blockref reference = use.Reference;
        string keys = $"{Hex(reference.Key)} to {Hex(reference.KeyEnd)}";
        return reference.Type switch
        {
            BlockrefType.Inode when use.Position.IsInHeader => "the super-root",
            BlockrefType.Inode when use.Position.IsPfsRoot(reference) => "the root of the PFS",
            BlockrefType.Inode => $"inode {Hex(reference.Key)}",
            BlockrefType.Indirect when use.Position.PfsKey == 0 => $"references to PFSs {keys}",
            BlockrefType.Indirect when use.IsInodeIndex => $"references to inodes {keys}",
            BlockrefType.Indirect when use.Position.OwnerType == ObjectType.Directory =>
                $"entries {keys} of directory {Hex(use.Inum)}",
            BlockrefType.Indirect => $"references to bytes {keys} of inode {Hex(use.Inum)}",
            BlockrefType.Dirent => $"the name of entry {Hex(reference.Key)} in directory {Hex(use.Inum)}",
            BlockrefType.FreemapNode or BlockrefType.FreemapLeaf => $"freemap of {keys}",
            _ => $"bytes {keys} of inode {Hex(use.Inum)}",
        };
    }

    private static string RoleOf(SpaceFacts space) => space.Role switch
    {
        SpaceRole.Allocatable => "for allocation",
        SpaceRole.Header => "copy of the volume header",
        SpaceRole.SpareHeader => "spare of the volume header",
        SpaceRole.PreparedRecord => "record of a prepared commit",
        SpaceRole.WriterMark => "mark of the writer",
        SpaceRole.UpkeepRecord => "error counters and the last scrub",
        SpaceRole.Freemap => string.Create(
            CultureInfo.InvariantCulture, $"place {space.FreemapSet} of a freemap block of level {space.FreemapLevel}"),
        SpaceRole.Boot => "boot area",
        SpaceRole.Auxiliary => "auxiliary area",
        SpaceRole.Static => "static: allocated by newfs",
        _ => "reserved, not used",
    };

    private static string StateOf(GranuleState state, bool isUntouched) => state switch
    {
        GranuleState.Free => isUntouched ? "free, never allocated" : "free",
        GranuleState.Reserved => "reserved",
        GranuleState.PossiblyFree => "possibly free: one pass of bulkfree found it unreachable",
        _ => "allocated",
    };

    private static string Hex(ulong value) => "0x" + value.ToString("x", CultureInfo.InvariantCulture);
}
