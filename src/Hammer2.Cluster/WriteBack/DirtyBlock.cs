// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// A file block that was written since the last commit: bytes in memory first, then references on the nodes. Or a
/// hole.
/// </summary>
/// <remarks>
/// States go forward: Open, Sealed, Stored; or Dropped or Failed, from which only <see cref="Retry"/> leads back. The
/// thread that makes a transition owns what comes with it. One thread <see cref="TryClaim">claims</see> a sealed block
/// and writes it or, when it was dropped, frees it. The order in which the two fields are written lets readers look
/// without a lock of the block.
/// </remarks>
internal sealed class DirtyBlock
{
    private byte[]? _content;
    private Blockref[]? _stored;
    private int _state;
    private int _isClaimed;
    private long _reservedBytes;

    private DirtyBlock(byte[]? content, DirtyBlockState state, ulong modifyTid)
    {
        _content = content;
        _state = (int)state;
        ModifyTid = modifyTid;
    }

    /// <summary>The first 4, 16 or 64 KiB; the rest of the block is zeros. Null for a hole, and once it is stored.
    /// The buffer is reused then: a reader compares this property before and after it copied, and discards what it
    /// copied when they differ.</summary>
    public byte[]? Content => Volatile.Read(ref _content);

    /// <summary>The reference on each node, once stored; only the location differs between nodes.</summary>
    public Blockref[]? Stored => Volatile.Read(ref _stored);

    /// <summary>How far it is.</summary>
    public DirtyBlockState State => (DirtyBlockState)Volatile.Read(ref _state);

    /// <summary>Number of the operation that wrote it last.</summary>
    public ulong ModifyTid { get; set; }

    /// <summary>Bytes that it adds to the file's allocated size until a commit has it.</summary>
    public long ChargedBytes { get; init; }

    /// <summary>Bytes written one after the other from the start: a full block is not expected to change again
    /// soon.</summary>
    public int FilledBytes { get; set; }

    /// <summary>True when other blocks have the same storage, which must then not be freed with this one.</summary>
    public bool IsShared { get; set; }

    /// <summary>Hash of the stored bytes; set before they are written. 0 when it is not deduplicated.</summary>
    public ulong Hash { get; set; }

    /// <summary>True when the block is to have no storage. Zeros become a hole before their writer frees the
    /// buffer.</summary>
    public bool IsHole => State == DirtyBlockState.Stored && Stored is null;

    /// <summary>A block of data.</summary>
    /// <param name="content">Its bytes; the block owns the buffer.</param>
    /// <param name="modifyTid">Number of the operation.</param>
    /// <param name="reservedBytes">Space reserved for it, which it owns as well.</param>
    public static DirtyBlock OfContent(byte[] content, ulong modifyTid, long reservedBytes) =>
        new(content, DirtyBlockState.Open, modifyTid)
        {
            ChargedBytes = Media.FileBlockBytes,
            _reservedBytes = reservedBytes,
        };

    /// <summary>A block that is stored on every node already; owns the array of references.</summary>
    public static DirtyBlock OfStored(Blockref[] references, ulong modifyTid)
    {
        long bytes = 0;
        foreach (ref readonly Blockref reference in references.AsSpan())
            bytes = Math.Max(bytes, reference.Data.SizeBytes);
        return new(null, DirtyBlockState.Stored, modifyTid)
        {
            ChargedBytes = bytes,
            IsShared = true,
            _stored = references,
        };
    }

    /// <summary>A hole; one object may stand for many blocks.</summary>
    public static DirtyBlock OfHole(ulong modifyTid) => new(null, DirtyBlockState.Stored, modifyTid);

    /// <summary>Gives an open block a longer buffer; returns the old one.</summary>
    /// <remarks>Entry: the file's lock is held exclusively, so that no thread reads.</remarks>
    public byte[] Replace(byte[] longer) => Interlocked.Exchange(ref _content, longer)!;

    /// <summary>From Open to Sealed; true for the thread that did it.</summary>
    public bool TrySeal() => TryMove(DirtyBlockState.Open, DirtyBlockState.Sealed);

    /// <summary>True for the one thread that writes or frees this sealed block.</summary>
    public bool TryClaim() => Interlocked.Exchange(ref _isClaimed, 1) == 0;

    /// <summary>From Sealed to Failed.</summary>
    public bool TryFail() => TryMove(DirtyBlockState.Sealed, DirtyBlockState.Failed);

    /// <summary>From Failed back to Sealed: it is to be stored after all.</summary>
    /// <remarks>Entry: no thread stores blocks.</remarks>
    public void Retry()
    {
        if (State != DirtyBlockState.Failed) return;
        Volatile.Write(ref _isClaimed, 0);
        _ = TryMove(DirtyBlockState.Failed, DirtyBlockState.Sealed);
    }

    /// <summary>Has a stored block elsewhere from now on.</summary>
    /// <param name="references">Where it is on each node. A node whose element is empty has lost it.</param>
    /// <remarks>Entry: no commit reads them.</remarks>
    public void Relocate(Blockref[] references) => Volatile.Write(ref _stored, references);

    /// <summary>True once no node has it any more: the commit leaves its inode out.</summary>
    public bool IsLost { get; set; }

    /// <summary>To Dropped, from any state, which is returned.</summary>
    public DirtyBlockState Drop() => (DirtyBlockState)Interlocked.Exchange(ref _state, (int)DirtyBlockState.Dropped);

    /// <summary>From Sealed to Stored. False when it was dropped meanwhile: the caller then owns the space at the
    /// references.</summary>
    /// <param name="references">Where it is; null for a hole.</param>
    public bool TryFinish(Blockref[]? references)
    {
        Volatile.Write(ref _stored, references);
        return TryMove(DirtyBlockState.Sealed, DirtyBlockState.Stored);
    }

    /// <summary>The buffer, which the first caller owns; null after that.</summary>
    public byte[]? TakeContent() => Interlocked.Exchange(ref _content, null);

    /// <summary>Bytes reserved for it, which the first caller must release; 0 after that.</summary>
    public long TakeReservation() => Interlocked.Exchange(ref _reservedBytes, 0);

    private bool TryMove(DirtyBlockState from, DirtyBlockState to) =>
        Interlocked.CompareExchange(ref _state, (int)to, (int)from) == (int)from;
}
