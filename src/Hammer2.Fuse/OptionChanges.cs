// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Fuse.Protocol;

namespace Hammer2.Fuse;

/// <summary>Decides which options of a live mount can be changed: ro, rw, commit=, and flags that the kernel
/// keeps.</summary>
internal static class OptionChanges
{
    private static readonly (string Name, Func<MountOptions, object?> Value)[] Fixed =
    [
        ("writeback", options => options.UsesWritebackCache),
        ("xattr", options => options.HasExtendedAttributes),
        ("io_uring", options => options.UsesIoUring),
        ("discard", options => options.Discards),
        ("dedup", options => options.Deduplicates),
        ("resync", options => options.Resynchronizes),
        ("headers", options => options.ShowsHeaders),
        ("snapdirs", options => options.HasSnapshotDirectories),
        ("uid", options => options.UserId),
        ("gid", options => options.GroupId),
        ("umask", options => options.Umask),
        ("allow_other", options => options.IsForAllUsers),
        ("memory", options => options.MemoryBytes),
        ("degraded", options => options.IsDegraded),
        ("masters", options => options.Masters),
        ("pfs", options => options.Label),
        ("offset", options => options.Offset),
        ("partition", options => options.Partition),
        ("max_threads", options => options.ThreadsTotal),
        ("readahead", options => options.ReadAheadBytes),
        ("fsname", options => options.SourceName),
        ("loglevel", options => options.LogLevel),
        ("sync", options => options.Flags.HasFlag(FuseMountFlags.Synchronous)),
        ("dirsync", options => options.Flags.HasFlag(FuseMountFlags.DirectorySync)),
    ];

    /// <summary>The names of the options that differ and cannot be changed.</summary>
    public static IReadOnlyList<string> Refused(MountOptions current, MountOptions wanted)
    {
        var refused = new List<string>();
        foreach ((string name, Func<MountOptions, object?> value) in Fixed)
            if (!Equals(value(current), value(wanted))) refused.Add(name);
        // mount(8) gives those of fstab again.
        bool hasNew = wanted.Devices.Any(given => !current.Devices.Any(known => known.SequenceEqual(given)));
        if (hasNew) refused.Add("device");
        return refused;
    }
}
