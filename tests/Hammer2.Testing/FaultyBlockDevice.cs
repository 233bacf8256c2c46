// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Testing;

/// <summary>A device with injected faults: by offset, by number of the call, by flipped bits, or in all
/// calls.</summary>
public sealed class FaultyBlockDevice : IBlockDevice
{
    private readonly IBlockDevice _inner;
    private readonly Lock _lock = new();
    private readonly List<Range> _unreadable = [];
    private readonly List<Range> _unwritable = [];
    private readonly Dictionary<long, byte> _flips = [];
    private readonly HashSet<long> _failingReads = [];
    private readonly Dictionary<long, int> _failingWrites = [];
    private long _goneAtWrite = long.MaxValue;
    private readonly HashSet<long> _failingFlushes = [];
    private readonly HashSet<(DeviceCall, long)> _throwing = [];

    /// <summary>Wraps a device, which is closed together with the wrapper.</summary>
    public FaultyBlockDevice(IBlockDevice inner) => _inner = inner;

    /// <inheritdoc/>
    public string Name => _inner.Name;

    /// <inheritdoc/>
    public long LengthBytes => _inner.LengthBytes;

    /// <inheritdoc/>
    public int SectorBytes => _inner.SectorBytes;

    /// <inheritdoc/>
    public bool IsReadOnly => _inner.IsReadOnly;

    /// <summary>True makes every call return Io, like a device that was removed.</summary>
    public bool IsGone { get; set; }

    /// <summary>Number of reads so far, including failed ones.</summary>
    public long ReadCount { get; private set; }

    /// <summary>Number of bytes requested by reads so far.</summary>
    public long ReadBytes { get; private set; }

    /// <summary>Number of writes so far, including failed ones.</summary>
    public long WriteCount { get; private set; }

    /// <summary>Number of bytes of uncached writes.</summary>
    public long UncachedBytes { get; private set; }

    /// <summary>Number of flushes so far, including failed ones.</summary>
    public long FlushCount { get; private set; }

    /// <summary>Makes every read of a range fail.</summary>
    public void FailReads(long offset, long lengthBytes) => Add(_unreadable, offset, lengthBytes);

    /// <summary>Makes every write to a range fail.</summary>
    public void FailWrites(long offset, long lengthBytes) => Add(_unwritable, offset, lengthBytes);

    /// <summary>Makes one read fail; the first read of the device is number 1.</summary>
    public void FailReadNumber(long number) => Add(_failingReads, number);

    /// <summary>Makes one write fail; the first write of the device is number 1.</summary>
    /// <param name="number">Number of the write.</param>
    /// <param name="keptBytes">Number of bytes from its start that are written nevertheless: a short write.</param>
    public void FailWriteNumber(long number, int keptBytes = 0)
    {
        lock (_lock)
            _failingWrites[number] = keptBytes;
    }

    /// <summary>Makes the device disappear at a write; the first write of the device is number 1.</summary>
    public void GoneAtWriteNumber(long number)
    {
        lock (_lock)
            _goneAtWrite = number;
    }

    /// <summary>Makes one flush fail; the first flush of the device is number 1.</summary>
    public void FailFlushNumber(long number) => Add(_failingFlushes, number);

    /// <summary>Makes one call throw, like a defect below, which no caller expects; the first call of its kind is
    /// number 1.</summary>
    public void ThrowAt(DeviceCall call, long number)
    {
        lock (_lock)
            _ = _throwing.Add((call, number));
    }

    /// <summary>Number of calls of a kind so far.</summary>
    public long CountOf(DeviceCall call) => call switch
    {
        DeviceCall.Read => ReadCount,
        DeviceCall.Write => WriteCount,
        _ => FlushCount,
    };

    /// <summary>Makes reads return one byte with the bits of a mask flipped, regardless of its content.</summary>
    public void FlipOnRead(long offset, byte mask)
    {
        lock (_lock)
            _flips[offset] = mask;
    }

    /// <summary>Ends all faults; counting continues.</summary>
    public void Heal()
    {
        lock (_lock)
        {
            _unreadable.Clear();
            _unwritable.Clear();
            _flips.Clear();
            _failingReads.Clear();
            _failingWrites.Clear();
            _failingFlushes.Clear();
            _throwing.Clear();
            _goneAtWrite = long.MaxValue;
            IsGone = false;
        }
    }

    /// <inheritdoc/>
    public Hammer2Error Read(long offset, Span<byte> destination)
    {
        lock (_lock)
        {
            ReadCount++;
            ThrowIfPlanned(DeviceCall.Read);
            ReadBytes += destination.Length;
            if (IsGone || _failingReads.Contains(ReadCount)
                || Touches(_unreadable, offset, destination.Length))
            {
                return Hammer2Error.Io;
            }
        }
        Hammer2Error error = _inner.Read(offset, destination);
        if (error != Hammer2Error.None)
            return error;
        lock (_lock)
        {
            foreach ((long place, byte mask) in _flips)
            {
                if (place >= offset && place - offset < destination.Length)
                    destination[(int)(place - offset)] ^= mask;
            }
        }
        return Hammer2Error.None;
    }

    /// <inheritdoc/>
    public Hammer2Error WriteUncached(long offset, ReadOnlySpan<byte> source)
    {
        lock (_lock) UncachedBytes += source.Length;
        return Write(offset, source);
    }

    /// <inheritdoc/>
    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
    {
        int keptBytes = 0;
        bool isShort;
        lock (_lock)
        {
            IsGone |= ++WriteCount == _goneAtWrite;
            ThrowIfPlanned(DeviceCall.Write);
            if (IsGone || Touches(_unwritable, offset, source.Length))
                return Hammer2Error.Io;
            isShort = _failingWrites.TryGetValue(WriteCount, out keptBytes);
        }
        if (!isShort)
            return _inner.Write(offset, source);
        _ = _inner.Write(offset, source[..Math.Min(keptBytes, source.Length)]);
        return Hammer2Error.Io;
    }

    /// <inheritdoc/>
    public Hammer2Error Flush()
    {
        lock (_lock)
        {
            FlushCount++;
            ThrowIfPlanned(DeviceCall.Flush);
            if (IsGone || _failingFlushes.Contains(FlushCount))
                return Hammer2Error.Io;
        }
        return _inner.Flush();
    }

    /// <inheritdoc/>
    public Hammer2Error Discard(long offset, long lengthBytes)
        => IsGone ? Hammer2Error.Io : _inner.Discard(offset, lengthBytes);

    /// <inheritdoc/>
    public void Dispose() => _inner.Dispose();

    private void ThrowIfPlanned(DeviceCall call)
    {
        if (_throwing.Contains((call, CountOf(call))))
            throw new DeviceDefectException();
    }

    private void Add(List<Range> ranges, long offset, long lengthBytes)
    {
        lock (_lock)
            ranges.Add(new Range(offset, lengthBytes));
    }

    private void Add(HashSet<long> numbers, long number)
    {
        lock (_lock)
            _ = numbers.Add(number);
    }

    private static bool Touches(List<Range> ranges, long offset, long lengthBytes)
    {
        foreach (Range range in ranges)
        {
            if (offset < range.Offset + range.LengthBytes && range.Offset < offset + lengthBytes)
                return true;
        }
        return false;
    }

    private readonly record struct Range(long Offset, long LengthBytes);
}

/// <summary>The kinds of calls of a device.</summary>
public enum DeviceCall
{
    /// <summary>Reading bytes.</summary>
    Read,

    /// <summary>Writing bytes, cached or uncached.</summary>
    Write,

    /// <summary>A barrier.</summary>
    Flush,
}

/// <summary>Thrown by <see cref="FaultyBlockDevice.ThrowAt"/>.</summary>
public sealed class DeviceDefectException() : Exception("a defect on purpose");
