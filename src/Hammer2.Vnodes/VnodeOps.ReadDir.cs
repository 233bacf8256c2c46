// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>Takes the entries of a directory from <see cref="VnodeOps.ReadDirectory{TSink}"/>.</summary>
public interface IDirectorySink
{
    /// <summary>Takes an entry.</summary>
    /// <param name="name">Dies with the call.</param>
    /// <param name="inum">The object.</param>
    /// <param name="type">Its type as the directory remembers it.</param>
    /// <param name="nextPosition">Where to go on behind this entry.</param>
    /// <returns>False when there is no room: the entry was not taken and reading stops.</returns>
    bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition);
}

public sealed partial class VnodeOps
{
    private const ulong PositionBehindDot = 1;
    private const ulong PositionBehindDotDot = 2;

    private readonly DamagedDirectories _damaged = new();

    /// <summary>
    /// Gives a directory's entries, "." and ".." first, to a sink until it has no room or the directory ends.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="position">0 for the start, or the position behind an entry. A position is the key of the
    /// entry with the top bit taken off, so it stays good whatever is made or removed meanwhile.</param>
    /// <param name="sink">Takes the entries.</param>
    /// <returns>ENOTDIR, ESTALE. EIO when part of the directory cannot be read, but only once there is
    /// nothing readable left to give: the readable entries all come first.</returns>
    public Errno ReadDirectory<TSink>(ulong directory, ulong position, ref TSink sink)
        where TSink : IDirectorySink, allows ref struct
    {
        using PfsWriter.ReadGuard guard = Hold(directory);
        Errno refused = GetDirectory(directory, out Inode inode);
        if (refused != Errno.None) return refused;
        ulong start = position;
        if (position == 0)
        {
            if (!sink.Add("."u8, directory, ObjectType.Directory, PositionBehindDot)) return Errno.None;
            position = PositionBehindDot;
        }
        if (position == PositionBehindDot)
        {
            if (!sink.Add(".."u8, ParentOf(inode), ObjectType.Directory, PositionBehindDotDot))
                return Errno.None;
            position = PositionBehindDotDot;
        }
        if (position >= Media.EntryKeyBit) return Errno.EINVAL;
        // Keys start far above the two made-up positions, so one rule serves: strictly behind the position.
        // Behind the last key of all there is none.
        ulong firstKey = (position | Media.EntryKeyBit) + 1;
        var entries = new EntrySink<TSink>(sink, directory);
        bool isAtEnd = true;
        Hammer2Error faults = firstKey == 0
            ? Hammer2Error.None
            : NameOperations.ReadDirectory(inode, firstKey, ref entries, out isAtEnd);
        sink = entries.Sink;
        if (faults != Hammer2Error.None)
        {
            if (_damaged.Add(directory)) LogPartlyUnreadable(_logger, directory);
        }
        else if (isAtEnd && start == 0) _damaged.Remove(directory);
        bool hasTaken = start <= PositionBehindDot || entries.HasTaken;
        return isAtEnd && !hasTaken && _damaged.Contains(directory) ? Errno.EIO : Errno.None;
    }

    private ref struct EntrySink<TSink> : IEntrySink
        where TSink : IDirectorySink, allows ref struct
    {
        private readonly ulong _directory;
        private TSink _sink;

        public EntrySink(TSink sink, ulong directory)
        {
            _sink = sink;
            _directory = directory;
        }

        /// <summary>The sink with what it took; a reference to it cannot be kept here.</summary>
        public readonly TSink Sink => _sink;

        /// <summary>True once an entry was given.</summary>
        public bool HasTaken { get; private set; }

        public bool Add(scoped ReadOnlySpan<byte> name, scoped in DirectoryEntry entry)
        {
            if (IsHidden(_directory, name)) return true;
            if (!_sink.Add(name, entry.Inum, entry.Type, entry.Key & ~Media.EntryKeyBit)) return false;
            HasTaken = true;
            return true;
        }
    }
}
