// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.WriteBack;

/// <summary>How far a dirty block is on its way to the nodes.</summary>
internal enum DirtyBlockState
{
    /// <summary>Its bytes may still be changed under the lock of its file.</summary>
    Open,

    /// <summary>Its bytes are immutable; it is queued, or being encoded and written.</summary>
    Sealed,

    /// <summary>It is stored on the nodes, or a hole.</summary>
    Stored,

    /// <summary>Newer bytes, a hole or a truncation replaced it before any commit.</summary>
    Dropped,

    /// <summary>No node could store it; its bytes stay readable here.</summary>
    Failed,
}
