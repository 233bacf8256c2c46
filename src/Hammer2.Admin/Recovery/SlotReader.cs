// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>Reads references and names again from where they were found, and validates them again.</summary>
internal sealed class SlotReader
{
    private readonly VolumeSet _volumes;

    public SlotReader(VolumeSet volumes) => _volumes = volumes;

    /// <summary>Reads a reference.</summary>
    public bool TryRead(ulong slot, out Blockref reference)
    {
        reference = default;
        return _volumes.Read(slot, MemoryMarshal.AsBytes(new Span<Blockref>(ref reference))) == Hammer2Error.None
            && MediaValidator.Reference(reference, BlockrefType.Indirect) is null;
    }

    /// <summary>Reads an inode and verifies its check code.</summary>
    public bool TryReadInode(ulong slot, out Blockref reference, Span<byte> block) =>
        TryRead(slot, out reference) && reference.Type == BlockrefType.Inode
        && _volumes.Read(reference.Data.Bytes, block) == Hammer2Error.None && CheckCode.Verify(reference, block)
        && MediaValidator.Inode(reference, block) is null;

    /// <summary>The name in an entry, or null: it cannot be read, is no valid name, or does not agree with the entry's
    /// key, which is the hash of the name.</summary>
    public byte[]? NameOf(in Blockref entry)
    {
        int length = entry.Dirent.NameBytes;
        ReadOnlySpan<byte> block = default;
        if (length > Media.EntryNameInlineBytesMax)
        {
            byte[] stored = new byte[Media.AllocationBytesMin];
            if (entry.Data.SizeBytes != stored.Length
                || _volumes.Read(entry.Data.Bytes, stored) != Hammer2Error.None || !CheckCode.Verify(entry, stored))
            {
                return null;
            }
            block = stored;
        }
        if (MediaValidator.DirentName(entry, block) is not null) return null;
        ReadOnlySpan<byte> name = (length <= Media.EntryNameInlineBytesMax ? entry.CheckRead : block)[..length];
        return (DirectoryHash.Compute(name) & ~Media.EntryCollisionMask) == (entry.Key & ~Media.EntryCollisionMask)
            ? name.ToArray()
            : null;
    }

    /// <summary>The name in the entry at an address, or null.</summary>
    public byte[]? NameAt(ulong slot) =>
        TryRead(slot, out Blockref entry) && entry.Type == BlockrefType.Dirent ? NameOf(entry) : null;
}
