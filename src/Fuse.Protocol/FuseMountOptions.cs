// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;

namespace Fuse.Protocol;

/// <summary>Target and options of a mount.</summary>
/// <param name="Target">Directory to mount on.</param>
/// <param name="Source">The device as shown in the mount table.</param>
/// <param name="Subtype">The type as shown after <c>fuse.</c>.</param>
public sealed record FuseMountOptions(string Target, string Source, string Subtype)
{
    /// <summary>Flags of mount(2).</summary>
    public FuseMountFlags Flags { get; init; } = FuseMountFlags.NoSuid | FuseMountFlags.NoDevice;

    /// <summary>The block device that is the source of the mount instead of <see cref="Source"/>; null for none. The
    /// kernel claims it; sync(2) and syncfs(2) then reach the filesystem, and umount(2) waits for its DESTROY callback
    /// (<c>fuseblk</c>, root only).</summary>
    public string? BlockDevice { get; init; }

    /// <summary>True to allow access by other users, not only by the mounting one.</summary>
    public bool AllowsOthers { get; init; }

    /// <summary>True to let the kernel check modes and owners; otherwise it sends ACCESS requests.</summary>
    public bool ChecksPermissions { get; init; } = true;

    /// <summary>Waits between two attempts.</summary>
    public IScheduler Scheduler { get; init; } = SystemScheduler.Instance;
}
