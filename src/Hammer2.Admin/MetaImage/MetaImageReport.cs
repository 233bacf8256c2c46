// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Admin.MetaImage;

/// <summary>What was copied into an image of metadata, and what was left out.</summary>
public sealed class MetaImageReport
{
    private const int UnreadMax = 1000;

    private readonly List<(ulong Address, string Reason)> _unread = [];

    /// <summary>Copies of volume headers.</summary>
    public int Headers { get; internal set; }

    /// <summary>Inodes, each block once.</summary>
    public long Inodes { get; internal set; }

    /// <summary>Blocks of references.</summary>
    public long Indirects { get; internal set; }

    /// <summary>Blocks with names.</summary>
    public long NameBlocks { get; internal set; }

    /// <summary>Bytes of the reserved space, which the freemap is in, that were copied.</summary>
    public ulong ReservedBytes { get; internal set; }

    /// <summary>References to file data, which was left out.</summary>
    public long DataReferences { get; internal set; }

    /// <summary>Inodes whose embedded file data or link target was left out.</summary>
    public long EmbeddedContents { get; internal set; }

    /// <summary>Inodes whose extended attributes were left out.</summary>
    public long DroppedAttributes { get; internal set; }

    /// <summary>Names that were replaced.</summary>
    public long ScrambledNames { get; internal set; }

    /// <summary>Blocks that could not be read, or do not agree with their check code, at most 1000. The latter are in the
    /// image as they are.</summary>
    public IReadOnlyList<(ulong Address, string Reason)> Unread => _unread;

    /// <summary>Number of these, listed or not.</summary>
    public long UnreadTotal { get; private set; }

    /// <summary>Metadata blocks that were written.</summary>
    public long Blocks => Inodes + Indirects + NameBlocks;

    internal void AddUnread(ulong address, string reason)
    {
        UnreadTotal++;
        if (_unread.Count < UnreadMax) _unread.Add((address, reason));
    }
}
