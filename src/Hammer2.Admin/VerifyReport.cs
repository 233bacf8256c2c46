// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>One damaged block, and what of the user's it takes with it.</summary>
public sealed class VerifyFault
{
    /// <summary>The tree the block belongs to.</summary>
    public required MediaTree Tree { get; init; }

    /// <summary>What kind of block; <see cref="BlockrefType.Empty"/> for references in the header itself.</summary>
    public required BlockrefType Kind { get; init; }

    /// <summary>Key of the PFS it belongs to, 0 when it belongs to none.</summary>
    public required ulong PfsKey { get; init; }

    /// <summary>The label of that PFS; null when it belongs to none or its root cannot be read.</summary>
    public string? Label { get; internal set; }

    /// <summary>The inode whose references lead to the block.</summary>
    public required ulong OwnerInum { get; init; }

    /// <summary>What that inode is.</summary>
    public required ObjectType OwnerType { get; init; }

    /// <summary>First key that the reference covers.</summary>
    public required ulong Key { get; init; }

    /// <summary>Last key that the reference covers.</summary>
    public required ulong KeyEnd { get; init; }

    /// <summary>Where the block lies in the address space of the volume set.</summary>
    public required ulong Address { get; init; }

    /// <summary>Stored size in bytes.</summary>
    public required int SizeBytes { get; init; }

    /// <summary>Io, Check or Corrupt.</summary>
    public required Hammer2Error Error { get; init; }

    /// <summary>What is wrong, for a person.</summary>
    public required string Reason { get; init; }

    /// <summary>
    /// Paths of what is damaged, from the root of the PFS, in bytes as stored; a lost block of many inodes has
    /// several. Empty where no directory entry leads to the object.
    /// </summary>
    public IReadOnlyList<byte[]> Paths { get; internal set; } = [];

    /// <summary>How many paths there are; more than listed when a block held many inodes.</summary>
    public long PathsTotal { get; internal set; }

    /// <summary>The inode numbers that are lost or hurt: one, or all those an index block led to.</summary>
    internal KeyRange Hurt => Kind switch
    {
        BlockrefType.Inode when IsPfsRoot => new KeyRange(Media.PfsRootInum, Media.PfsRootInum),
        BlockrefType.Inode => new KeyRange(Key, Key),
        BlockrefType.Indirect when IsInodeIndex => new KeyRange(Key, Math.Min(KeyEnd, Media.EntryKeyBit - 1)),
        _ => new KeyRange(OwnerInum, OwnerInum),
    };

    /// <summary>True when the whole PFS is lost with the block.</summary>
    public bool IsPfsRoot { get; init; }

    /// <summary>True for a block of references to inodes rather than of one file or directory.</summary>
    public bool IsInodeIndex => OwnerInum == Media.PfsRootInum && (Key & Media.EntryKeyBit) == 0;
}

/// <summary>One of the places of a volume header.</summary>
/// <param name="DeviceName">The device.</param>
/// <param name="Copy">What the place holds.</param>
/// <param name="IsBlank">All bytes are zero: no flush came round to this place yet, or it was wiped.</param>
public sealed record HeaderFinding(string DeviceName, VolumeHeaderCopy Copy, bool IsBlank)
{
    /// <summary>True when something was written here that can no longer be used.</summary>
    public bool IsDamaged => Copy.Header is null && !IsBlank;
}

/// <summary>What a verification read and what it found.</summary>
public sealed class VerifyReport
{
    /// <summary>The copies of the volume headers.</summary>
    public required IReadOnlyList<HeaderFinding> Headers { get; init; }

    /// <summary>Damage in the order in which it was met, cut at the number asked for.</summary>
    public IReadOnlyList<VerifyFault> Faults { get; internal set; } = [];

    /// <summary>How many damaged blocks there are, listed or not.</summary>
    public long FaultsTotal { get; internal set; }

    /// <summary>Number of PFSs whose root was read.</summary>
    public long Pfses { get; internal set; }

    /// <summary>Inodes read, the roots of PFSs among them; what two PFSs share counts once.</summary>
    public long Inodes { get; internal set; }

    /// <summary>Indirect blocks read.</summary>
    public long Indirects { get; internal set; }

    /// <summary>Directory entries seen.</summary>
    public long Entries { get; internal set; }

    /// <summary>Data blocks read and decoded.</summary>
    public long DataBlocks { get; internal set; }

    /// <summary>Freemap blocks read.</summary>
    public long FreemapBlocks { get; internal set; }

    /// <summary>Bytes read from the volumes and checked.</summary>
    public ulong BytesRead { get; internal set; }

    /// <summary>Blocks that have no check code, so that nothing but their meaning could be checked.</summary>
    public long Unprotected { get; internal set; }

    /// <summary>True when a copy of a header is damaged; a copy of zeros was never written and is none.</summary>
    public bool HasBadHeader
    {
        get
        {
            foreach (HeaderFinding copy in Headers)
                if (copy.IsDamaged) return true;
            return false;
        }
    }

    /// <summary>True when nothing is damaged.</summary>
    public bool IsClean => FaultsTotal == 0 && !HasBadHeader;
}
