// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Testing;

/// <summary>The kinds of recorded events.</summary>
public enum HistoryKind
{
    /// <summary>A write, which may be in the device's volatile cache.</summary>
    Write,

    /// <summary>A flush that succeeded: all earlier writes to the same device are durable.</summary>
    Flush,

    /// <summary>A mark set by a test.</summary>
    Mark,
}

/// <summary>One event of a <see cref="WriteHistory"/>.</summary>
/// <param name="Kind">The kind of event.</param>
/// <param name="Device">Number of the device; -1 for a mark.</param>
/// <param name="Offset">Offset of a write.</param>
/// <param name="Bytes">Bytes of a write.</param>
/// <param name="Mark">Text of a mark.</param>
public readonly record struct HistoryEvent(
    HistoryKind Kind, int Device, long Offset, byte[] Bytes, string Mark);

/// <summary>
/// All writes to several devices, in order. From it the devices can be reconstructed as they may look after all of them
/// lost power at one moment.
/// </summary>
public sealed class WriteHistory
{
    private readonly Lock _lock = new();
    private readonly List<HistoryEvent> _events = [];
    private readonly IBlockDevice[] _before;

    /// <summary>Starts a history of devices with the initial content <paramref name="before"/>, which is never
    /// written.</summary>
    public WriteHistory(params IBlockDevice[] before) => _before = before;

    /// <summary>The events so far.</summary>
    public IReadOnlyList<HistoryEvent> Events => _events;

    /// <summary>The devices as they were before the first event.</summary>
    public IReadOnlyList<IBlockDevice> Before => _before;

    /// <summary>Opens the devices for a recorded session.</summary>
    public IBlockDevice[] Open()
    {
        var devices = new IBlockDevice[_before.Length];
        for (int i = 0; i < devices.Length; i++)
            devices[i] = new Recorder(this, i, new OverlayBlockDevice(_before[i], ownsBelow: false));
        return devices;
    }

    /// <summary>Adds a mark.</summary>
    public void Mark(string text) => Add(new HistoryEvent(HistoryKind.Mark, -1, 0, [], text));

    private void Add(in HistoryEvent what)
    {
        lock (_lock) _events.Add(what);
    }

    private sealed class Recorder(WriteHistory history, int index, OverlayBlockDevice live) : IBlockDevice
    {
        public string Name => live.Name;

        public long LengthBytes => live.LengthBytes;

        public int SectorBytes => live.SectorBytes;

        public bool IsReadOnly => false;

        public Hammer2Error Read(long offset, Span<byte> destination) => live.Read(offset, destination);

        public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
        {
            Hammer2Error error = live.Write(offset, source);
            if (error == Hammer2Error.None)
                history.Add(new HistoryEvent(HistoryKind.Write, index, offset, source.ToArray(), ""));
            return error;
        }

        public Hammer2Error Flush()
        {
            history.Add(new HistoryEvent(HistoryKind.Flush, index, 0, [], ""));
            return Hammer2Error.None;
        }

        public Hammer2Error Discard(long offset, long lengthBytes)
        {
            // A drive may return any bytes for a discarded range: this one returns a pattern.
            byte[] noise = new byte[Math.Min(lengthBytes, 1 << 20)];
            Array.Fill(noise, (byte)0xDD);
            for (long done = 0; done < lengthBytes; done += noise.Length)
            {
                int part = (int)Math.Min(noise.Length, lengthBytes - done);
                Hammer2Error error = Write(offset + done, noise.AsSpan(0, part));
                if (error != Hammer2Error.None) return error;
            }
            return Hammer2Error.None;
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>Replays a history and reconstructs the devices after a power failure at any moment.</summary>
public sealed class PowerCuts
{
    private readonly WriteHistory _history;
    private readonly OverlayBlockDevice[] _durable;
    private readonly List<HistoryEvent>[] _pending;
    private int _position;

    /// <summary>Starts before the first event.</summary>
    public PowerCuts(WriteHistory history)
    {
        _history = history;
        int count = history.Before.Count;
        _durable = new OverlayBlockDevice[count];
        _pending = new List<HistoryEvent>[count];
        for (int i = 0; i < count; i++)
        {
            _durable[i] = new OverlayBlockDevice(history.Before[i], ownsBelow: false);
            _pending[i] = [];
        }
    }

    /// <summary>Advances to after the first <paramref name="position"/> events; never backwards.</summary>
    public void AdvanceTo(int position)
    {
        for (; _position < position; _position++)
        {
            HistoryEvent next = _history.Events[_position];
            if (next.Kind == HistoryKind.Write) _pending[next.Device].Add(next);
            if (next.Kind != HistoryKind.Flush) continue;
            foreach (HistoryEvent write in _pending[next.Device])
                _ = _durable[next.Device].Write(write.Offset, write.Bytes);
            _pending[next.Device].Clear();
        }
    }

    /// <summary>The devices after a power failure now: durable writes, and a random part of pending ones.</summary>
    public OverlayBlockDevice[] Cut(SeededRandom random) => Cut(random, _position);

    /// <summary>The devices after a power failure while the events up to <paramref name="end"/> were executed in
    /// parallel: each device has reached its own point.</summary>
    public OverlayBlockDevice[] Cut(SeededRandom random, int end)
    {
        var devices = new OverlayBlockDevice[_durable.Length];
        int way = random.Below(6);
        for (int i = 0; i < devices.Length; i++)
        {
            devices[i] = new OverlayBlockDevice(_durable[i], ownsBelow: false);
            List<HistoryEvent> left = GoOn(devices[i], i, random, end);
            if (way == 0) continue;
            while (left.Count > 0)
            {
                // A drive writes its cache in any order.
                int index = way == 1 ? 0 : random.Below(left.Count);
                HistoryEvent write = left[index];
                left.RemoveAt(index);
                if (way == 1 || way == 2) _ = devices[i].Write(write.Offset, write.Bytes);
                else KeepSome(devices[i], write, random, mostly: way == 3);
            }
        }
        return devices;
    }

    private List<HistoryEvent> GoOn(OverlayBlockDevice device, int index, SeededRandom random, int end)
    {
        var pending = new List<HistoryEvent>(_pending[index]);
        int stop = end == _position ? end : (int)random.Between(_position, end);
        for (int at = _position; at < stop; at++)
        {
            HistoryEvent next = _history.Events[at];
            if (next.Device != index) continue;
            if (next.Kind == HistoryKind.Write) pending.Add(next);
            if (next.Kind != HistoryKind.Flush) continue;
            foreach (HistoryEvent write in pending) _ = device.Write(write.Offset, write.Bytes);
            pending.Clear();
        }
        return pending;
    }

    private static void KeepSome(OverlayBlockDevice device, in HistoryEvent write, SeededRandom random, bool mostly)
    {
        int sector = device.SectorBytes;
        int sectors = (write.Bytes.Length + sector - 1) / sector;
        int first = 0, end = sectors;
        switch (random.Below(mostly ? 12 : 4))
        {
            case 0:
                return; // lost
            case 1 when sectors > 1: // torn: its start is kept, or its end
                int cut = (int)random.Between(1, sectors - 1);
                if (random.OneIn(2)) first = cut;
                else end = cut;
                break;
            case 2 when sectors > 1: // torn anywhere
                for (int at = 0; at < sectors; at++)
                    if (random.OneIn(2)) Keep(device, write, at, at + 1);
                return;
        }
        Keep(device, write, first, end);
    }

    private static void Keep(OverlayBlockDevice device, in HistoryEvent write, int first, int end)
    {
        int from = first * device.SectorBytes;
        int to = Math.Min(end * device.SectorBytes, write.Bytes.Length);
        _ = device.Write(write.Offset + from, write.Bytes.AsSpan(from..to));
    }
}
