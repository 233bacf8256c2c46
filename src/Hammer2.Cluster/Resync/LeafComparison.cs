// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>Compares leaves of one PFS on two nodes by their references. Pure functions.</summary>
/// <remarks>
/// Each image of an inode that this driver commits has a modify_tid of its own, and no number is used twice in a
/// cluster. So where both trees were written by it alone, references with one modify_tid lead to the same inode with
/// all that is below it. Trees that another program changed are compared by content: their numbers may agree by chance.
/// </remarks>
internal static class LeafComparison
{
    /// <summary>Stored in <see cref="Blockref.UpdateTid"/> of an inode that is being copied and has not everything of
    /// its source yet, but its modify_tid; 0 in all others.</summary>
    public const ulong IncompleteMark = 1;

    /// <summary>Compares two references with the same key.</summary>
    /// <param name="source">Of the node that is right.</param>
    /// <param name="target">Of the other one.</param>
    /// <param name="trustsTids">True when both trees were written by this driver alone.</param>
    public static LeafRelation Compare(in Blockref source, in Blockref target, bool trustsTids)
    {
        if (source.Type != target.Type || source.KeyBits != target.KeyBits || source.Methods != target.Methods)
            return LeafRelation.Different;
        bool hasSameTid = source.ModifyTid == target.ModifyTid && source.UpdateTid == target.UpdateTid;
        return source.Type switch
        {
            BlockrefType.Inode => trustsTids && hasSameTid ? LeafRelation.Same : LeafRelation.Unproven,
            BlockrefType.Dirent => CompareEntries(source, target, hasSameTid),
            _ => CompareData(source, target, hasSameTid, trustsTids),
        };
    }

    private static LeafRelation CompareEntries(in Blockref source, in Blockref target, bool hasSameTid)
    {
        bool isSame = source.Dirent.Inum == target.Dirent.Inum && source.Dirent.Type == target.Dirent.Type
            && source.Dirent.NameBytes == target.Dirent.NameBytes && source.CheckRead.SequenceEqual(target.CheckRead);
        if (!isSame) return LeafRelation.Different;
        // A long name is in a block; a code of 32 bits or less does not prove that two are the same.
        if (source.Dirent.NameBytes > Media.EntryNameInlineBytesMax && !IsStrong(source.Methods.Check))
            return LeafRelation.Unproven;
        return hasSameTid ? LeafRelation.Same : LeafRelation.SameContent;
    }

    private static LeafRelation CompareData(
        in Blockref source, in Blockref target, bool hasSameTid, bool trustsTids)
    {
        if (source.Data.SizeBytes != target.Data.SizeBytes || !source.CheckRead.SequenceEqual(target.CheckRead))
            return LeafRelation.Different;
        if (hasSameTid && trustsTids) return LeafRelation.Same;
        if (!IsStrong(source.Methods.Check)) return LeafRelation.Unproven;
        return hasSameTid ? LeafRelation.Same : LeafRelation.SameContent;
    }

    private static bool IsStrong(CheckMethod method) => method is CheckMethod.XxHash64 or CheckMethod.Sha192;
}
