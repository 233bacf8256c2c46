// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tests.Mutation;

/// <summary>A field to damage: offset in its structure, size in bytes, name.</summary>
internal readonly record struct Field(int Offset, int Bytes, string Name);

/// <summary>The fields of media structures that readers use.</summary>
internal static class FieldTable
{
    /// <summary>A reference, 128 bytes.</summary>
    internal static readonly Field[] Blockref =
    [
        new(0x00, 1, "type"), new(0x01, 1, "methods"), new(0x03, 1, "keybits"), new(0x05, 1, "flags"),
        new(0x06, 2, "leaf_count"), new(0x08, 8, "key"), new(0x10, 8, "mirror_tid"),
        new(0x18, 8, "modify_tid"),
        new(0x20, 8, "data_off"), new(0x20, 1, "radix"), new(0x28, 8, "update_tid"),
        new(0x30, 8, "dirent.inum"), new(0x38, 2, "dirent.namlen"), new(0x3A, 1, "dirent.type"),
        new(0x40, 8, "check"), new(0x40, 1, "name byte"), new(0x44, 4, "check.bigmask"),
    ];

    /// <summary>An inode, 1024 bytes, before its references.</summary>
    internal static readonly Field[] Inode =
    [
        new(0x00, 2, "version"), new(0x03, 1, "pfs_subtype"), new(0x04, 4, "uflags"), new(0x08, 4, "rmajor"),
        new(0x10, 8, "ctime"), new(0x18, 8, "mtime"), new(0x20, 8, "atime"), new(0x28, 8, "btime"),
        new(0x30, 8, "uid"), new(0x3C, 4, "uid number"), new(0x50, 1, "type"), new(0x51, 1, "op_flags"),
        new(0x54, 4, "mode"), new(0x58, 8, "inum"), new(0x60, 8, "size"), new(0x68, 8, "nlinks"),
        new(0x70, 8, "iparent"), new(0x78, 8, "name_key"), new(0x80, 2, "name_len"),
        new(0x83, 1, "comp_algo"),
        new(0x85, 1, "check_algo"), new(0x86, 1, "pfs_nmasters"), new(0x87, 1, "pfs_type"),
        new(0x88, 8, "pfs_inum"), new(0x90, 8, "pfs_clid"), new(0xA0, 8, "pfs_fsid"),
        new(0xD0, 8, "pfs_lsnap_tid"), new(0x100, 8, "filename"),
    ];

    /// <summary>A volume header, before its references.</summary>
    internal static readonly Field[] Header =
    [
        new(0x000, 8, "magic"), new(0x008, 8, "boot_beg"), new(0x020, 8, "aux_end"),
        new(0x028, 8, "volu_size"),
        new(0x030, 4, "version"), new(0x034, 4, "flags"), new(0x03B, 1, "volu_id"), new(0x03C, 1, "nvolumes"),
        new(0x040, 8, "fsid"), new(0x050, 8, "fstype"), new(0x060, 8, "allocator_size"),
        new(0x068, 8, "allocator_free"), new(0x070, 8, "allocator_beg"), new(0x078, 8, "mirror_tid"),
        new(0x090, 8, "freemap_tid"), new(0x0C0, 8, "total_size"), new(0x1F8, 4, "icrc 6"),
        new(0x1FC, 4, "icrc 7"), new(0xE00, 8, "volu_loff[0]"), new(0xE08, 8, "volu_loff[1]"),
        new(0xFF8, 8, "volu_loff[63]"), new(0xFFFC, 4, "icrc_volheader"),
    ];
}
