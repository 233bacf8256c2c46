// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Format;

/// <summary>A PFS as far as the choice of a default depends on it.</summary>
/// <param name="Label">Its label.</param>
/// <param name="Type">Its role.</param>
/// <param name="Subtype">Whether it is a snapshot.</param>
public readonly record struct PfsChoice(byte[] Label, PfsType Type, PfsSubtype Subtype);

/// <summary>Decides which PFS of a filesystem is meant where none is named.</summary>
public static class DefaultPfs
{
    /// <summary>The label that is meant when there is such a PFS.</summary>
    public const string Label = "DATA";

    private static ReadOnlySpan<byte> LabelBytes => "DATA"u8;

    // Each filesystem of upstream's newfs has this one for what belongs to the device alone.
    private static ReadOnlySpan<byte> DeviceOwnLabel => "LOCAL"u8;

    /// <summary>Chooses among the PFSs of a filesystem, or of several that are the nodes of one cluster: the one
    /// labelled DATA, or else the only label beside LOCAL that is neither a snapshot nor received in part.</summary>
    /// <param name="all">All PFSs.</param>
    /// <returns>Null when there is no such PFS, or several.</returns>
    public static byte[]? Choose(IEnumerable<PfsChoice> all)
    {
        ArgumentNullException.ThrowIfNull(all);
        byte[]? only = null;
        bool isOne = true;
        foreach (PfsChoice pfs in all)
        {
            if (pfs.Label.AsSpan().SequenceEqual(LabelBytes)) return pfs.Label;
            if (pfs.Subtype != PfsSubtype.None || pfs.Type == PfsType.Cache) continue;
            if (pfs.Label.AsSpan().SequenceEqual(DeviceOwnLabel)) continue;
            isOne &= only is null || only.AsSpan().SequenceEqual(pfs.Label);
            only ??= pfs.Label;
        }
        return isOne ? only : null;
    }
}
