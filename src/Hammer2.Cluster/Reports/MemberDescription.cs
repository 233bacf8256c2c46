// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Reports;

/// <summary>A node of a cluster: one that a mount knows, one of its membership record, or both.</summary>
/// <param name="Slot">Its slot in the record; -1 when the record does not name it.</param>
/// <param name="Role">Its part by the record; null when the record does not name it.</param>
/// <param name="FilesystemId">The id of its filesystem, or what the record has of it; empty when nothing is
/// known.</param>
/// <param name="Name">Its devices as the mount names them; null for one that the mount does not know.</param>
/// <param name="State">Its state; Offline for one that is absent.</param>
/// <param name="Reason">The reason of its state; empty for a synced node.</param>
/// <param name="CommitTid">Number of the last commit that it holds; 0 for an absent one.</param>
public sealed record MemberDescription(int Slot, MemberRole? Role, string FilesystemId, string? Name, NodeState State,
    string Reason, ulong CommitTid);
