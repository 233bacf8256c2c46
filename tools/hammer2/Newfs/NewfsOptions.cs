// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Newfs;

/// <summary>The arguments and options of newfs; options of upstream have the same letters.</summary>
internal static class NewfsOptions
{
    public static readonly ArgumentRow Device =
        new("DEVICE", "the volumes, in order; with --cluster each argument is a node, DEVICE[:DEVICE...]")
        {
            Repeats = true,
            Completes = Completion.File,
        };

    public static readonly OptionRow Label =
        new("--label", "make a PFS with this label, up to three; 'none' for LOCAL only (default DATA)")
        {
            Short = "-L",
            ValueName = "LABEL",
            Repeats = true,
        };

    public static readonly OptionRow Size =
        new("--size", "size of the filesystem, or of each volume as A:B:C; missing files are created with it")
        {
            Short = "-s",
            ValueName = "SIZE",
        };

    public static readonly OptionRow BootSize =
        new("--boot-size", "size of the boot area, 8m to 256m (64m, less on small filesystems)")
        {
            Short = "-b",
            ValueName = "SIZE",
        };

    public static readonly OptionRow AuxSize =
        new("--aux-size", "size of the aux area, 8m to 1g (256m, less on small filesystems)")
        {
            Short = "-r",
            ValueName = "SIZE",
        };

    public static readonly OptionRow FormatVersion =
        new("--format-version", "format version 1 or 2 (default 2); version 1 has one volume")
        {
            Short = "-V",
            ValueName = "VERSION",
        };

    public static readonly OptionRow Compression =
        new("--compression", "compression of new files: none, autozero, lz4, zlib or zlib:LEVEL (default lz4)")
        {
            Short = "-c",
            ValueName = "METHOD",
        };

    public static readonly OptionRow Check =
        new("--check", "check method of new blocks (default xxhash64)")
        {
            Short = "-C",
            ValueName = "METHOD",
            Choices = ["none", "disabled", "iscsi32", "crc32", "xxhash64", "sha192"],
        };

    public static readonly OptionRow Cluster =
        new("--cluster", "make each DEVICE a master of one cluster with this label")
        {
            ValueName = "LABEL",
        };

    public static readonly OptionRow Join =
        new("--join", "make a new node of the cluster that this node is in; it is resynchronized when it is mounted")
        {
            ValueName = "DEVICE[@LABEL]",
            Completes = Completion.File,
        };

    public static readonly OptionRow Populate =
        new("--populate", "populate the first PFS, or the cluster, from a directory")
        {
            ValueName = "DIRECTORY",
            Completes = Completion.Directory,
        };

    public static readonly OptionRow Owner =
        new("--owner", "owner of the root directories, as numbers: USER or USER:GROUP (default: the caller)")
        {
            ValueName = "USER[:GROUP]",
        };

    public static readonly OptionRow Force =
        new("--force", "overwrite the content of the devices, but never one in use") { Short = "-f" };

    public static readonly OptionRow Discard =
        new("--discard", "discard (TRIM) the devices first") { Short = "-E" };

    public static readonly OptionRow DryRun =
        new("--dry-run", "print what would be made, write nothing") { Short = "-n" };

    public static readonly OptionRow Uuid =
        new("--uuid", "derive all ids from this one, so that they are the same each time") { ValueName = "UUID" };

    public static readonly OptionRow Time =
        new("--time", "use this time for all inodes, in seconds since 1970") { ValueName = "SECONDS" };

    public static readonly OptionRow Debug =
        new("--debug", "list the volumes and the content found on them") { Short = "-d" };

    /// <summary>All options.</summary>
    public static readonly OptionRow[] All =
    [
        Label, Size, BootSize, AuxSize, FormatVersion, Compression, Check, Cluster, Join, Populate, Owner, Force, Discard, DryRun,
        Uuid, Time, Debug,
    ];
}
