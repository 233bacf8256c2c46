// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Linux.Text;

namespace Hammer2.Fuse;

/// <summary>Makes the message for a PFS that is not mounted because it is in use.</summary>
internal static class PfsUse
{
    /// <summary>The error for the user who asked.</summary>
    public static PfsException Refusal(PfsInUseException refusal, MountedPfs? user)
    {
        string label = ByteText.Decode(refusal.User.Pfs.Label.Span);
        return new PfsException(user is null
            ? $"PFS {label} is in use"
            : Describe(refusal.Label, label, user.Target, user.IsEnding));
    }

    /// <summary>The same in words.</summary>
    /// <param name="wanted">Label that was asked for.</param>
    /// <param name="used">Label of the PFS in use.</param>
    /// <param name="target">Where that is mounted.</param>
    /// <param name="isEnding">True when it was unmounted and has not ended.</param>
    internal static string Describe(string wanted, string used, string target, bool isEnding)
    {
        string state = isEnding
            ? $"PFS {used} was unmounted from {target} and is still in use: files on it are open, or it still commits"
            : $"PFS {used} is mounted on {target}";
        return wanted == used ? state : $"{state}, and PFS {wanted} is a node of the same cluster";
    }
}
