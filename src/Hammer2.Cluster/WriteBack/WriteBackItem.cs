// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>One block of a batch.</summary>
internal sealed class WriteBackItem
{
    private SealedBlock _sealed;
    private Blockref _reference;

    /// <summary>The block.</summary>
    public ref SealedBlock Sealed => ref _sealed;

    /// <summary>The fields of the reference that are the same on every node: all but the location.</summary>
    public ref Blockref Reference => ref _reference;

    /// <summary>Offset of its bytes in the batch, if it needs its own storage.</summary>
    public int Start { get; set; }

    /// <summary>Number of its bytes; 0 when it needs no storage of its own.</summary>
    public int Bytes { get; set; }

    /// <summary>The block of the batch whose storage it shares; null for none.</summary>
    public WriteBackItem? Duplicate { get; set; }

    /// <summary>The reference on each node; null for a hole.</summary>
    public Blockref[]? Locations { get; set; }

    /// <summary>Clears the item.</summary>
    public void Clear()
    {
        _sealed = default;
        _reference = default;
        (Start, Bytes, Duplicate, Locations) = (0, 0, null, null);
    }
}
