// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Format;

namespace Hammer2.Tool.Output;

/// <summary>Names of media values, as upstream prints them.</summary>
internal static class MediaText
{
    /// <summary>The role of a PFS, and the role that it is changing to.</summary>
    public static string Role(in InodeMeta meta)
    {
        string role = Role(meta.PfsType);
        return meta.PfsTypeNext == PfsType.None ? role : $"{role} to {Role(meta.PfsTypeNext)}";
    }

    /// <summary>The subtype of a PFS; "-" for an ordinary one.</summary>
    public static string Subtype(PfsSubtype subtype) => subtype switch
    {
        PfsSubtype.None => "-",
        PfsSubtype.Snapshot => "SNAPSHOT",
        PfsSubtype.AutoSnapshot => "AUTOSNAP",
        _ => Unknown((byte)subtype),
    };

    /// <summary>The kind of a reference.</summary>
    public static string Kind(BlockrefType type) => type switch
    {
        BlockrefType.Empty => "empty",
        BlockrefType.Inode => "inode",
        BlockrefType.Indirect => "indirect",
        BlockrefType.Data => "data",
        BlockrefType.Dirent => "dirent",
        BlockrefType.FreemapNode => "freemap-node",
        BlockrefType.FreemapLeaf => "freemap-leaf",
        BlockrefType.Invalid => "invalid",
        _ => Unknown((byte)type),
    };

    /// <summary>The kind of an object.</summary>
    public static string Kind(ObjectType type) => type switch
    {
        ObjectType.Directory => "directory",
        ObjectType.RegularFile => "file",
        ObjectType.Fifo => "fifo",
        ObjectType.CharacterDevice => "char-device",
        ObjectType.BlockDevice => "block-device",
        ObjectType.SoftLink => "symlink",
        ObjectType.Socket => "socket",
        ObjectType.Whiteout => "whiteout",
        _ => Unknown((byte)type),
    };

    /// <summary>A check method.</summary>
    public static string Check(CheckMethod method) => method switch
    {
        CheckMethod.None => "none",
        CheckMethod.Disabled => "disabled",
        CheckMethod.Iscsi32 => "iscsi32",
        CheckMethod.XxHash64 => "xxhash64",
        CheckMethod.Sha192 => "sha192",
        CheckMethod.Freemap => "freemap",
        _ => Unknown((byte)method),
    };

    /// <summary>A compression method.</summary>
    public static string Compression(CompressionMethod method) => method switch
    {
        CompressionMethod.None => "none",
        CompressionMethod.AutoZero => "autozero",
        CompressionMethod.Lz4 => "lz4",
        CompressionMethod.Zlib => "zlib",
        _ => Unknown((byte)method),
    };

    /// <summary>A compression policy: the method, and the level where one is set.</summary>
    public static string CompressionPolicy(byte policy)
    {
        string method = Compression((CompressionMethod)(policy & 0x0F));
        int level = policy >> 4;
        return level == 0 ? method : $"{method}:{level.ToString(CultureInfo.InvariantCulture)}";
    }

    private static string Role(PfsType type) => type switch
    {
        PfsType.None => "NONE",
        PfsType.Cache => "CACHE",
        PfsType.Slave => "SLAVE",
        PfsType.SoftSlave => "SOFT_SLAVE",
        PfsType.SoftMaster => "SOFT_MASTER",
        PfsType.Master => "MASTER",
        PfsType.SuperRoot => "SUPROOT",
        PfsType.Dummy => "DUMMY",
        _ => Unknown((byte)type),
    };

    private static string Unknown(byte value) => "unknown(" + value.ToString(CultureInfo.InvariantCulture) + ")";
}
