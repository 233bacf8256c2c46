// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Newfs;

/// <summary>The arguments and options of newfs; upstream's keep their letters.</summary>
internal static class NewfsOptions
{
    public static readonly ArgumentRow Device =
        new("DEVICE", "the volumes, in their order; with --cluster each word is a node, DEVICE[:DEVICE...]")
        {
            Repeats = true,
            Completes = Completion.File,
        };

    public static readonly OptionRow Label =
        new("--label", "make a PFS of this label, up to three; 'none' for LOCAL alone (DATA unless given)")
        {
            Short = "-L",
            ValueName = "LABEL",
            Repeats = true,
        };

    public static readonly OptionRow Size =
        new("--size", "size of the filesystem, or of each volume as A:B:C; files that are missing are made with it")
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
        new("--format-version", "format version 1 or 2 (2 unless given); version 1 has one volume")
        {
            Short = "-V",
            ValueName = "VERSION",
        };

    public static readonly OptionRow Compression =
        new("--compression", "what new files ask for: none, autozero, lz4, zlib or zlib:LEVEL (lz4 unless given)")
        {
            Short = "-c",
            ValueName = "METHOD",
        };

    public static readonly OptionRow Check =
        new("--check", "how new blocks are protected (xxhash64 unless given)")
        {
            Short = "-C",
            ValueName = "METHOD",
            Choices = ["none", "disabled", "iscsi32", "crc32", "xxhash64", "sha192"],
        };

    public static readonly OptionRow Cluster =
        new("--cluster", "make each DEVICE a master of one cluster, which has this label")
        {
            ValueName = "LABEL",
        };

    public static readonly OptionRow Populate =
        new("--populate", "fill the first PFS, or the cluster, with what is in a directory")
        {
            ValueName = "DIRECTORY",
            Completes = Completion.Directory,
        };

    public static readonly OptionRow Owner =
        new("--owner", "owner of the root directories, as numbers: USER or USER:GROUP (the caller unless given)")
        {
            ValueName = "USER[:GROUP]",
        };

    public static readonly OptionRow Force =
        new("--force", "overwrite what is on the devices; never one that is in use") { Short = "-f" };

    public static readonly OptionRow Discard =
        new("--discard", "tell the devices first that nothing on them is needed (TRIM)") { Short = "-E" };

    public static readonly OptionRow DryRun =
        new("--dry-run", "say what would be made, and write nothing") { Short = "-n" };

    public static readonly OptionRow Uuid =
        new("--uuid", "derive all ids from this one, so that they are the same each time") { ValueName = "UUID" };

    public static readonly OptionRow Time =
        new("--time", "stamp what is made with this time, in seconds since 1970") { ValueName = "SECONDS" };

    public static readonly OptionRow Debug =
        new("--debug", "list the volumes and what was found on them") { Short = "-d" };

    /// <summary>All of them.</summary>
    public static readonly OptionRow[] All =
    [
        Label, Size, BootSize, AuxSize, FormatVersion, Compression, Check, Cluster, Populate, Owner, Force, Discard, DryRun,
        Uuid, Time, Debug,
    ];
}
