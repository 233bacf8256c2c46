// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster;

/// <summary>One PFS root as found below a device's super-root.</summary>
/// <param name="Device">The filesystem that contains it.</param>
/// <param name="Root">Its root inode.</param>
public sealed record PfsEntry(MediaDevice Device, Chain Root)
{
    // References are an eighth of the size of their inodes, and several may refer to one inode: without a limit,
    // damaged media of some gigabytes could need more memory than available.
    private const int ListedMax = 65536;

    /// <summary>Its label, 1 to 255 bytes.</summary>
    public ReadOnlySpan<byte> Label => Root.InodeName;

    /// <summary>The cluster that it is a node of.</summary>
    public MediaUuid ClusterId => Root.Meta.PfsClusterId;

    /// <summary>The id of the node.</summary>
    public MediaUuid NodeId => Root.Meta.PfsNodeId;

    /// <summary>True when it has siblings, slaves too: their commits are prepared first, and a slave can become a
    /// master while it is mounted.</summary>
    public bool IsOfCluster =>
        Root.Meta.PfsMasters > 1 || MembershipRecord.Read(Root.AfterInodeName) is { Members.Length: > 1 };

    /// <summary>The label of the PFS that is meant where none is named, as <see cref="DefaultPfs.Choose"/>.</summary>
    /// <param name="entries">All PFSs of a filesystem, or of the nodes of one cluster.</param>
    public static byte[]? DefaultLabelOf(IEnumerable<PfsEntry> entries) => DefaultPfs.Choose(entries.Select(
        static entry => new PfsChoice(entry.Label.ToArray(), entry.Root.Meta.PfsType, entry.Root.Meta.PfsSubtype)));

    /// <summary>Finds the super-root inode.</summary>
    /// <returns>None; Corrupt when the volume header has no such reference; the error of loading it.</returns>
    public static Hammer2Error LoadSuperRoot(MediaDevice device, out Chain? superRoot) =>
        LoadSuperRoot(device, device.RootChain, out superRoot);

    /// <summary>Finds the root of the PFS with a key below the super-root.</summary>
    /// <returns>None; NoEntry; the error of a block on the path.</returns>
    public static Hammer2Error Find(MediaDevice device, ulong key, out Chain? root) =>
        Find(device, device.RootChain, key, out root);

    /// <summary>Finds the root of a PFS as a given commit has it.</summary>
    /// <param name="device">The filesystem.</param>
    /// <param name="volumeRoot">The references of the volume header of that commit.</param>
    /// <param name="key">Its key below the super-root.</param>
    /// <param name="root">Null after an error.</param>
    /// <returns>None; NoEntry; the error of a block on the path.</returns>
    internal static Hammer2Error Find(MediaDevice device, Chain volumeRoot, ulong key, out Chain? root)
    {
        root = null;
        Hammer2Error error = LoadSuperRoot(device, volumeRoot, out Chain? superRoot);
        if (error != Hammer2Error.None) return error;
        var cursor = new ChainCursor(device, superRoot!, key, key);
        error = cursor.MoveNext();
        return error == Hammer2Error.None ? device.Load(cursor.Current, out root) : error;
    }

    /// <summary>
    /// Lists the PFSs of a device. Unreadable ones are skipped and their errors returned: the others can still be
    /// mounted.
    /// </summary>
    /// <param name="device">The filesystem.</param>
    /// <param name="entries">Receives the PFSs in key order.</param>
    /// <returns>None, or all errors OR-ed; TooLarge when there are more than 65536, the rest of which is
    /// skipped.</returns>
    public static Hammer2Error List(MediaDevice device, List<PfsEntry> entries)
    {
        Hammer2Error error = LoadSuperRoot(device, out Chain? superRoot);
        if (error != Hammer2Error.None) return error;

        Hammer2Error errors = Hammer2Error.None;
        int found = 0;
        var cursor = new ChainCursor(device, superRoot!, 0, ulong.MaxValue);
        while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            if (error == Hammer2Error.None && cursor.Current.Type != BlockrefType.Inode) continue;
            Chain? root = null;
            if (error == Hammer2Error.None) error = device.Load(cursor.Current, out root);
            errors |= error;
            if (error != Hammer2Error.None || root!.Meta.Type != ObjectType.Directory) continue;
            if (found++ == ListedMax) return errors | Hammer2Error.TooLarge;
            entries.Add(new PfsEntry(device, root));
        }
        return errors;
    }

    /// <summary>Finds the super-root inode as a given commit has it.</summary>
    /// <returns>As <see cref="LoadSuperRoot(MediaDevice, out Chain?)"/>.</returns>
    internal static Hammer2Error LoadSuperRoot(MediaDevice device, Chain volumeRoot, out Chain? superRoot)
    {
        superRoot = null;
        var cursor = new ChainCursor(device, volumeRoot, Media.SuperRootInum, Media.SuperRootInum);
        Hammer2Error error = cursor.MoveNext();
        if (error == Hammer2Error.None && cursor.Current.Type == BlockrefType.Inode)
            return device.Load(cursor.Current, out superRoot);
        if (error == Hammer2Error.NoEntry)
            return device.ReportMisplaced(default, "the volume header refers to no super-root");
        return error == Hammer2Error.None
            ? device.ReportMisplaced(cursor.Current, "the super-root is not an inode")
            : error;
    }
}
