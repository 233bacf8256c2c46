// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse;

public sealed partial class Hammer2FileSystem
{
    /// <inheritdoc/>
    public int ReadDir(in FuseContext context, in FuseReadIn request, ref FuseDirectoryPacker packer)
    {
        ulong directory = context.NodeId;
        ListingHabits.Listing listing = packer.WantsAttributes
            ? _habits.Begin(context.ProcessId, directory, isStart: request.Position == 0)
            : default;
        var sink = new DirectorySink(listing, packer);
        Errno error = _vnodes.ReadDirectory(directory, request.Position, ref sink);
        packer = sink.Packer;
        if (error == Errno.None && sink.HasMarked) FillAttributes(ref packer);
        return ReadResult(directory, error);
    }

    // After the directory is unlocked: reading an object's attributes needs that object's lock.
    private void FillAttributes(ref FuseDirectoryPacker packer)
    {
        for (int offset = 0; offset < packer.UsedBytes;)
        {
            ref FuseEntryOut entry = ref packer.EntryAt(ref offset);
            if (entry.NodeId == 0) continue;
            ulong inum = entry.NodeId;
            entry = default;

            // Damage of one object is reported when it is used, and does not prevent listing the others.
            if (_vnodes.GetEntryAttributes(inum, out VnodeAttributes attributes) == Errno.None)
                GiveEntry(in attributes, ref entry);
        }
    }

    /// <summary>Packs entries and marks those that need attributes.</summary>
    private ref struct DirectorySink : IDirectorySink
    {
        private readonly ListingHabits.Listing _listing;
        private FuseDirectoryPacker _packer;

        public DirectorySink(ListingHabits.Listing listing, FuseDirectoryPacker packer)
        {
            _listing = listing;
            _packer = packer;
        }

        /// <summary>The packer with the entries added; a ref struct cannot hold a reference to it.</summary>
        public readonly FuseDirectoryPacker Packer => _packer;

        /// <summary>True once an entry was marked.</summary>
        public bool HasMarked { get; private set; }

        public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition)
        {
            uint typeBits = VnodeAttributes.TypeBits(type);
            bool canCarry = _packer.WantsAttributes && !IsDots(name) && _packer.HasRoom(name.Length);
            if (!canCarry || !IsWanted(type, inum))
                return _packer.TryAdd(name, inum, typeBits, nextPosition);
            HasMarked = true;
            var entry = new FuseEntryOut { NodeId = inum };
            entry.Attr.Inode = inum;
            entry.Attr.Mode = typeBits;
            return _packer.TryAdd(name, in entry, nextPosition);
        }

        // A process that walks a tree looks up every directory that it enters, whether or not it stats the entries.
        private readonly bool IsWanted(ObjectType type, ulong inum) =>
            type == ObjectType.Directory || (_listing.GivesAttributes && !_listing.TakeAsCanary(inum));

        private static bool IsDots(scoped ReadOnlySpan<byte> name) =>
            name.SequenceEqual("."u8) || name.SequenceEqual(".."u8);
    }
}
