// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>Commits the sizes of a filesystem that has become larger.</summary>
internal static class SizeCommits
{
    /// <summary>Has every copy of the root volume's header get the sizes, for programs that look at one copy only, and
    /// then those of the other volumes.</summary>
    /// <returns>None; what writing met.</returns>
    /// <remarks>Within a turn. The first commit is the moment at which the filesystem has them.</remarks>
    public static Hammer2Error Run(MediaCommitter committer)
    {
        MediaReader device = committer.Device;
        int copies = HeaderSizes.CopiesWithin(device.Volumes.Volumes[0].LengthBytes);
        Hammer2Error error = Hammer2Error.None;
        for (int copy = 0; copy < copies && error == Hammer2Error.None; copy++) error = committer.CommitFreemap();
        return error == Hammer2Error.None
            ? committer.FenceOnException(device, static it => HeaderSizes.CompleteOthers(it.Volumes, it.Faults))
            : error;
    }
}
