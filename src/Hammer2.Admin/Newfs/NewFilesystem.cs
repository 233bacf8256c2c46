// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin.Newfs;

/// <summary>The requested filesystem is not possible. The message is for the user.</summary>
public sealed class NewfsException(string message) : Exception(message);

/// <summary>
/// All parameters of a new filesystem, including random ids and time: the same record on devices of the same length
/// gives the same bytes.
/// </summary>
public sealed record NewFilesystem
{
    /// <summary>Maximum number of PFSs of a new filesystem: the number of references in the super-root.</summary>
    public const int PfsesMax = Media.BlocksetCount;

    /// <summary>Format version, 1 or 2. Version 1 has one volume.</summary>
    public int Version { get; init; } = 2;

    /// <summary>The PFSs, in the order of their inodes; upstream's first is LOCAL.</summary>
    public required IReadOnlyList<NewPfs> Pfses { get; init; }

    /// <summary>Id of the filesystem, stored in all its headers.</summary>
    public required MediaUuid FilesystemId { get; init; }

    /// <summary>The super-root's cluster id.</summary>
    public required MediaUuid SuperClusterId { get; init; }

    /// <summary>The super-root's node id.</summary>
    public required MediaUuid SuperNodeId { get; init; }

    /// <summary>All times of all inodes, in microseconds since 1970 UTC.</summary>
    public required ulong Time { get; init; }

    /// <summary>User id of the owner of the PFSs' root directories.</summary>
    public uint OwnerId { get; init; }

    /// <summary>Group id of the PFSs' root directories.</summary>
    public uint GroupId { get; init; }

    /// <summary>Bytes for a boot loader, a multiple of 8 MiB up to 256 MiB; null for upstream's rule.</summary>
    public ulong? BootBytes { get; init; }

    /// <summary>Bytes of the auxiliary area, a multiple of 8 MiB up to 1 GiB; null for upstream's rule.</summary>
    public ulong? AuxBytes { get; init; }

    /// <summary>Empty: each device is used completely. One element: the total size. Otherwise one size for each
    /// device.</summary>
    public IReadOnlyList<ulong> Sizes { get; init; } = [];
}
