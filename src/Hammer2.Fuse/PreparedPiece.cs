// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Fuse.Protocol;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse;

/// <summary>
/// The next piece of a listing without attributes, packed while whoever lists is busy with the one before. There is
/// one for a mount: it serves the listing that is the most at work.
/// </summary>
/// <remarks>
/// It is good only as long as nothing in the directory was changed since it was begun. Who asks for it while it is
/// being packed gets what there is: packing ends early, and the rest comes with the next.
/// Locks: _packing, held while a piece is packed, is taken before the directory's; _gate is a leaf.
/// </remarks>
internal sealed class PreparedPiece
{
    private const int BytesMin = 16 << 10;          // a piece that is wanted already has so much

    private readonly VnodeOps _vnodes;
    private readonly Lock _packing = new();
    private readonly Lock _gate = new();
    private byte[] _buffer = [];
    private ulong _directory;                       // 0 when there is none
    private ulong _position;
    private ulong _nextPosition;
    private int _usedBytes;                         // 0 while it is packed
    private object? _version;
    private volatile bool _isWanted;

    /// <summary>Has pieces of directories of <paramref name="vnodes"/>.</summary>
    public PreparedPiece(VnodeOps vnodes) => _vnodes = vnodes;

    /// <summary>Packs a piece of a long directory, in place of what there is. Of one caller at a time.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="position">Where the piece begins, behind the start.</param>
    /// <param name="bytes">How long it may be.</param>
    /// <param name="keepsBlocks">As for <see cref="VnodeOps.ReadDirectory{TSink}"/>.</param>
    /// <returns>False when there is none: the directory is short, has changes that wait for a commit, or ends
    /// there, or something cannot be read.</returns>
    public bool TryPrepare(ulong directory, ulong position, int bytes, bool keepsBlocks)
    {
        if (position == 0 || !_vnodes.IsLongDirectory(directory)) return false;
        lock (_packing)
        {
            lock (_gate)
            {
                (_directory, _position, _usedBytes) = (directory, position, 0);
                _isWanted = false;
            }
            if (_buffer.Length < bytes) _buffer = GC.AllocateUninitializedArray<byte>(bytes);
            _version = _vnodes.GetDirectoryVersion(directory);
            if (_version is null) return false;
            var sink = new Sink(this, new FuseDirectoryPacker(_buffer.AsSpan(0, bytes), wantsAttributes: false));
            if (_vnodes.ReadDirectory(directory, position, ref sink, keepsBlocks) != Errno.None) return false;
            _nextPosition = sink.Packer.NextPosition;
            _usedBytes = sink.Packer.UsedBytes;
            return _usedBytes > 0;
        }
    }

    /// <summary>Takes the piece that begins at a position of a directory, if it is there or on its way.</summary>
    public bool TryTake(ulong directory, ulong position, ref FuseDirectoryPacker packer)
    {
        lock (_gate)
        {
            if (_directory != directory || _position != position) return false;
            _isWanted = true;
        }
        object? version = _vnodes.GetDirectoryVersion(directory);
        lock (_packing)
        {
            lock (_gate)
            {
                if (_directory != directory || _position != position) return false;
                _directory = 0;
            }
            return _usedBytes > 0 && version is not null && ReferenceEquals(version, _version)
                && packer.TryAddPacked(_buffer.AsSpan(0, _usedBytes), _nextPosition);
        }
    }

    private ref struct Sink : IDirectorySink
    {
        private readonly PreparedPiece _piece;
        private FuseDirectoryPacker _packer;

        public Sink(PreparedPiece piece, FuseDirectoryPacker packer)
        {
            _piece = piece;
            _packer = packer;
        }

        /// <summary>The packer with what was taken; a reference to it cannot be kept here.</summary>
        public readonly FuseDirectoryPacker Packer => _packer;

        public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition) =>
            (!_piece._isWanted || _packer.UsedBytes < BytesMin)
            && _packer.TryAdd(name, inum, VnodeAttributes.TypeBits(type), nextPosition);
    }
}
