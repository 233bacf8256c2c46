// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Chains;
using Hammer2.Cluster.Operations;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Cluster.Reports;

/// <summary>Names the places of damaged blocks for people: the PFS, and the path of the object.</summary>
/// <remarks>An inode says in which directory it was made or renamed last, which is searched for an entry of it. With
/// several links one path is found, or none. Used by one thread.</remarks>
internal sealed class PlaceNames(Pfs pfs, PresentNode node)
{
    private const int LevelsMax = 128;
    private const int EntriesMax = 1 << 18;

    /// <summary>Describes a place.</summary>
    public DamagedPlaceDescription Describe(in DamagedPlace place)
    {
        string kind = (BlockrefType)place.Type switch
        {
            BlockrefType.Data => "data",
            BlockrefType.Dirent => "entry",
            BlockrefType.Inode => "inode",
            _ => "references",
        };
        bool isMounted = place.PfsKey == node.Root.Reference.Key;
        Chain? root = isMounted ? node.Root : RootOf(place.PfsKey);
        string label = root is null ? "" : ByteText.Decode(root.InodeName);
        return new DamagedPlaceDescription(label, PathOf(place, root, isMounted), kind, place.Inum, place.Key);
    }

    private Chain? RootOf(ulong key) =>
        key != 0 && PfsEntry.Find(node.Device, key, out Chain? root) == Hammer2Error.None ? root : null;

    private string PathOf(in DamagedPlace place, Chain? root, bool isMounted)
    {
        if (place.PfsKey == 0) return "the list of PFSs";
        if (place.Inum == 0 || root is null) return "the whole PFS";
        bool isInode = place.Inum == Media.PfsRootInum && place.Key < Media.EntryKeyBit;
        ulong inum = isInode ? place.Key : place.Inum;
        if (isInode && (BlockrefType)place.Type == BlockrefType.Indirect)
            return string.Create(CultureInfo.InvariantCulture, $"inodes from {place.Key} on");
        var names = new Stack<string>();
        for (int level = 0; inum != Media.PfsRootInum && level < LevelsMax; level++)
        {
            if (!TryFind(root, inum, isMounted, out PresentNode? on, out Chain? inode)
                || NameOf(root, inum, inode!.Meta.ParentInum, isMounted) is not { } name)
            {
                names.Push(string.Create(CultureInfo.InvariantCulture, $"(inode {inum})"));
                return string.Join('/', names);
            }
            names.Push(name);
            inum = inode.Meta.ParentInum;
        }
        return "/" + string.Join('/', names);
    }

    // Of the mounted PFS whichever node can show it.
    private bool TryFind(Chain root, ulong inum, bool isMounted, out PresentNode? on, out Chain? inode)
    {
        if (isMounted)
            return pfs.ClusterNodes.LoadCommitted(pfs.View, inum, out on, out inode) == Hammer2Error.None;
        (on, inode) = (node, root);
        if (inum == Media.PfsRootInum) return true;
        return TreePath.Find(node.Device, root, inum, out Blockref found) == Hammer2Error.None
            && found.Type == BlockrefType.Inode && node.Device.Load(found, out inode) == Hammer2Error.None;
    }

    private string? NameOf(Chain root, ulong inum, ulong parent, bool isMounted)
    {
        if (!TryFind(root, parent, isMounted, out PresentNode? on, out Chain? directory)) return null;
        var cursor = new ChainCursor(on!.Device, directory!, Media.EntryKeyBit, ulong.MaxValue);
        Hammer2Error error;
        for (int i = 0; i < EntriesMax && (error = cursor.MoveNext()) != Hammer2Error.NoEntry; i++)
        {
            if (error != Hammer2Error.None || cursor.Current.Type != BlockrefType.Dirent) continue;
            Blockref entry = cursor.Current;
            if (entry.Dirent.Inum != inum) continue;
            Chain? block = null;
            if (entry.Data.SizeBytes > 0 && on.Device.Load(entry, out block) != Hammer2Error.None) return null;
            return ByteText.Decode(EntryNames.Of(entry, block));
        }
        return null;
    }
}
