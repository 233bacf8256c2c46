// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.Extract;

/// <summary>The attributes of an extracted object.</summary>
/// <param name="Owner">User and group, or null to leave them unchanged.</param>
/// <param name="Mode">Permissions, set-id bits included; symbolic links have none.</param>
/// <param name="Times">Access and modification in microseconds since 1970, or null to leave them unchanged.</param>
/// <param name="Extended">Extended attributes, or null for none.</param>
internal readonly record struct TargetAttributes(
    (uint User, uint Group)? Owner, uint Mode, (ulong Access, ulong Modify)? Times,
    TargetExtendedAttributes? Extended = null);
