// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.Operations;

/// <content>Adds, replaces and removes directory entries.</content>
public static partial class NameOperations
{
    /// <summary>Adds an entry to a directory.</summary>
    /// <param name="change">Holds the directory's lock and the space reservation.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="name">1 to 255 bytes.</param>
    /// <param name="inum">The object of the entry.</param>
    /// <param name="type">The type of the object.</param>
    /// <returns>None; Exists; NoSpace when there are 32768 names with the same hash; a fault when a damaged part of the
    /// directory may contain the name.</returns>
    public static Hammer2Error MakeEntry(
        in Transaction change, DirtyInode directory, ReadOnlySpan<byte> name, ulong inum, ObjectType type)
    {
        ulong hash = DirectoryHash.Compute(name);
        ulong free = hash;
        var cursor = new EntryCursor(change.AsInode(directory), hash, hash | Media.EntryCollisionMask);
        Hammer2Error error;
        while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            if (error != Hammer2Error.None) return error;
            if (cursor.Name.SequenceEqual(name)) return Hammer2Error.Exists;
            if (cursor.Entry.Key == free) free++;
        }
        if ((free & ~Media.EntryCollisionMask) != (
            hash & ~Media.EntryCollisionMask)) return Hammer2Error.NoSpace;
        change.PutEntry(directory, free, new DirentDelta(name.ToArray(), inum, type, change.Tid));
        change.Touch(directory);
        return Hammer2Error.None;
    }

    /// <summary>Changes the object of an entry.</summary>
    public static void ReplaceEntry(
        in Transaction change, DirtyInode directory, ReadOnlySpan<byte> name, in DirectoryEntry entry,
        ulong inum,
        ObjectType type)
    {
        change.PutEntry(directory, entry.Key, new DirentDelta(name.ToArray(), inum, type, change.Tid));
        change.Touch(directory);
    }

    /// <summary>Removes an entry from a directory.</summary>
    public static void RemoveEntry(in Transaction change, DirtyInode directory, in DirectoryEntry entry)
    {
        change.PutEntry(directory, entry.Key, new DirentDelta(null, 0, ObjectType.Unknown, change.Tid));
        change.Touch(directory);
    }

    /// <summary>Checks that a directory is empty.</summary>
    /// <returns>None; NotEmpty; a fault when a damaged part of it may contain entries.</returns>
    public static Hammer2Error CheckEmpty(in Inode directory)
    {
        var cursor = new EntryCursor(directory, Media.EntryKeyBit, ulong.MaxValue);
        Hammer2Error error = cursor.MoveNext();
        return error switch
        {
            Hammer2Error.None => Hammer2Error.NotEmpty,
            Hammer2Error.NoEntry => Hammer2Error.None,
            _ => error,
        };
    }
}
