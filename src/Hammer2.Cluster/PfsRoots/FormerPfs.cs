// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>A PFS as an older volume header of a node leads to it.</summary>
/// <param name="Header">The header.</param>
/// <param name="Device">The filesystem as that header leads to it, for reading.</param>
/// <param name="Root">The root of the PFS.</param>
internal sealed record FormerPfs(VolumeHeader Header, MediaDevice Device, Chain Root)
{
    /// <summary>The older headers of a filesystem that are valid, by the number of their copy.</summary>
    public static List<VolumeHeader> HeadersOf(MediaDevice device)
    {
        var found = new List<VolumeHeader>();
        ulong newest = device.Header.Fields.MirrorTid;
        try
        {
            foreach (VolumeHeaderCopy copy in VolumeHeaderCopies.Read(device.RootVolume).Copies)
            {
                if (copy.Header is { } header && header.Fields.MirrorTid < newest
                    && header.Fields.FilesystemId == device.Header.Fields.FilesystemId) found.Add(header);
            }
        }
        catch (NotHammer2Exception)
        {
            // The only copy is being written.
            found.Clear();
        }
        return found;
    }

    /// <summary>Finds the PFS of a node below one of its older headers.</summary>
    /// <param name="node">The node.</param>
    /// <param name="copyIndex">Which copy of the header, 0 to 3.</param>
    /// <param name="found">The PFS; null after an error.</param>
    /// <returns>None; NoEntry when the copy is no older header, or does not lead to the PFS; the fault of a block on
    /// the way.</returns>
    public static Hammer2Error FindAt(PresentNode node, int copyIndex, out FormerPfs? found)
    {
        found = null;
        VolumeHeader? header = HeadersOf(node.Device).Find(header => header.CopyIndex == copyIndex);
        return header is null ? Hammer2Error.NoEntry : FindBelow(node, header, out found);
    }

    /// <summary>Finds the PFS of a node below the older header that leads to one of its commits.</summary>
    /// <param name="node">The node.</param>
    /// <param name="commit">Number of the commit: modify_tid of the root.</param>
    /// <param name="found">The PFS; null after an error.</param>
    /// <returns>As <see cref="FindAt"/>.</returns>
    public static Hammer2Error FindCommit(PresentNode node, ulong commit, out FormerPfs? found)
    {
        foreach (VolumeHeader header in HeadersOf(node.Device))
        {
            if (FindBelow(node, header, out found) == Hammer2Error.None
                && found!.Root.Reference.ModifyTid == commit) return Hammer2Error.None;
        }
        found = null;
        return Hammer2Error.NoEntry;
    }

    /// <summary>Finds the PFS of a node below the older header with a mirror_tid.</summary>
    /// <returns>As <see cref="FindAt"/>.</returns>
    public static Hammer2Error FindHeader(PresentNode node, ulong mirrorTid, out FormerPfs? found)
    {
        found = null;
        VolumeHeader? header = HeadersOf(node.Device).Find(header => header.Fields.MirrorTid == mirrorTid);
        return header is null ? Hammer2Error.NoEntry : FindBelow(node, header, out found);
    }

    /// <summary>Finds the PFS of a node below an older header.</summary>
    public static Hammer2Error FindBelow(PresentNode node, VolumeHeader header, out FormerPfs? found)
    {
        found = null;
        MediaDevice device = MediaDevice.AtHeader(node.Device, header);
        var entries = new List<PfsEntry>();
        Hammer2Error errors = PfsEntry.List(device, entries);
        InodeMeta own = node.Root.Meta;
        // By its ids: it may have had another label.
        PfsEntry? entry = entries.Find(
            entry => entry.NodeId == own.PfsNodeId && entry.ClusterId == own.PfsClusterId);
        if (entry is null) return errors == Hammer2Error.None ? Hammer2Error.NoEntry : errors;
        found = new FormerPfs(header, device, entry.Root);
        return Hammer2Error.None;
    }
}
