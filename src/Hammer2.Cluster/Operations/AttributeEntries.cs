// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.Operations;

/// <summary>Entries of the directory with files that have extended attributes, each named by the number of its
/// object.</summary>
public static class AttributeEntries
{
    /// <summary>Removes the entry of an object.</summary>
    /// <param name="change">Holds the directory's lock.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="owner">Number of the object.</param>
    /// <param name="file">The file that the entry must be of.</param>
    /// <returns>None; NoEntry, also when the entry is of something else; a fault when a damaged part of the directory
    /// may have the entry.</returns>
    public static Hammer2Error Remove(in Transaction change, DirtyInode directory, ulong owner, ulong file)
    {
        Span<byte> name = stackalloc byte[AttributeFile.NameBytes];
        AttributeFile.WriteName(owner, name);
        Hammer2Error error = NameOperations.FindEntry(change.AsInode(directory), name, out DirectoryEntry entry);
        if (error != Hammer2Error.None) return error;
        if (entry.Inum != file) return Hammer2Error.NoEntry;
        NameOperations.RemoveEntry(change, directory, entry);
        return error;
    }
}
