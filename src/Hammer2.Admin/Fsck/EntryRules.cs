// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>The rules of a single directory entry, and of the names of one directory.</summary>
internal sealed class EntryRules
{
    private readonly FsckContext _context;
    private readonly byte[] _lastName = new byte[Media.NameBytesMax];
    private readonly HashSet<string> _colliding = [];
    private PfsScope? _lastPfs;
    private ulong _lastDirectory;
    private ulong _lastHash;
    private int _lastLength;

    public EntryRules(FsckContext context) => _context = context;

    /// <summary>Judges an entry; entries of a directory come in the order of their keys.</summary>
    public void Judge(in FsckPlace place, in Blockref reference, ReadOnlySpan<byte> block)
    {
        int length = reference.Dirent.NameBytes;
        ReadOnlySpan<byte> area = length <= Media.EntryNameInlineBytesMax ? reference.CheckRead : block;
        ReadOnlySpan<byte> name = area[..length];
        if (!MediaValidator.IsEntryName(name))
        {
            _context.Add(FsckSeverity.Error, FsckCode.EntryName, place, reference,
                $"{FsckContext.Describe(reference)} has a name that cannot be used: {Printable(name)}");
        }
        ulong hash = DirectoryHash.Compute(name);
        if ((reference.Key & ~Media.EntryCollisionMask) != hash)
        {
            _context.Add(FsckSeverity.Warning, FsckCode.EntryHash, place, reference,
                $"entry {Printable(name)} lies at key 0x{reference.Key:x}, its hash is 0x{hash:x}");
            _context.Plan.Add(new RepairAction(
                RepairKind.MoveEntry, place.Pfs!.Key, place.OwnerInum, reference.Key));
        }
        if (!BlockCodec.IsAllZero(area[length..]))
        {
            _context.Add(FsckSeverity.Warning, FsckCode.EntryName, place, reference,
                $"the bytes behind the name of entry {Printable(name)} are not zero");
        }
        JudgeTwice(place, reference, name);
        Remember(place, reference.Key & ~Media.EntryCollisionMask, name);
    }

    private void JudgeTwice(in FsckPlace place, in Blockref reference, ReadOnlySpan<byte> name)
    {
        bool isSameHash = _lastPfs == place.Pfs && _lastDirectory == place.OwnerInum
            && _lastHash == (reference.Key & ~Media.EntryCollisionMask);
        if (!isSameHash)
        {
            _colliding.Clear();
            return;
        }
        if (_colliding.Count == 0) _ = _colliding.Add(Exact(_lastName.AsSpan(0, _lastLength)));
        if (_colliding.Add(Exact(name))) return;
        _context.Add(FsckSeverity.Warning, FsckCode.EntryTwice, place, reference,
            $"the directory has two entries {Printable(name)}");
    }

    private void Remember(in FsckPlace place, ulong hash, ReadOnlySpan<byte> name)
    {
        (_lastPfs, _lastDirectory, _lastHash, _lastLength) = (place.Pfs, place.OwnerInum, hash, name.Length);
        name.CopyTo(_lastName);
    }

    private static string Exact(ReadOnlySpan<byte> name) => Convert.ToHexString(name);

    private static string Printable(ReadOnlySpan<byte> name) => NamePrinter.Quote(name);
}
