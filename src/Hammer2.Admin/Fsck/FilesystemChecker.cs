// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Devices;

namespace Hammer2.Admin.Fsck;

/// <summary>
/// Checks a whole filesystem: every rule of the format, check codes, the freemap against reachable blocks, names
/// against inodes. Shares no code with the driver but the format and device layers.
/// </summary>
public static class FilesystemChecker
{
    /// <summary>Checks one filesystem, which must not be written meanwhile. Writes nothing; damage never
    /// throws.</summary>
    /// <param name="volumes">All volumes of the filesystem.</param>
    /// <param name="options">What to read and list; defaults when null.</param>
    /// <exception cref="OperationCanceledException">The caller ended the check.</exception>
    public static FsckReport Check(VolumeSet volumes, FsckOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        return Gather(volumes, options ?? new FsckOptions()).Report;
    }

    /// <summary>
    /// Repairs the findings of a check that can be repaired without guessing, and checks again. Blocks in use are never
    /// overwritten: a power failure at any point leaves the filesystem before or after a repair.
    /// </summary>
    /// <param name="volumes">All volumes of the filesystem, opened for writing and not in use elsewhere.</param>
    /// <param name="options">What to repair; defaults when null.</param>
    /// <exception cref="OperationCanceledException">The caller ended a check; repairs committed before
    /// remain.</exception>
    public static FsckRepairReport Repair(VolumeSet volumes, FsckRepairOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        return new FsckRepairer(volumes, options ?? new FsckRepairOptions()).Run();
    }

    /// <summary>Checks a filesystem and returns the whole context: blocks, repair plan, and the names of one PFS if
    /// requested.</summary>
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
