// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Resync;

/// <summary>Up to where a pass has come: everything before it is as on the source.</summary>
/// <param name="Key">Key below the PFS root.</param>
/// <param name="Within">Key below the inode with that key; 0 when nothing of it was copied.</param>
internal readonly record struct ResyncPosition(ulong Key, ulong Within);
