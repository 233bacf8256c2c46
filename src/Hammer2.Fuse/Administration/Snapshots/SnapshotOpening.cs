// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Cluster.Views;
using Hammer2.Format;

namespace Hammer2.Fuse.Administration.Snapshots;

/// <summary>Opens the snapshot with a label for a viewer.</summary>
/// <returns>As <see cref="PfsView.Open"/>.</returns>
internal delegate Hammer2Error SnapshotOpening(byte[] label, IPfsViewer viewer, out PfsView? view);

/// <summary>Makes the filesystem that shows a PFS.</summary>
internal delegate IFuseFileSystem SnapshotServing(Pfs pfs);
