// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Reports;
using Hammer2.Format;

namespace Hammer2.Fuse.Administration;

/// <summary>The names of roles of PFSs in requests and results: those that upstream's pfs-list prints.</summary>
internal static class PfsTypeNames
{
    private static readonly (PfsType Type, string Name)[] Rows =
    [
        (PfsType.None, "NONE"), (PfsType.Cache, "CACHE"), (PfsType.Slave, "SLAVE"), (PfsType.SoftSlave, "SOFT_SLAVE"),
        (PfsType.SoftMaster, "SOFT_MASTER"), (PfsType.Master, "MASTER"), (PfsType.SuperRoot, "SUPROOT"),
        (PfsType.Dummy, "DUMMY"),
    ];

    /// <summary>The name of a role; UNKNOWN for an unknown one.</summary>
    public static string NameOf(PfsType type)
    {
        foreach ((PfsType known, string name) in Rows)
            if (known == type) return name;
        return "UNKNOWN";
    }

    /// <summary>The name of a role, or of the purpose of a snapshot.</summary>
    public static string NameOf(PfsDescription pfs) => (pfs.Type, pfs.Subtype) switch
    {
        (PfsType.Master, PfsSubtype.Snapshot) => "SNAPSHOT",
        (PfsType.Master, PfsSubtype.AutoSnapshot) => "AUTOSNAP",
        _ => NameOf(pfs.Type),
    };

    /// <summary>The role of a name, in any case; null for an unknown one.</summary>
    public static PfsType? Parse(string name)
    {
        foreach ((PfsType type, string known) in Rows)
            if (known.Equals(name, StringComparison.OrdinalIgnoreCase)) return type;
        return null;
    }
}
