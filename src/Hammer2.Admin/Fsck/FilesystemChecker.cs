// SPDX-License-Identifier: BSD-3-Clause
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
