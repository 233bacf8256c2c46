// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Cluster.Transactions;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Accounts for the dirty blocks of a PFS: lends their buffers, counts the bytes that are open and that are sealed, by
/// which writers are throttled, and releases a block's buffer and space reservation when it is written or dropped.
/// </summary>
/// <remarks>Lock-free but for the spare buffers.</remarks>
internal sealed class BlockMemory
{
    private const int SparesMax = 64;

    private readonly SpaceReserve _space;
    private readonly DirtyMemory _shared;
    private readonly ContentBuffers _buffers = new(SparesMax);
    private long _openBytes;
    private long _sealedBytes;

    public BlockMemory(SpaceReserve space, DirtyMemory shared)
    {
        _space = space;
        _shared = shared;
    }

    /// <summary>Bytes of open blocks.</summary>
    public long OpenBytes => Volatile.Read(ref _openBytes);

    /// <summary>Bytes of blocks that are sealed and not stored, failed ones included.</summary>
    public long SealedBytes => Volatile.Read(ref _sealedBytes);

    /// <summary>Bytes of both: of dirty blocks that are in memory and on no node yet.</summary>
    public long UnwrittenBytes => OpenBytes + SealedBytes;

    /// <summary>True when open blocks have to be sealed, of whichever PFS they are.</summary>
    public bool HasTooManyOpen => _shared.HasTooManyOpen;

    /// <summary>A buffer with any content.</summary>
    /// <param name="leastBytes">At most 64 KiB; the buffer may be longer.</param>
    public byte[] Rent(int leastBytes) => _buffers.Rent(leastBytes);

    /// <summary>Gets a buffer back that no block owns.</summary>
    public void Return(byte[] content) => _buffers.Return(content);

    /// <summary>Counts a new open block.</summary>
    public void AddOpen(DirtyBlock block) => CountOpen(block.Content!.Length);

    /// <summary>Gives an open block a longer buffer.</summary>
    /// <remarks>Entry: the file's lock is held exclusively.</remarks>
    public void Lengthen(DirtyBlock block, int leastBytes)
    {
        byte[] longer = _buffers.Rent(leastBytes);
        byte[] old = block.Replace(longer);
        old.CopyTo(longer.AsSpan());
        longer.AsSpan(old.Length).Clear();
        CountOpen(longer.Length - old.Length);
        _buffers.Return(old);
    }

    /// <summary>Seals an open block and counts it as sealed. True for the thread that did it.</summary>
    public bool TrySeal(DirtyBlock block)
    {
        // Once sealed, another thread may have stored it and freed its content at any moment.
        int bytes = block.Content?.Length ?? 0;
        if (!block.TrySeal()) return false;
        CountOpen(-bytes);
        CountSealed(bytes);
        return true;
    }

    /// <summary>Frees the buffer of a block that was open, and releases its reservation.</summary>
    public void FreeOpen(DirtyBlock block) => CountOpen(-Free(block));

    /// <summary>Frees the buffer of a block that was sealed, and releases its reservation. A second call does
    /// nothing.</summary>
    public void FreeSealed(DirtyBlock block) => CountSealed(-Free(block));

    // The bytes of the buffer that was freed.
    private int Free(DirtyBlock block)
    {
        _space.Release(block.TakeReservation());
        if (block.TakeContent() is not { } content) return 0;
        int bytes = content.Length;
        _buffers.Return(content);
        return bytes;
    }

    private void CountOpen(int bytes)
    {
        _ = Interlocked.Add(ref _openBytes, bytes);
        _shared.AddOpen(bytes);
    }

    private void CountSealed(int bytes) => _ = Interlocked.Add(ref _sealedBytes, bytes);
}
