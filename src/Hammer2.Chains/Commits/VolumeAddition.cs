// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>Adds a volume to a filesystem, while it is written and read.</summary>
/// <remarks>
/// The device gets its header first, with the numbers of the larger filesystem. The commit that writes them into the
/// root volume's header is the moment at which the filesystem has the volume: until then nothing leads to it, and
/// opening leaves the device out and opening for writing erases its header. The headers of the other volumes follow;
/// where power fails between, opening takes the numbers of the root volume, and opening for writing completes the
/// others.
/// </remarks>
public static class VolumeAddition
{
    /// <summary>Adds a volume, and returns when that is durable.</summary>
    /// <param name="device">The filesystem, open for writing.</param>
    /// <param name="added">The device, open for writing; what is on it is overwritten. The filesystem owns it once it
    /// is among its volumes, also after an error.</param>
    /// <param name="wantedBytes">The length of the volume, rounded down to 8 MiB; 0 for its device's.</param>
    /// <param name="plan">What was decided.</param>
    /// <returns>None; Invalid with the reason in the plan; Busy when blocks are in use in what the last volume would
    /// give up; ReadOnly; Io when the device cannot be written; the fault of a freemap block; what writing the
    /// filesystem met, which fences it.</returns>
    /// <remarks>Entry: no lock held. Ranks 6 and 12.</remarks>
    public static Hammer2Error Run(MediaDevice device, IBlockDevice added, ulong wantedBytes, out AdditionPlan plan)
    {
        plan = new AdditionPlan(0, 0);
        if (device.Committer is not { } committer) return Hammer2Error.ReadOnly;
        using (committer.ReclaimLock.EnterScope())
        using (CommitTurn.Enter(committer))
        {
            AdditionPlan decided = plan;
            Hammer2Error error = committer.RunUnlessFenced(
                committer, it => AddInTurn(it, added, wantedBytes, out decided));
            plan = decided;
            return error;
        }
    }

    private static Hammer2Error AddInTurn(
        MediaCommitter committer, IBlockDevice added, ulong wantedBytes, out AdditionPlan plan)
    {
        VolumeHeader header = committer.Device.Header;
        VolumeSet volumes = committer.Device.Volumes;
        Volume last = volumes.Volumes[^1];
        plan = AdditionPlan.Of(
            new ExtendedFilesystem(header.Fields.Version, volumes.Volumes.Count, last.Start, last.LengthBytes,
                (ulong)last.Device.Remeasure()),
            (ulong)added.LengthBytes, wantedBytes);
        if (plan.Refusal is not null) return Hammer2Error.Invalid;
        Hammer2Error error = HeaderSizes.ClearNewCopies(last, plan.Start - last.Start);
        if (error != Hammer2Error.None) return error;
        error = JoiningVolume.Prepare(header, added, plan.Start, plan.LengthBytes, out JoiningVolume? joining);
        if (error == Hammer2Error.None)
        {
            error = committer.FenceOnException(
                (committer, joining!, plan), static work => Extend(work.committer, work.Item2, work.plan));
            if (error == Hammer2Error.None) return SizeCommits.Run(committer);
        }
        // It was blank or had headers of no filesystem, and nothing leads to it.
        return error | JoiningVolume.Erase(added);
    }

    private static Hammer2Error Extend(MediaCommitter committer, JoiningVolume joining, AdditionPlan plan)
    {
        VolumeSet volumes = committer.Device.Volumes;
        Hammer2Error error = committer.Allocator.Extend(
            Math.Min(plan.Start, volumes.TotalBytes), plan.Start + plan.LengthBytes,
            () => volumes.Append(joining, plan.Start, plan.LengthBytes), out ulong gainedBytes);
        if (error == Hammer2Error.None) committer.Space.SetTotal(committer.Space.TotalBytes + gainedBytes);
        return error;
    }
}
