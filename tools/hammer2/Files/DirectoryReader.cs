// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Files;

/// <summary>An entry of a directory.</summary>
/// <param name="Name">Bytes as stored.</param>
/// <param name="Inum">The inode number.</param>
/// <param name="Type">The type in the directory entry.</param>
internal readonly record struct DirectoryItem(byte[] Name, ulong Inum, ObjectType Type);

/// <summary>
/// Reads a directory in pieces, so that memory does not depend on its size. "." and ".." are skipped.
/// </summary>
internal sealed class DirectoryReader
{
    private const int PieceCount = 1024;
    private const ulong PositionAfterDotDot = 2;

    private readonly VnodeOps _vnodes;
    private readonly ulong _directory;
    private readonly List<DirectoryItem> _piece = [];
    private ulong _position;

    /// <summary>Starts at the first entry of a directory.</summary>
    public DirectoryReader(VnodeOps vnodes, ulong directory)
    {
        _vnodes = vnodes;
        _directory = directory;
    }

    /// <summary>
    /// Reads the next piece. The entries are valid until the next call; an empty list without an error is the end of
    /// the directory.
    /// </summary>
    /// <returns>EIO when part of the directory cannot be read, after all readable entries.</returns>
    public Errno Read(out IReadOnlyList<DirectoryItem> entries)
    {
        _piece.Clear();
        entries = _piece;
        Errno error = Errno.None;
        while (error == Errno.None && _piece.Count == 0)
        {
            ulong before = _position;
            var sink = new Sink(_piece, _position);
            error = _vnodes.ReadDirectory(_directory, _position, ref sink);
            _position = sink.Position;
            if (_position == before) break;
        }
        return error;
    }

    /// <summary>All entries of a directory in the order of their names, as far as they can be read.</summary>
    public static Errno ReadSorted(VnodeOps vnodes, ulong directory, out List<DirectoryItem> entries)
    {
        entries = [];
        var reader = new DirectoryReader(vnodes, directory);
        Errno error;
        do
        {
            error = reader.Read(out IReadOnlyList<DirectoryItem> piece);
            entries.AddRange(piece);
            if (piece.Count == 0) break;
        }
        while (error == Errno.None);
        entries.Sort(static (left, right) => left.Name.AsSpan().SequenceCompareTo(right.Name));
        return error;
    }

    private struct Sink(List<DirectoryItem> items, ulong position) : IDirectorySink
    {
        public ulong Position { get; private set; } = position;

        public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition)
        {
            if (items.Count >= PieceCount) return false;
            if (nextPosition > PositionAfterDotDot) items.Add(new DirectoryItem(name.ToArray(), inum, type));
            Position = nextPosition;
            return true;
        }
    }
}
