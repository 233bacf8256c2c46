// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Admin;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Linux.Text;

namespace Hammer2.Tool.Completions;

/// <summary>Completes labels of PFSs from what is on the devices, or in the mount, that the command line names.</summary>
internal static class LabelCompletion
{
    /// <summary>The specifications DEVICE@LABEL that begin with what was typed.</summary>
    /// <param name="invocation">The command.</param>
    /// <param name="typed">A specification up to a part of its label; without an at-sign nothing is found.</param>
    /// <exception cref="CommandException">The devices cannot be opened.</exception>
    public static IEnumerable<string> OfVolume(Invocation invocation, string typed)
    {
        int at = typed.LastIndexOf('@');
        return at <= 0 ? [] : Of(invocation, typed[..at], typed[(at + 1)..]).Select(label => typed[..(at + 1)] + label);
    }

    /// <summary>The labels on a volume that begin with what was typed, those that a shell takes without quotes.</summary>
    /// <param name="invocation">The command.</param>
    /// <param name="volume">All devices of a filesystem, or a directory in a mount.</param>
    /// <param name="typed">The beginning of a label.</param>
    /// <exception cref="CommandException">The devices cannot be opened.</exception>
    public static IEnumerable<string> Of(Invocation invocation, string volume, string typed) =>
        from label in LabelsOf(invocation, volume)
        where label.StartsWith(typed, StringComparison.Ordinal) && label.All(IsPlain)
        select label;

    private static IEnumerable<string> LabelsOf(Invocation invocation, string volume)
    {
        if (MediaOptions.IsMount(volume)) return MountListings.PfsOf(volume).Select(MountListings.LabelOf);
        MountSpec spec = MediaOptions.Parse(volume);
        using VolumeSet volumes = MediaOptions.Open(invocation, spec with { Label = null });
        return [.. PfsCatalog.Read(volumes).Records.Select(pfs => ByteText.Decode(pfs.Label))];
    }

    private static bool IsPlain(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' or '+' or ':'
        or '/' or '%';
}
