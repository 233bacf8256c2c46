// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Finds labels below a super-root. A label may have any key in the range of its hash.</summary>
internal static class PfsRootKeys
{
    /// <summary>Finds the PFS with a label.</summary>
    /// <param name="device">The filesystem, as of its last commit.</param>
    /// <param name="label">1 to 255 bytes.</param>
    /// <param name="root">Its root.</param>
    /// <param name="free">A key that the label could have, if there is none with it.</param>
    /// <returns>None; NoEntry; NoSpace when there is none, and every key of the range is taken; the fault of a block on
    /// the way, or of a root in the range, which may have the label.</returns>
    public static Hammer2Error Find(MediaDevice device, ReadOnlySpan<byte> label, out Chain? root, out ulong free)
    {
        root = null;
        ulong hash = free = DirectoryHash.Compute(label);
        Hammer2Error error = PfsEntry.LoadSuperRoot(device, out Chain? superRoot);
        if (error != Hammer2Error.None) return error;
        ulong last = DirectoryHash.LastKey(hash);
        var cursor = new ChainCursor(device, superRoot!, hash, last);
        while ((error = cursor.MoveNext()) == Hammer2Error.None)
        {
            if (cursor.Current.Key == free) free++;
            if (cursor.Current.Type != BlockrefType.Inode) continue;
            error = device.Load(cursor.Current, out Chain? found);
            if (error != Hammer2Error.None) return error;
            if (!found!.InodeName.SequenceEqual(label)) continue;
            root = found;
            return Hammer2Error.None;
        }
        return error == Hammer2Error.NoEntry && free > last ? Hammer2Error.NoSpace : error;
    }
}
