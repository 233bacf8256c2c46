// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

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

    /// <summary>Checks an entry. The entries of a directory must be passed in the order of their keys.</summary>
    public void Check(in FsckPosition position, in Blockref reference, ReadOnlySpan<byte> block)
    {
        int length = reference.Dirent.NameBytes;
        ReadOnlySpan<byte> area = length <= Media.EntryNameInlineBytesMax ? reference.CheckRead : block;
        ReadOnlySpan<byte> name = area[..length];
        if (!MediaValidator.IsEntryName(name))
        {
            _context.Add(FsckSeverity.Error, FsckCode.EntryName, position, reference,
                $"{FsckContext.Describe(reference)} has a name that cannot be used: {Printable(name)}");
        }
        ulong hash = DirectoryHash.Compute(name);
        if ((reference.Key & ~Media.EntryCollisionMask) != hash)
        {
            _context.Add(FsckSeverity.Warning, FsckCode.EntryHash, position, reference,
                $"entry {Printable(name)} has the key 0x{reference.Key:x}, its hash is 0x{hash:x}");
            _context.Plan.Add(new RepairAction(
                RepairKind.MoveEntry, position.Pfs!.Key, position.OwnerInum, reference.Key));
        }
        if (!BlockCodec.IsAllZero(area[length..]))
        {
            _context.Add(FsckSeverity.Warning, FsckCode.EntryName, position, reference,
                $"the bytes after the name of entry {Printable(name)} are not zero");
        }
        CheckTwice(position, reference, name);
        AttributeRules.Collect(position, reference, name);
        Remember(position, reference.Key & ~Media.EntryCollisionMask, name);
    }

    private void CheckTwice(in FsckPosition position, in Blockref reference, ReadOnlySpan<byte> name)
    {
        bool isSameHash = _lastPfs == position.Pfs && _lastDirectory == position.OwnerInum
            && _lastHash == (reference.Key & ~Media.EntryCollisionMask);
        if (!isSameHash)
        {
            _colliding.Clear();
            return;
        }
        if (_colliding.Count == 0) _ = _colliding.Add(Exact(_lastName.AsSpan(0, _lastLength)));
        if (_colliding.Add(Exact(name))) return;
        _context.Add(FsckSeverity.Warning, FsckCode.EntryTwice, position, reference,
            $"the directory has two entries {Printable(name)}");
    }

    private void Remember(in FsckPosition position, ulong hash, ReadOnlySpan<byte> name)
    {
        (_lastPfs, _lastDirectory, _lastHash, _lastLength) = (position.Pfs, position.OwnerInum, hash, name.Length);
        name.CopyTo(_lastName);
    }

    private static string Exact(ReadOnlySpan<byte> name) => Convert.ToHexString(name);

    private static string Printable(ReadOnlySpan<byte> name) => NamePrinter.Quote(name);
}
