// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Why a PFS could not be rolled back, in words.</summary>
public static class RollbackText
{
    /// <summary>The PFS is mounted, and cannot be written there.</summary>
    public static string InUse(string label) =>
        $"PFS {ByteText.ToPrintable(label)} is mounted read-only; unmount it, roll it back, and mount it again";

    /// <summary>The reason of an error of <see cref="PfsRollback.Run"/>.</summary>
    /// <param name="error">The error.</param>
    /// <param name="label">Label of the PFS.</param>
    /// <param name="snapshot">Label of the snapshot; null when it is an older header.</param>
    /// <returns>Null when the error has the same meaning for every change of a PFS.</returns>
    public static string? Refusal(Hammer2Error error, string label, string? snapshot)
    {
        if (error == Hammer2Error.Interrupted) return "it was interrupted; nothing is changed";
        if (snapshot is null) return null;
        string from = ByteText.ToPrintable(snapshot), pfs = ByteText.ToPrintable(label);
        return error switch
        {
            Hammer2Error.NoEntry => $"no PFS has the label {from} on every node",
            Hammer2Error.Busy => $"snapshot {from} is mounted for writing; unmount it first",
            Hammer2Error.Invalid => $"{from} is not a snapshot of {pfs}",
            Hammer2Error.Exists => $"no label is free for the snapshot of {pfs} as it is",
            _ => null,
        };
    }
}
