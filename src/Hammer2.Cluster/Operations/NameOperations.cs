// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Operations;

/// <summary>Operations on the names in a directory, over all synced nodes.</summary>
/// <remarks>Upstream: <c>hammer2_xop_nresolve</c>, <c>hammer2_xop_readdir</c>.</remarks>
public static partial class NameOperations
{
    /// <summary>Finds a name in a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">1 to 255 bytes.</param>
    /// <param name="entry">What it names.</param>
    /// <returns>None; NoEntry; a node fault when a damaged part of the directory may have held the
    /// name.</returns>
    public static Hammer2Error FindEntry(
        in Inode directory, ReadOnlySpan<byte> name, out DirectoryEntry entry)
    {
        entry = default;
        ulong hash = DirectoryHash.Compute(name);
        var cursor = new EntryCursor(directory, hash, hash | Media.EntryCollisionMask, name.Length);
        Hammer2Error faults = Hammer2Error.None;
        Hammer2Error error;
        while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            faults |= error;
            if (error != Hammer2Error.None || !cursor.Name.SequenceEqual(name)) continue;
            entry = cursor.Entry;
            return error;
        }
        return faults == Hammer2Error.None ? Hammer2Error.NoEntry : faults;
    }

    /// <summary>Gives the entries of a directory with keys from <paramref name="firstKey"/> up to a sink, in
    /// key order, until the sink has no room or the directory ends.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="firstKey">Where to start; keys without the entry bit are below all entries.</param>
    /// <param name="sink">Takes the entries.</param>
    /// <param name="isAtEnd">True when the directory ended, false when the sink had no room.</param>
    /// <returns>None, or the OR-ed faults of what could not be read on the way.</returns>
    public static Hammer2Error ReadDirectory<TSink>(
        in Inode directory, ulong firstKey, ref TSink sink, out bool isAtEnd)
        where TSink : IEntrySink, allows ref struct
    {
        var cursor = new EntryCursor(directory, Math.Max(firstKey, Media.EntryKeyBit), ulong.MaxValue);
        Hammer2Error faults = Hammer2Error.None;
        Hammer2Error error;
        bool hasRoom = true;
        while (hasRoom && (error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            if (error != Hammer2Error.None) faults |= error;
            else hasRoom = sink.Add(cursor.Name, cursor.Entry);
        }
        isAtEnd = hasRoom;
        return faults;
    }

    /// <summary>Gives the name of the entry with a key.</summary>
    /// <returns>None; NoEntry; a node fault.</returns>
    public static Hammer2Error GetName(in Inode directory, ulong key, Span<byte> name, out int nameBytes)
    {
        nameBytes = 0;
        var cursor = new EntryCursor(directory, key, key);
        Hammer2Error error = cursor.MoveNext();
        if (error != Hammer2Error.None) return error;
        cursor.Name.CopyTo(name);
        nameBytes = cursor.Name.Length;
        return error;
    }
}
