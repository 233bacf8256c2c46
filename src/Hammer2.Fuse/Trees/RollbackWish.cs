// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Trees;

/// <summary>What a PFS is to be rolled back to.</summary>
/// <param name="Snapshot">Label of a snapshot; empty when it is a header.</param>
/// <param name="Header">Which copy of the volume header of the first node, 0 to 3; null when it is a snapshot.</param>
/// <param name="IsForced">True to do so although files are open for writing.</param>
/// <param name="IsCancelled">Asked while the state below a header is read; true ends it.</param>
internal sealed record RollbackWish(byte[] Snapshot, int? Header, bool IsForced, Func<bool> IsCancelled);
