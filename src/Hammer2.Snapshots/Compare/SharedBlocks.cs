// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Snapshots.Compare;

/// <summary>What two references of one filesystem prove about what they lead to.</summary>
/// <remarks>
/// Both are valid in one committed state, in which an address has one content. So references that agree in address,
/// size, type, methods and check code lead to the same bytes, and these to the same bytes below. It is a proof, which
/// comparing tids is not: modify_tid of upstream's trees may go down where blocks collapse, and mirror_tid says when a
/// block was written, not whether its content differs from that of another.
/// </remarks>
internal static class SharedBlocks
{
    /// <summary>True when two references of trees are interchangeable: the same keys, the same block, or the same
    /// entry. Statistics may differ, since upstream does not keep them exactly.</summary>
    public static bool IsSame(in Blockref left, in Blockref right) =>
        left.Type == right.Type && left.Methods == right.Methods
        && left.Key == right.Key && left.KeyBits == right.KeyBits
        && left.Data == right.Data
        && left.MirrorTid == right.MirrorTid && left.ModifyTid == right.ModifyTid
        && left.CheckRead.SequenceEqual(right.CheckRead)
        && (left.Type != BlockrefType.Dirent || IsSameHead(left.Dirent, right.Dirent));

    /// <summary>True when two references to file data lead to the same stored bytes, wherever in a file they
    /// stand.</summary>
    public static bool HasSameData(in Blockref left, in Blockref right) =>
        left.Data == right.Data && left.Methods == right.Methods && left.CheckRead.SequenceEqual(right.CheckRead);

    private static bool IsSameHead(in DirentHead left, in DirentHead right) =>
        left.Inum == right.Inum && left.NameBytes == right.NameBytes && left.Type == right.Type;
}
