// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Membership;

/// <summary>Who a node is, whichever device it is found on.</summary>
/// <param name="FilesystemId">The filesystem that it lies on.</param>
/// <param name="PfsId">Its PFS (pfs_fsid); nodes of clusters that upstream made may have equal ones.</param>
public readonly record struct NodeIdentity(MediaUuid FilesystemId, MediaUuid PfsId);
