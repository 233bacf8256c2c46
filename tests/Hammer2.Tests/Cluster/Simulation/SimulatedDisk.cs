// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>The device of a simulated node: a volatile cache and a power switch
/// (<see cref="SimulatedBlockDevice"/>), a cable that can be pulled, errors, and flushes that lie.</summary>
internal sealed class SimulatedDisk : IBlockDevice
{
    private readonly SeededRandom _random;
    private readonly long _lengthBytes;
    private SimulatedBlockDevice _media;

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

    /// <summary>How many of the next reads, writes and flushes fail.</summary>
    public int FailingReads { get; set; }

    public int FailingWrites { get; set; }

    public int FailingFlushes { get; set; }

    /// <summary>What failing writes answer.</summary>
    public Hammer2Error WriteError { get; set; } = Hammer2Error.Io;

    public bool IsPowered => _media.IsPowered;

    public bool IsUp => !IsGone && !IsDetached && _media.IsPowered;

    /// <summary>Ends all faults but a lack of power, which <see cref="RestorePower"/> ends.</summary>
    public void Heal()
    {
        IsGone = false;
        FailingReads = FailingWrites = FailingFlushes = 0;
    }

    /// <summary>Turns power off: of what no flush covered any part stays.</summary>
    /// <param name="isHonest">True when its lies are to have no consequence.</param>
    public void FailPower(bool isHonest)
    {
        if (!_media.IsPowered) return;
        if (isHonest && HasLied) _ = _media.Flush();
        _media.FailPower();
        HasLied = false;
    }

    public void RestorePower() => _media.RestorePower();

    /// <summary>Puts a new device in its place.</summary>
    public void Replace()
    {
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
        if (!IsUp) return Hammer2Error.Io;
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
        if (!IsUp) return Hammer2Error.Io;
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

    /// <inheritdoc/>
    public void Dispose()
    {
        // It outlives the mounts that use it.
    }
}
