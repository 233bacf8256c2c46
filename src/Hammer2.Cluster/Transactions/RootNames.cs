// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Transactions;

/// <summary>The name areas of PFS roots: label, holds, membership record. Pure functions.</summary>
internal static class RootNames
{
    /// <summary>What follows the label of a root with a membership record in place of its own one.</summary>
    /// <param name="root">The root.</param>
    /// <param name="record">The record.</param>
    /// <param name="after">The bytes after the label.</param>
    /// <returns>False when label, holds and record are longer together than a root has space for.</returns>
    public static bool TryWith(Chain root, MembershipRecord record, out byte[] after) => PfsMembers.TryJoin(
        root.InodeName.Length, PfsMembers.Before(root.AfterInodeName), record.ToBytes(), out after);

    /// <summary>What follows the label of a root with other holds.</summary>
    /// <param name="root">The root.</param>
    /// <param name="holds">The holds, from the NUL of the label on; nothing for none.</param>
    /// <param name="after">The bytes after the label.</param>
    /// <returns>As <see cref="TryWith"/>.</returns>
    public static bool TryWithHolds(Chain root, ReadOnlySpan<byte> holds, out byte[] after) => PfsMembers.TryJoin(
        root.InodeName.Length, holds, PfsMembers.RecordOf(root.AfterInodeName), out after);

    /// <summary>What follows a label of another length.</summary>
    /// <param name="root">A root that has what is to follow it.</param>
    /// <param name="labelBytes">Length of the label.</param>
    /// <param name="after">The bytes after the label.</param>
    /// <returns>As <see cref="TryWith"/>.</returns>
    public static bool TryFollow(Chain root, int labelBytes, out byte[] after) => PfsMembers.TryJoin(
        labelBytes, PfsMembers.Before(root.AfterInodeName), PfsMembers.RecordOf(root.AfterInodeName), out after);
}
