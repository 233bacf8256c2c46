// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;

namespace Hammer2.Admin;

/// <summary>One copy of a volume header.</summary>
/// <param name="DeviceName">The device.</param>
/// <param name="Copy">The copy, valid or not.</param>
/// <param name="IsBlank">All bytes are zero: no flush has written this copy yet, or it was wiped.</param>
public sealed record HeaderFinding(string DeviceName, VolumeHeaderCopy Copy, bool IsBlank)
{
    /// <summary>True when a header was written here that is not valid.</summary>
    public bool IsDamaged => Copy.Header is null && !IsBlank;
}

/// <summary>The result of a verification.</summary>
public sealed class VerifyReport
{
    /// <summary>The copies of the volume headers.</summary>
    public required IReadOnlyList<HeaderFinding> Headers { get; init; }

    /// <summary>Damage in the order in which it was found, at most the requested number.</summary>
    public IReadOnlyList<VerifyFault> Faults { get; internal set; } = [];

    /// <summary>Number of damaged blocks, listed or not.</summary>
    public long FaultsTotal { get; internal set; }

    /// <summary>Number of PFSs whose root was read.</summary>
    public long Pfses { get; internal set; }

    /// <summary>Number of inodes read, including PFS roots; those shared by PFSs count once.</summary>
    public long Inodes { get; internal set; }

    /// <summary>Number of indirect blocks read.</summary>
    public long Indirects { get; internal set; }

    /// <summary>Number of directory entries read.</summary>
    public long Entries { get; internal set; }

    /// <summary>Number of data blocks read and decoded.</summary>
    public long DataBlocks { get; internal set; }

    /// <summary>Number of freemap blocks read.</summary>
    public long FreemapBlocks { get; internal set; }

    /// <summary>Bytes read from the volumes and checked.</summary>
    public ulong BytesRead { get; internal set; }

    /// <summary>Number of blocks without a check code, of which only the fields could be checked.</summary>
    public long Unprotected { get; internal set; }

    /// <summary>True when a header copy is damaged. A copy of zeros was never written and does not count.</summary>
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
