// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Snapshots.Diff;

/// <summary>An entry of a directory.</summary>
/// <param name="Directory">Number of the directory.</param>
/// <param name="Name">Its bytes.</param>
/// <param name="Type">Type of the object that it names.</param>
internal readonly record struct EntryName(ulong Directory, byte[] Name, ObjectType Type)
{
    /// <summary>Stands for a name that cannot be read.</summary>
    public static byte[] UnreadableName => "?"u8.ToArray();

    /// <summary>True when both are the same entry.</summary>
    public bool Equals(EntryName other) =>
        Directory == other.Directory && Type == other.Type && Name.AsSpan().SequenceEqual(other.Name);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Directory, Name.Length);

    /// <summary>An order: by directory, then by the bytes of the name.</summary>
    public static int Compare(EntryName left, EntryName right)
    {
        int order = left.Directory.CompareTo(right.Directory);
        return order != 0 ? order : left.Name.AsSpan().SequenceCompareTo(right.Name);
    }

    /// <summary>Reads the name in a reference of a directory.</summary>
    /// <param name="device">The filesystem.</param>
    /// <param name="entry">A reference to an entry.</param>
    /// <param name="name">Its bytes; empty after an error.</param>
    /// <returns>None; the fault of its block, or of the name.</returns>
    public static Hammer2Error Read(MediaDevice device, in Blockref entry, out byte[] name)
    {
        name = [];
        int bytes = entry.Dirent.NameBytes;
        if (entry.Data.SizeBytes == 0)
        {
            Hammer2Error fault = device.CheckEntryName(entry);
            if (fault == Hammer2Error.None) name = entry.CheckRead[..bytes].ToArray();
            return fault;
        }
        Hammer2Error error = device.Load(entry, out Chain? block);
        if (error == Hammer2Error.None) name = block!.Block[..bytes].ToArray();
        return error;
    }
}
