// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Snapshots.Usage;

/// <summary>What a PFS holds.</summary>
/// <param name="Label">Its label.</param>
/// <param name="Subtype">Its purpose: a snapshot, or none.</param>
/// <param name="AloneDataBytes">Bytes of blocks of file data that no other PFS leads to.</param>
/// <param name="AloneMetadataBytes">Bytes of its other blocks that no other PFS leads to.</param>
/// <param name="ReferencedBytes">Bytes of all that it leads to, shared blocks counted as often as it refers to
/// them, as its root says.</param>
/// <param name="Errors">What could not be read below it, OR-ed; None when the figures are exact.</param>
public sealed record PfsUsage(byte[] Label, PfsSubtype Subtype, ulong AloneDataBytes, ulong AloneMetadataBytes,
    ulong ReferencedBytes, Hammer2Error Errors);
