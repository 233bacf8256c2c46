// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Format;

namespace Hammer2.Membership;

/// <summary>Whether a node's root was last committed by this driver.</summary>
public enum StampState
{
    /// <summary>There is no stamp: nothing but upstream ever wrote this node.</summary>
    None,

    /// <summary>The stamp matches: the last commit was this driver's.</summary>
    Valid,

    /// <summary>Something else modified the node after this driver's last commit.</summary>
    Foreign,
}

/// <summary>
/// The stamp that this driver stores in <see cref="Blockref.UpdateTid"/> of a PFS root's reference at each commit.
/// Upstream does not change that field but changes the tid and the check code, so that a stamp which does not match
/// them proves a foreign modification.
/// </summary>
public static class CommitStamp
{
    /// <summary>Computes the stamp for the current fields of a reference; never zero.</summary>
    /// <param name="root">The reference to the PFS root.</param>
    /// <param name="hasOrphans">True when the commit has orphans, which the next mount must search for after a crash.
    /// Such a stamp is odd, others are even.</param>
    public static ulong Compute(in Blockref root, bool hasOrphans)
    {
        Span<byte> input = stackalloc byte[sizeof(ulong) + Blockref.CheckBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(input, root.ModifyTid);
        root.CheckRead.CopyTo(input[sizeof(ulong)..]);
        ulong hash = CheckCode.Hash64(input);
        hash = Math.Max(hash & ~1UL, 2);
        return hasOrphans ? hash | 1 : hash;
    }

    /// <summary>Checks the stamp of a PFS root's reference.</summary>
    public static StampState Judge(in Blockref root)
    {
        if (root.UpdateTid == 0) return StampState.None;
        bool isOurs = (root.UpdateTid & ~1UL) == Compute(root, hasOrphans: false);
        return isOurs ? StampState.Valid : StampState.Foreign;
    }

    /// <summary>True unless the last commit is known to have no orphans.</summary>
    public static bool MayHaveOrphans(in Blockref root) =>
        root.UpdateTid != Compute(root, hasOrphans: false);
}
