// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Tool.Output;

/// <summary>Names of stored values where upstream's command prints them and scripts may look for them.</summary>
internal static class UpstreamNames
{
    /// <summary>The type of an object.</summary>
    public static string Of(ObjectType type) => type switch
    {
        (ObjectType)0 => "UNKNOWN",
        ObjectType.Directory => "DIR",
        ObjectType.RegularFile => "FILE",
        ObjectType.Fifo => "FIFO",
        ObjectType.CharacterDevice => "CDEV",
        ObjectType.BlockDevice => "BDEV",
        ObjectType.SoftLink => "SOFTLINK",
        ObjectType.Socket => "SOCKET",
        ObjectType.Whiteout => "WHITEOUT",
        _ => "ILLEGAL",
    };

    /// <summary>The type of a PFS.</summary>
    public static string Of(PfsType type) => type switch
    {
        PfsType.None => "NONE",
        PfsType.SuperRoot => "SUPROOT",
        PfsType.Dummy => "DUMMY",
        PfsType.Cache => "CACHE",
        PfsType.Slave => "SLAVE",
        PfsType.SoftSlave => "SOFT_SLAVE",
        PfsType.SoftMaster => "SOFT_MASTER",
        PfsType.Master => "MASTER",
        _ => "ILLEGAL",
    };

    /// <summary>The subtype of a PFS.</summary>
    public static string Of(PfsSubtype subtype) => subtype switch
    {
        PfsSubtype.None => "NONE",
        PfsSubtype.Snapshot => "SNAPSHOT",
        PfsSubtype.AutoSnapshot => "AUTOSNAP",
        _ => "ILLEGAL",
    };

    /// <summary>What a list of PFSs shows: the subtype of a master that has one, else the type.</summary>
    public static string Of(PfsType type, PfsSubtype subtype) =>
        type == PfsType.Master && subtype != PfsSubtype.None ? Of(subtype) : Of(type);
}
