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
        var context = new FsckContext(volumes, options ?? new FsckOptions());
        new HeaderCheck(context).Run();
        new TopologyCheck(context).Run();
        new FreemapCheck(context).Run();
        return context.Finish();
    }
}
