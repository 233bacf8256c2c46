// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Hammer2.Devices;

/// <summary>
/// Headers as power may leave them while a volume is added. The new volume's header is written first, with the numbers
/// of the larger filesystem; then that of the root volume, which decides; then the others, one after the other.
/// </summary>
internal static class InterruptedAddition
{
    /// <summary>The root volume; null when it is not among the devices.</summary>
    internal static VolumeSetMember? RootOf(IReadOnlyList<VolumeSetMember> members) =>
        members.FirstOrDefault(static member => member.Fields is { Version: > 1, VolumeIndex: 0 });

    /// <summary>The device that was going to be the next volume when power failed before the root volume counted it;
    /// null when there is none, or when other volumes are missing.</summary>
    internal static VolumeSetMember? FindJoining(IReadOnlyList<VolumeSetMember> members)
    {
        if (RootOf(members) is not { } root || members.Count != root.Fields.VolumesTotal + 1) return null;
        return members.FirstOrDefault(member => JoiningVolume.IsNext(root.Copies.Newest, member.Copies.Newest));
    }

    /// <summary>True for a volume whose header does not count the last volume yet, but is otherwise one of the same
    /// filesystem.</summary>
    internal static bool IsBehind(VolumeSetMember? root, VolumeSetMember member) =>
        root is not null && member.Fields.VolumesTotal + 1 == root.Fields.VolumesTotal
        && member.Fields.VolumeIndex > 0 && member.Fields.VolumeIndex < member.Fields.VolumesTotal;

    /// <summary>Has the former last volume end where the added one begins, when its header is behind.</summary>
    /// <param name="ordered">All volumes.</param>
    /// <param name="notes">Receives that an addition was interrupted.</param>
    internal static void AdjustLengths(VolumeSetMember[] ordered, List<string> notes)
    {
        VolumeSetMember root = ordered[0];
        if (!Array.Exists(ordered, member => IsBehind(root, member))) return;
        VolumeSetMember former = ordered[^2];
        ReadOnlySpan<ulong> starts = root.Copies.Newest.VolumeStarts;
        ulong lengthBytes = starts[ordered.Length - 1] - starts[ordered.Length - 2];
        if (IsBehind(root, former) && lengthBytes <= (ulong)former.Device.LengthBytes) former.LengthBytes = lengthBytes;
        notes.Add(string.Create(CultureInfo.InvariantCulture,
            $"{ordered[^1].Device.Name}: adding it as volume {ordered.Length - 1} was interrupted; it is completed "
            + $"when the filesystem is opened for writing"));
    }
}
