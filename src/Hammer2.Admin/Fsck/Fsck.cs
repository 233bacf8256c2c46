// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;

namespace Hammer2.Admin;

/// <summary>
/// Judges a filesystem as a whole: every rule of the format, check codes, freemap against what can be reached,
/// names against inodes. Shares nothing with the driver but the format and the devices.
/// </summary>
public static class Fsck
{
    /// <summary>Checks one filesystem that nobody writes meanwhile. Writes nothing; damage never throws.</summary>
    /// <param name="volumes">All volumes of the filesystem.</param>
    /// <param name="options">What to read and list; the usual when null.</param>
    /// <exception cref="OperationCanceledException">The caller ended the check.</exception>
    public static FsckReport Check(VolumeSet volumes, FsckOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        return Gather(volumes, options ?? new FsckOptions()).Report;
    }

    /// <summary>
    /// Repairs what a check finds, as far as that can be done without guessing, and checks again. Nothing that is in
    /// use is written over; a power cut at any point leaves what was there or what was repaired.
    /// </summary>
    /// <param name="volumes">All volumes of the filesystem, opened for writing, and nobody else's.</param>
    /// <param name="options">What to repair; the usual when null.</param>
    /// <exception cref="OperationCanceledException">The caller ended a check; what was committed stays.</exception>
    public static FsckRepairReport Repair(VolumeSet volumes, FsckRepairOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        return new FsckRepairer(volumes, options ?? new FsckRepairOptions()).Run();
    }

    /// <summary>Checks, and keeps what else was learned: the blocks, the plan, the names of one PFS if asked
    /// for.</summary>
    internal static FsckContext Gather(VolumeSet volumes, FsckOptions options, ulong keptPfsKey = 0)
    {
        var context = new FsckContext(volumes, options) { KeptPfsKey = keptPfsKey };
        new HeaderCheck(context).Run();
        new TopologyCheck(context).Run();
        new FreemapCheck(context).Run();
        context.Finish();
        return context;
    }
}
