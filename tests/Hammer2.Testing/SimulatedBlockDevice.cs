// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Testing;

/// <summary>
/// A device with a volatile cache and a power switch. It has the content that readers see, the durable content, and the
/// list of pending writes between the two. When power fails, each pending write is randomly kept, lost, or torn at a
/// sector boundary, in any order.
/// </summary>
public sealed class SimulatedBlockDevice : IBlockDevice
{
    private readonly Lock _lock = new();
    private readonly SeededRandom _random;
    private readonly MemoryBlockDevice _durable;
    private readonly OverlayBlockDevice _live;
    private readonly List<PendingWrite> _pending = [];
    private long _failAtWrite = long.MaxValue;
    private bool _isPowered = true;

    /// <summary>Makes a device that reads as zeros.</summary>
    /// <param name="lengthBytes">Size in bytes.</param>
    /// <param name="random">Decides the fate of pending writes.</param>
    /// <param name="name">Name for messages.</param>
    /// <param name="sectorBytes">Unit of atomic writes, in bytes.</param>
    public SimulatedBlockDevice(
        long lengthBytes, SeededRandom random, string name = "simulated", int sectorBytes = 512)
    {
        _random = random;
        _durable = new MemoryBlockDevice(lengthBytes, name, sectorBytes);
        _live = new OverlayBlockDevice(_durable, ownsBelow: false);
    }

    /// <inheritdoc/>
    public string Name => _durable.Name;

    /// <inheritdoc/>
    public long LengthBytes => _durable.LengthBytes;

    /// <inheritdoc/>
    public int SectorBytes => _durable.SectorBytes;

    /// <inheritdoc/>
    public bool IsReadOnly => false;

    /// <summary>False between a power failure and <see cref="RestorePower"/>, when every call returns Io.</summary>
    public bool IsPowered
    {
        get
        {
            lock (_lock)
                return _isPowered;
        }
    }

    /// <summary>Number of writes so far, including the one during which power failed.</summary>
    public long WriteCount { get; private set; }

    /// <summary>Number of successful flushes so far.</summary>
    public long FlushCount { get; private set; }

    /// <summary>Number of writes that the next flush makes durable.</summary>
    public int PendingCount
    {
        get
        {
            lock (_lock)
                return _pending.Count;
        }
    }

    /// <summary>Makes power fail during a write, which may itself be kept, lost or torn; the first write of the device
    /// is number 1.</summary>
    public void FailPowerAtWrite(long number)
    {
        lock (_lock)
            _failAtWrite = number;
    }

    /// <summary>Turns power off and decides the fate of each pending write.</summary>
    public void FailPower()
    {
        lock (_lock)
            LosePower();
    }

    /// <summary>Turns power on again: readers see the surviving content, and no further failure is planned.</summary>
    public void RestorePower()
    {
        lock (_lock)
        {
            _isPowered = true;
            _failAtWrite = long.MaxValue;
        }
    }

    /// <inheritdoc/>
    public Hammer2Error Read(long offset, Span<byte> destination)
    {
        lock (_lock)
            return _isPowered ? _live.Read(offset, destination) : Hammer2Error.Io;
    }

    /// <inheritdoc/>
    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
    {
        lock (_lock)
        {
            if (!_isPowered)
                return Hammer2Error.Io;
            Hammer2Error error = _live.Write(offset, source);
            if (error != Hammer2Error.None)
                return error;
            _pending.Add(new PendingWrite(offset, source.ToArray()));
            if (++WriteCount != _failAtWrite)
                return Hammer2Error.None;
            LosePower();
            return Hammer2Error.Io;
        }
    }

    /// <inheritdoc/>
    public Hammer2Error Flush()
    {
        lock (_lock)
        {
            if (!_isPowered)
                return Hammer2Error.Io;
            foreach (PendingWrite write in _pending)
                _ = _durable.Write(write.Offset, write.Bytes);
            Settle();
            FlushCount++;
            return Hammer2Error.None;
        }
    }

    /// <inheritdoc/>
    public Hammer2Error Discard(long offset, long lengthBytes)
        => IsPowered ? Hammer2Error.None : Hammer2Error.Io;

    /// <inheritdoc/>
    public void Dispose()
    {
        _live.Dispose();
        _durable.Dispose();
    }

    private void LosePower()
    {
        _isPowered = false;
        while (_pending.Count > 0)
        {
            int index = _random.Below(_pending.Count); // a drive writes its cache in any order
            PendingWrite write = _pending[index];
            _pending.RemoveAt(index);
            KeepSome(write);
        }
        Settle();
    }

    private void KeepSome(PendingWrite write)
    {
        int sectorsTotal = (write.Bytes.Length + SectorBytes - 1) / SectorBytes;
        int first = 0;
        int end = sectorsTotal;
        switch (_random.Below(4))
        {
            case 0:
                return; // lost
            case 1 when sectorsTotal > 1: // torn: its start is kept, or its end
                int cut = (int)_random.Between(1, sectorsTotal - 1);
                if (_random.OneIn(2))
                    first = cut;
                else
                    end = cut;
                break;
        }
        int firstByte = first * SectorBytes;
        int endByte = Math.Min(end * SectorBytes, write.Bytes.Length);
        _ = _durable.Write(write.Offset + firstByte, write.Bytes.AsSpan(firstByte..endByte));
    }

    private void Settle()
    {
        _pending.Clear();
        _live.Reset();
    }

    private readonly record struct PendingWrite(long Offset, byte[] Bytes);
}
