// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Devices;

namespace Hammer2.Fuse;

/// <summary>The nodes that a request names, in its specifications and in its options together.</summary>
internal static class MountNodes
{
    /// <summary>Returns the specification of each node, all with the same label.</summary>
    /// <param name="request">The request.</param>
    /// <param name="media">The location of the filesystem on the devices, whose headers say which device belongs to
    /// which filesystem.</param>
    /// <exception cref="PfsException">The request names two labels.</exception>
    public static IReadOnlyList<MountSpec> Of(MountRequest request, MediaSourceOptions media)
    {
        string? label = request.Options.Label;
        if (request.Specs.FirstOrDefault(spec => spec.Label is not null) is { } named && label is not null
            && named.Label != label)
        {
            throw new PfsException($"two labels are named, {named.Label} and pfs={label}");
        }
        MountSpec[] specs = [.. request.Specs.Select(spec => spec with { Label = spec.Label ?? label })];
        if (request.Options.Devices.Count == 0) return specs;
        string? common = specs.FirstOrDefault(spec => spec.Label is not null)?.Label;
        return [.. VolumeGrouping.Join([.. specs.Select(spec => spec.Paths), .. request.Options.Devices], media)
            .Select(paths => new MountSpec(paths, common))];
    }
}
