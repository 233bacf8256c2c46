// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Tool.PfsChanges;

/// <summary>Why a change of the list of PFSs was refused, in words.</summary>
internal static class PfsChangeText
{
    private const int NoEntry = 2;              // ENOENT
    private const int Busy = 16;                // EBUSY
    private const int Exists = 17;              // EEXIST
    private const int Invalid = 22;             // EINVAL
    private const int NoSpace = 28;             // ENOSPC

    /// <summary>The reason that a mount gave.</summary>
    /// <param name="error">The error number of ioctl(2).</param>
    /// <param name="label">The label of the request.</param>
    /// <returns>Null for an error that has nothing to do with PFSs.</returns>
    public static string? Refusal(int error, string label) => error switch
    {
        NoEntry => Refusal(Hammer2Error.NoEntry, label),
        Busy => Refusal(Hammer2Error.Busy, label),
        Exists => Refusal(Hammer2Error.Exists, label),
        Invalid => Refusal(Hammer2Error.Invalid, label),
        NoSpace => Refusal(Hammer2Error.NoSpace, label),
        _ => null,
    };

    /// <summary>The reason that the engine gave.</summary>
    public static string? Refusal(Hammer2Error error, string label) => error switch
    {
        Hammer2Error.NoEntry => $"no PFS has the label {label}",
        Hammer2Error.Busy => $"PFS {label} is mounted; unmount it first, or close what is open in it below "
            + ".hammer2/snapshots",
        Hammer2Error.Held => $"PFS {label} is held; hammer2 holds lists its holds, hammer2 release releases one",
        Hammer2Error.TooLarge => "the holds of the PFS have no space beside so long a label",
        Hammer2Error.Exists => $"a PFS with the label {label} exists already",
        Hammer2Error.Invalid => $"{label}: not a label, or not a type that a PFS can have",
        Hammer2Error.NoSpace => "not enough free space",
        _ => null,
    };
}
