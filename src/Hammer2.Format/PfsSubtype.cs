// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>The purpose of a PFS.</summary>
/// <remarks>Upstream: <c>HAMMER2_PFSSUBTYPE_*</c>.</remarks>
public enum PfsSubtype : byte
{
    /// <summary>An ordinary PFS.</summary>
    None = 0,

    /// <summary>A snapshot made on request.</summary>
    Snapshot = 1,

    /// <summary>A snapshot made by a schedule.</summary>
    AutoSnapshot = 2,
}
