// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>Makes the last volume of a filesystem longer, while it is written and read.</summary>
/// <remarks>
/// The commit that writes the new sizes into the root volume's header is the moment at which the filesystem is larger:
/// power that fails before leaves it as it was. Until then nothing leads to a block in the new space. Headers of other
/// volumes follow; where power fails between, opening takes the sizes of the root volume, and opening for writing
/// completes the others. Upstream: <c>hammer2_ioctl_growfs</c>, for filesystems of one volume.
/// </remarks>
public static class VolumeGrowth
{
    /// <summary>Grows it, and returns when that is durable.</summary>
    /// <param name="device">The filesystem, open for writing.</param>
    /// <param name="wantedBytes">The length of the last volume, rounded down to 8 MiB; 0 for its device's.</param>
    /// <param name="plan">What was decided.</param>
    /// <returns>None, also when nothing had to be changed; Invalid with the reason in the plan; ReadOnly; the fault of
    /// a freemap block; what writing met, which fences the device.</returns>
    /// <remarks>Entry: no lock held. Ranks 6 and 12.</remarks>
    public static Hammer2Error Run(MediaDevice device, ulong wantedBytes, out GrowthPlan plan)
    {
        plan = new GrowthPlan(device.Volumes.Volumes[^1].LengthBytes, IsChanged: false);
        if (device.Committer is not { } committer) return Hammer2Error.ReadOnly;
        using (committer.ReclaimLock.EnterScope())
        using (CommitTurn.Enter(committer))
        {
            GrowthPlan decided = plan;
            Hammer2Error error = committer.RunUnlessFenced(
                device, it => GrowInTurn(it, committer, wantedBytes, out decided));
            plan = decided;
            return error;
        }
    }

    private static Hammer2Error GrowInTurn(
        MediaDevice device, MediaCommitter committer, ulong wantedBytes, out GrowthPlan plan)
    {
        Volume last = device.Volumes.Volumes[^1];
        plan = GrowthPlan.Of(last.LengthBytes, (ulong)last.Device.Remeasure(), wantedBytes);
        if (plan.Refusal is not null) return Hammer2Error.Invalid;
        if (!plan.IsChanged) return Hammer2Error.None;
        Hammer2Error error = HeaderSizes.ClearNewCopies(last, plan.LengthBytes);
        if (error == Hammer2Error.None)
        {
            error = committer.FenceOnException(
                (committer, plan.LengthBytes), static work => Extend(work.committer, work.LengthBytes));
        }
        return error == Hammer2Error.None ? SizeCommits.Run(committer) : error;
    }

    private static Hammer2Error Extend(MediaCommitter committer, ulong lengthBytes)
    {
        VolumeSet volumes = committer.Device.Volumes;
        ulong end = volumes.Volumes[^1].Start + lengthBytes;
        Hammer2Error error = committer.Allocator.Extend(
            volumes.TotalBytes, end, () => volumes.SetLastLength(lengthBytes), out ulong gainedBytes);
        if (error == Hammer2Error.None) committer.Space.SetTotal(committer.Space.TotalBytes + gainedBytes);
        return error;
    }
}
