// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Testing;

/// <summary>A sparse device in memory: only written pages use memory, so that a device of 64 TiB is possible.</summary>
public sealed class MemoryBlockDevice : IBlockDevice
{
    private readonly SparsePages _pages = new();

    /// <summary>Makes a device that reads as zeros.</summary>
    public MemoryBlockDevice(long lengthBytes, string name = "memory", int sectorBytes = 512)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        LengthBytes = lengthBytes;
        Name = name;
        SectorBytes = sectorBytes;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long LengthBytes { get; }

    /// <inheritdoc/>
    public int SectorBytes { get; }

    /// <inheritdoc/>
    public bool IsReadOnly { get; set; }

    /// <summary>True once the device was closed.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>True when what is discarded reads as other bytes.</summary>
    public bool OverwritesDiscarded { get; set; }

    /// <summary>Number of flushes.</summary>
    public int FlushCount { get; private set; }

    /// <summary>Number of bytes of memory in use.</summary>
    public long UsedBytes => _pages.UsedBytes;

    /// <inheritdoc/>
    public Hammer2Error Read(long offset, Span<byte> destination)
    {
        if (!Contains(offset, destination.Length))
            return Hammer2Error.Io;
        _pages.Read(offset, destination, below: null);
        return Hammer2Error.None;
    }

    /// <inheritdoc/>
    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
    {
        if (IsReadOnly)
            return Hammer2Error.ReadOnly;
        if (!Contains(offset, source.Length))
            return Hammer2Error.Io;
        _ = _pages.Write(offset, source, below: null);
        return Hammer2Error.None;
    }

    /// <inheritdoc/>
    public Hammer2Error Flush()
    {
        FlushCount++;
        return Hammer2Error.None;
    }

    /// <inheritdoc/>
    public Hammer2Error Discard(long offset, long lengthBytes)
    {
        if (IsReadOnly)
            return Hammer2Error.ReadOnly;
        if (!Contains(offset, lengthBytes))
            return Hammer2Error.Io;
        if (!OverwritesDiscarded)
            return Hammer2Error.None;
        byte[] garbage = new byte[lengthBytes];
        Array.Fill(garbage, (byte)0xDB);
        return Write(offset, garbage);
    }

    /// <inheritdoc/>
    public void Dispose() => IsDisposed = true;

    private bool Contains(long offset, long lengthBytes)
        => offset >= 0 && lengthBytes >= 0 && offset <= LengthBytes && lengthBytes <= LengthBytes - offset;
}

/// <summary>Pages of a sparse address space; absent ones read as zeros or from the device below.</summary>
internal sealed class SparsePages
{
    internal const int PageBytes = 4096;

    private readonly ConcurrentDictionary<long, byte[]> _pages = new();

    internal long UsedBytes => (long)_pages.Count * PageBytes;

    internal void Clear() => _pages.Clear();

    internal Hammer2Error Read(long offset, Span<byte> destination, IBlockDevice? below)
    {
        if (below != null)
        {
            Hammer2Error error = below.Read(offset, destination);
            if (error != Hammer2Error.None || _pages.IsEmpty)
                return error;
        }
        while (!destination.IsEmpty)
        {
            int within = (int)(offset % PageBytes);
            int count = Math.Min(PageBytes - within, destination.Length);
            if (_pages.TryGetValue(offset / PageBytes, out byte[]? page))
                page.AsSpan(within, count).CopyTo(destination);
            else if (below == null)
                destination[..count].Clear();
            destination = destination[count..];
            offset += count;
        }
        return Hammer2Error.None;
    }

    internal Hammer2Error Write(long offset, ReadOnlySpan<byte> source, IBlockDevice? below)
    {
        while (!source.IsEmpty)
        {
            long index = offset / PageBytes;
            int within = (int)(offset % PageBytes);
            int count = Math.Min(PageBytes - within, source.Length);
            if (!_pages.TryGetValue(index, out byte[]? page))
            {
                page = new byte[PageBytes];
                if (below != null)
                {
                    int belowBytes = (int)Math.Min(PageBytes, below.LengthBytes - index * PageBytes);
                    Hammer2Error error = below.Read(index * PageBytes, page.AsSpan(0, belowBytes));
                    if (error != Hammer2Error.None)
                        return error;
                }
                page = _pages.GetOrAdd(index, page);
            }
            source[..count].CopyTo(page.AsSpan(within));
            source = source[count..];
            offset += count;
        }
        return Hammer2Error.None;
    }
}
