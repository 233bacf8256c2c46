// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>An inode as it is stored, with its uncommitted changes.</summary>
/// <param name="Meta">The meta part.</param>
/// <param name="DataCount">Bytes allocated for the object; of a PFS root, for the whole PFS.</param>
/// <param name="InodeCount">Inodes below the object; of a PFS root, all but the root.</param>
public readonly record struct StoredInode(InodeMeta Meta, ulong DataCount, ulong InodeCount);
