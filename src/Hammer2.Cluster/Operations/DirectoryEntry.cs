// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Operations;

/// <summary>What a directory says of one of its names.</summary>
/// <param name="Inum">The object's number.</param>
/// <param name="Type">Its type as the directory remembers it.</param>
/// <param name="Key">The entry's key in the directory; never changes while the name exists.</param>
public readonly record struct DirectoryEntry(ulong Inum, ObjectType Type, ulong Key);

/// <summary>Takes the entries of a directory, one after the other.</summary>
public interface IEntrySink
{
    /// <summary>Takes an entry. The name dies with the call.</summary>
    /// <returns>False when it has no room: the entry was not taken and reading stops.</returns>
    bool Add(scoped ReadOnlySpan<byte> name, scoped in DirectoryEntry entry);
}
