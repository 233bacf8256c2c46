// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Resync;

/// <summary>Claims a snapshot that is to be replaced, so that nothing uses it meanwhile.</summary>
/// <param name="snapshot">Its node.</param>
/// <returns>To be disposed of; null when it is in use.</returns>
internal delegate IDisposable? SnapshotClaim(PfsEntry snapshot);
