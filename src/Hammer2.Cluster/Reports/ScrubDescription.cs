// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Cluster.Reports;

/// <summary>The errors of one volume of a node, and its last scrub.</summary>
/// <param name="Number">Number of the node, in the order of mounting.</param>
/// <param name="Name">Its devices.</param>
/// <param name="State">How far its last scrub came.</param>
/// <param name="IsRunning">True while a thread scrubs it.</param>
/// <param name="Started">When it began; null when there was none.</param>
/// <param name="Ended">When it came to its end; null before.</param>
/// <param name="CheckedBytes">Bytes read.</param>
/// <param name="TotalBytes">Bytes that were allocated when it began.</param>
/// <param name="Faults">Damaged blocks found.</param>
/// <param name="Healed">Those of them that are right now.</param>
/// <param name="Unhealed">Places that are still damaged.</param>
/// <param name="Places">Those places, at most as many as are kept.</param>
public sealed record ScrubDescription(int Number, string Name, ScrubState State, bool IsRunning,
    DateTimeOffset? Started, DateTimeOffset? Ended, ulong CheckedBytes, ulong TotalBytes, ulong Faults, ulong Healed,
    ulong Unhealed, IReadOnlyList<DamagedPlaceDescription> Places);

/// <summary>A place that a scrub could not heal.</summary>
/// <param name="Pfs">Label of the PFS; empty when it is not known.</param>
/// <param name="Path">Path of the object, or what it is in words.</param>
/// <param name="Kind">data, entry, inode, references.</param>
/// <param name="Inum">Number of the inode whose tree it is in.</param>
/// <param name="Key">Its key there; the offset of file data.</param>
public sealed record DamagedPlaceDescription(string Pfs, string Path, string Kind, ulong Inum, ulong Key);

/// <summary>The errors of a volume since its counters were cleared.</summary>
/// <param name="Node">Number of the node.</param>
/// <param name="Volume">Number of the volume.</param>
/// <param name="Name">Its device.</param>
/// <param name="Errors">The counts.</param>
public sealed record VolumeErrors(int Node, int Volume, string Name, DeviceErrorCounts Errors);
