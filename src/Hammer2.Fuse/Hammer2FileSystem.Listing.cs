// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Format;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

public sealed partial class Hammer2FileSystem
{
    [LoggerMessage(60, LogLevel.Error,
        "directory 0x{Inum:x} has an entry whose name has a slash or NUL in it, or is empty: not listed")]
    private static partial void LogImpossibleName(ILogger logger, ulong inum);

    // The kernel fails a whole listing for one name that cannot be.
    private static bool IsPossible(ReadOnlySpan<byte> name) =>
        !name.IsEmpty && name.IndexOfAny((byte)0, (byte)'/') < 0;

    // Only now that the directory is not held any more: an object's attributes need its own lock.
    private void FillAttributes(ref FuseDirectoryPacker packer)
    {
        for (int offset = 0; offset < packer.UsedBytes;)
        {
            ref FuseEntryOut entry = ref packer.EntryAt(ref offset);
            if (entry.NodeId == 0) continue;
            ulong inum = entry.NodeId;
            entry = default;

            // Damage shows when the entry is used, and does not keep the others from being listed.
            if (_vnodes.GetEntryAttributes(inum, out VnodeAttributes attributes) == Errno.None)
                GiveEntry(in attributes, ref entry);
        }
    }

    /// <summary>Packs entries, and marks those that should have their attributes.</summary>
    private ref struct DirectorySink : IDirectorySink
    {
        private readonly Hammer2FileSystem _fileSystem;
        private readonly ListingHabits.Listing _listing;
        private FuseDirectoryPacker _packer;
        private int _given;

        public DirectorySink(
            Hammer2FileSystem fileSystem, ListingHabits.Listing listing, FuseDirectoryPacker packer)
        {
            _fileSystem = fileSystem;
            _listing = listing;
            _packer = packer;
        }

        /// <summary>The packer with what was taken; a reference to it cannot be kept here.</summary>
        public readonly FuseDirectoryPacker Packer => _packer;

        /// <summary>True once an entry was marked.</summary>
        public bool HasMarked { get; private set; }

        public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition)
        {
            if (!IsPossible(name))
            {
                LogImpossibleName(_fileSystem._logger, inum);
                return true;
            }
            uint typeBits = VnodeAttributes.TypeBits(type);
            bool canCarry = _packer.WantsAttributes && !IsDots(name) && _packer.HasRoom(name.Length);
            if (!canCarry || !IsWanted(type, inum))
                return _packer.TryAdd(name, inum, typeBits, nextPosition);
            if (type != ObjectType.Directory) _given++;
            HasMarked = true;
            var entry = new FuseEntryOut { NodeId = inum };
            entry.Attr.Inode = inum;
            entry.Attr.Mode = typeBits;
            return _packer.TryAdd(name, in entry, nextPosition);
        }

        // A walk looks up every directory that it enters, whether or not it stats what it lists.
        private readonly bool IsWanted(ObjectType type, ulong inum) =>
            type == ObjectType.Directory || (_given < _listing.AttributesMax && !_listing.TakeAsCanary(inum));

        private static bool IsDots(scoped ReadOnlySpan<byte> name) =>
            name.SequenceEqual("."u8) || name.SequenceEqual(".."u8);
    }
}
