// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Membership;

/// <summary>The identity of a node, independent of the device on which it is found.</summary>
/// <param name="FilesystemId">The filesystem that contains it.</param>
/// <param name="PfsId">Its PFS (pfs_fsid); nodes of clusters made by upstream may have equal ones.</param>
public readonly record struct NodeIdentity(MediaUuid FilesystemId, MediaUuid PfsId);
