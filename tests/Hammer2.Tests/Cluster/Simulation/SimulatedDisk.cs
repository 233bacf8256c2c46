// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>The device of a simulated node: a volatile cache and a power switch
/// (<see cref="SimulatedBlockDevice"/>), a cable that can be pulled, errors, flushes that lie, and requests that are
/// not answered before their deadline.</summary>
internal sealed class SimulatedDisk : IBlockDevice
{
    private readonly SeededRandom _random;
    private readonly long _lengthBytes;
    private readonly List<(long Offset, byte[] Bytes)> _late = [];
    private SimulatedBlockDevice _media;
    private int _hanging;

    public SimulatedDisk(string name, long lengthBytes, SeededRandom random)
    {
        Name = name;
        _random = random;
        _lengthBytes = lengthBytes;
        _media = new SimulatedBlockDevice(lengthBytes, random, name);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long LengthBytes => _lengthBytes;

    /// <inheritdoc/>
    public int SectorBytes => _media.SectorBytes;

    /// <inheritdoc/>
    public bool IsReadOnly => false;

    /// <summary>Called before each call: what happens then may concern it.</summary>
    public Action? BeforeCall { get; set; }

    /// <summary>True while nothing answers; nothing is lost by it.</summary>
    public bool IsGone { get; set; }

    /// <summary>True while the daemon that used it is dead: what it wrote stays.</summary>
    public bool IsDetached { get; set; }

    /// <summary>True for a device that answers flushes before anything is durable.</summary>
    public bool LiesAboutFlushes { get; set; }

    /// <summary>True once a flush was answered for writes that are not durable.</summary>
    public bool HasLied { get; private set; }

    /// <summary>Seconds that each call takes.</summary>
    public int DelaySeconds { get; set; }

    /// <summary>True while there are writes that were given up, and may still be executed.</summary>
    public bool HasLateWrites => _late.Count > 0;

    /// <summary>How many of the next reads, writes and flushes fail.</summary>
    public int FailingReads { get; set; }

    public int FailingWrites { get; set; }

    public int FailingFlushes { get; set; }

    /// <summary>What failing writes answer.</summary>
    public Hammer2Error WriteError { get; set; } = Hammer2Error.Io;

    /// <summary>True while a write or a flush to come is to fail.</summary>
    public bool HasFailingWrites => FailingWrites > 0 || FailingFlushes > 0;

    public bool IsPowered => _media.IsPowered;

    public bool IsUp => !IsGone && !IsDetached && _media.IsPowered;

    /// <summary>True when the next reads are answered.</summary>
    public bool IsReadable => IsUp && FailingReads == 0 && _hanging == 0;

    /// <summary>Ends all faults but a lack of power, which <see cref="RestorePower"/> ends.</summary>
    public void Heal()
    {
        IsGone = false;
        FailingReads = FailingWrites = FailingFlushes = DelaySeconds = _hanging = 0;
        // A device is used again only when it is known what became of them.
        while (_late.Count > 0) ExecuteLate(isDropped: _random.OneIn(2));
    }

    /// <summary>Answers no read any more, nor the next writes and flushes; those after them are refused until the
    /// device is healed.</summary>
    /// <param name="requests">How many writes and flushes are under way at once.</param>
    public void Hang(int requests) => _hanging = requests;

    /// <summary>Executes a drawn one of the writes that were given up.</summary>
    public void ExecuteLate() => ExecuteLate(isDropped: false);

    /// <summary>Turns power off: of what no flush covered any part stays.</summary>
    /// <param name="isHonest">True when its lies are to have no consequence.</param>
    public void FailPower(bool isHonest)
    {
        _late.Clear();
        if (!_media.IsPowered) return;
        if (isHonest && HasLied) _ = _media.Flush();
        _media.FailPower();
        HasLied = false;
    }

    public void RestorePower() => _media.RestorePower();

    /// <summary>Puts a new device in its place.</summary>
    public void Replace()
    {
        _late.Clear();
        _media = new SimulatedBlockDevice(_lengthBytes, _random, Name);
        Heal();
        HasLied = false;
    }

    /// <summary>Changes one byte, unnoticed.</summary>
    public void Spoil(long offset, byte mask)
    {
        byte[] one = new byte[1];
        if (_media.Read(offset, one) != Hammer2Error.None) return;
        one[0] ^= mask;
        _ = _media.Write(offset, one);
    }

    /// <inheritdoc/>
    public Hammer2Error Read(long offset, Span<byte> destination)
    {
        BeforeCall?.Invoke();
        if (!IsUp || _hanging > 0) return Hammer2Error.Io;
        if (FailingReads > 0)
        {
            FailingReads--;
            return Hammer2Error.Io;
        }
        return _media.Read(offset, destination);
    }

    /// <inheritdoc/>
    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
    {
        BeforeCall?.Invoke();
        if (!IsUp) return Hammer2Error.Io;
        if (IsUnanswered())
        {
            _late.Add((offset, source.ToArray()));
            return Hammer2Error.Io;
        }
        if (FailingWrites == 0) return _media.Write(offset, source);
        FailingWrites--;
        int sectors = source.Length / SectorBytes;
        if (sectors > 0 && _random.OneIn(2)) _ = _media.Write(offset, source[..(_random.Below(sectors) * SectorBytes)]);
        return WriteError;
    }

    /// <inheritdoc/>
    public Hammer2Error Flush()
    {
        BeforeCall?.Invoke();
        if (!IsUp || IsUnanswered()) return Hammer2Error.Io;
        if (FailingFlushes > 0)
        {
            FailingFlushes--;
            return Hammer2Error.Io;
        }
        if (!LiesAboutFlushes) return _media.Flush();
        HasLied |= _media.PendingCount > 0;
        return Hammer2Error.None;
    }

    /// <inheritdoc/>
    public Hammer2Error Discard(long offset, long lengthBytes) => IsUp ? Hammer2Error.None : Hammer2Error.Io;

    private bool IsUnanswered()
    {
        if (_hanging == 0) return false;
        IsGone = --_hanging == 0;
        return true;
    }

    private void ExecuteLate(bool isDropped)
    {
        int at = _random.Below(_late.Count);
        (long offset, byte[] bytes) = _late[at];
        _late.RemoveAt(at);
        if (!isDropped) _ = _media.Write(offset, bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // It outlives the mounts that use it.
    }
}
