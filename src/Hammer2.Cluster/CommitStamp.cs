// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Format;

namespace Hammer2.Cluster;

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
/// The mark that this driver leaves in <see cref="Blockref.UpdateTid"/> of a PFS root's reference at each
/// commit. Upstream keeps that field as it is but changes the tid and the check code, so that a stamp which
/// no longer matches them proves a foreign modification.
/// </summary>
public static class CommitStamp
{
    /// <summary>The stamp for a reference as it is now; never zero.</summary>
    public static ulong Compute(in Blockref root)
    {
        Span<byte> input = stackalloc byte[sizeof(ulong) + Blockref.CheckBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(input, root.ModifyTid);
        root.CheckRead.CopyTo(input[sizeof(ulong)..]);
        ulong hash = XxHash64.HashToUInt64(input);
        return hash == 0 ? 1 : hash;
    }

    /// <summary>Judges the stamp of a PFS root's reference.</summary>
    public static StampState Judge(in Blockref root)
    {
        if (root.UpdateTid == 0) return StampState.None;
        return root.UpdateTid == Compute(root) ? StampState.Valid : StampState.Foreign;
    }
}
