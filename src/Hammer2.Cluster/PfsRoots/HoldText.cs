// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Why a hold could not be placed or released, in words.</summary>
public static class HoldText
{
    /// <summary>The reason of an error of <see cref="PfsAdministration.Hold"/> or
    /// <see cref="PfsAdministration.Release"/>.</summary>
    /// <param name="error">The error.</param>
    /// <param name="label">Label of the PFS.</param>
    /// <param name="name">Name of the hold.</param>
    /// <returns>Null when the error has the same meaning for every change of a PFS.</returns>
    public static string? Refusal(Hammer2Error error, string label, string name)
    {
        string pfs = ByteText.ToPrintable(label), hold = ByteText.ToPrintable(name);
        return error switch
        {
            Hammer2Error.NoEntry => $"no PFS has the label {pfs}, or it has no hold {hold}",
            Hammer2Error.Exists => $"PFS {pfs} has a hold {hold} already",
            Hammer2Error.TooLarge => $"PFS {pfs} has no space for one more hold, beside its label in 256 bytes",
            Hammer2Error.NotSupported => $"PFS {pfs} has holds of a newer version of this program",
            Hammer2Error.Invalid => $"{hold}: the name of a hold has 1 to {PfsHolds.NameBytesMax} printable characters "
                + "of ASCII, without blank and slash",
            _ => null,
        };
    }
}
