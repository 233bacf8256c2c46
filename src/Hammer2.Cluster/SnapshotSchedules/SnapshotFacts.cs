// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>What a schedule knows of a PFS.</summary>
/// <param name="Label">Its label, a string of ByteText.</param>
/// <param name="Subtype">Its purpose.</param>
/// <param name="OriginId">The cluster id of its source; zero when that is not stored.</param>
/// <param name="Made">When it was made; null when that is not stored.</param>
/// <param name="IsHeld">True when it has a hold.</param>
/// <param name="IsUsed">True when it is mounted by this process.</param>
public sealed record SnapshotFacts(string Label, PfsSubtype Subtype, MediaUuid OriginId, DateTimeOffset? Made,
    bool IsHeld, bool IsUsed);
