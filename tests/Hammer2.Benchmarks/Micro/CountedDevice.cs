// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Benchmarks.Micro;

/// <summary>A device that counts what reaches it. Thread-safe.</summary>
internal sealed class CountedDevice : IBlockDevice
{
    private readonly IBlockDevice _inner;
    private long _writes;
    private long _writtenBytes;
    private long _flushes;
    private long _reads;

    /// <summary>Counts calls of a device, which is closed together with this.</summary>
    public CountedDevice(IBlockDevice inner) => _inner = inner;

    /// <summary>Writes so far.</summary>
    public long Writes => Volatile.Read(ref _writes);

    /// <summary>Bytes of them.</summary>
    public long WrittenBytes => Volatile.Read(ref _writtenBytes);

    /// <summary>Barriers so far.</summary>
    public long Flushes => Volatile.Read(ref _flushes);

    /// <summary>Reads so far.</summary>
    public long Reads => Volatile.Read(ref _reads);

    /// <inheritdoc/>
    public string Name => _inner.Name;

    /// <inheritdoc/>
    public long LengthBytes => _inner.LengthBytes;

    /// <inheritdoc/>
    public int SectorBytes => _inner.SectorBytes;

    /// <inheritdoc/>
    public bool IsReadOnly => _inner.IsReadOnly;

    /// <inheritdoc/>
    public Hammer2Error Read(long offset, Span<byte> destination)
    {
        _ = Interlocked.Increment(ref _reads);
        return _inner.Read(offset, destination);
    }

    /// <inheritdoc/>
    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
    {
        Count(source.Length);
        return _inner.Write(offset, source);
    }

    /// <inheritdoc/>
    public Hammer2Error WriteUncached(long offset, ReadOnlySpan<byte> source)
    {
        Count(source.Length);
        return _inner.WriteUncached(offset, source);
    }

    /// <inheritdoc/>
    public Hammer2Error Flush()
    {
        _ = Interlocked.Increment(ref _flushes);
        return _inner.Flush();
    }

    /// <inheritdoc/>
    public Hammer2Error Discard(long offset, long lengthBytes) => _inner.Discard(offset, lengthBytes);

    /// <inheritdoc/>
    public void Dispose() => _inner.Dispose();

    private void Count(int bytes)
    {
        _ = Interlocked.Increment(ref _writes);
        _ = Interlocked.Add(ref _writtenBytes, bytes);
    }
}
