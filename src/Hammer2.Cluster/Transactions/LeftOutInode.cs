// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Cluster.Transactions;

/// <summary>An inode whose changes were accepted and could not be committed.</summary>
/// <param name="Inum">Its number.</param>
public sealed record LeftOutInode(ulong Inum)
{
    private readonly List<LeftOutEntry> _entries = [];

    /// <summary>The entries of a directory that are as before.</summary>
    public IReadOnlyList<LeftOutEntry> Entries => _entries;

    internal void Add(ulong key, byte[]? name)
    {
        // Converted, null would be an empty name.
        ReadOnlyMemory<byte>? known = null;
        if (name is not null) known = name;
        _entries.Add(new LeftOutEntry(key, known));
    }
}

/// <summary>A directory entry that was not added, or not removed.</summary>
/// <param name="Key">Its key in its directory.</param>
/// <param name="Name">Its name; null for one that is still there.</param>
public readonly record struct LeftOutEntry(ulong Key, ReadOnlyMemory<byte>? Name);
