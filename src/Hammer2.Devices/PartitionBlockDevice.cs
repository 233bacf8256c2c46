// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>A range of another device as a device of its own; bytes outside the range cannot be accessed.</summary>
public sealed class PartitionBlockDevice : IBlockDevice, IIdentifiedDevice
{
    private readonly IBlockDevice _whole;

    /// <summary>Makes a device of the bytes [offset, offset + lengthBytes) of another device, which it owns and
    /// closes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the device.</exception>
    public PartitionBlockDevice(IBlockDevice whole, long offset, long lengthBytes, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, whole.LengthBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, whole.LengthBytes - offset);
        _whole = whole;
        FirstOffset = offset;
        LengthBytes = lengthBytes;
        Name = name;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Name of the device that contains the partition.</summary>
    public string DiskName => _whole.Name;

    /// <summary>Offset on that device, in bytes.</summary>
    public long FirstOffset { get; }

    /// <inheritdoc/>
    public long LengthBytes { get; }

    /// <inheritdoc/>
    public int SectorBytes => _whole.SectorBytes;

    /// <inheritdoc/>
    public bool IsReadOnly => _whole.IsReadOnly;

    /// <inheritdoc/>
    public bool CanBeWritten => _whole.CanBeWritten;

    /// <inheritdoc/>
    public void BeginWriting() => _whole.BeginWriting();

    /// <inheritdoc/>
    public void EndWriting() => _whole.EndWriting();

    /// <inheritdoc/>
    public string? Failure => _whole.Failure;

    /// <inheritdoc/>
    public string? Unsettled => _whole.Unsettled;

    /// <inheritdoc/>
    /// <remarks>An export of a server is one device, with all its partitions.</remarks>
    public DeviceIdentity? Identity
        => (_whole as IIdentifiedDevice)?.Identity is { } identity
            ? identity with { Offset = identity.Remote is null ? identity.Offset + FirstOffset : 0 }
            : null;

    /// <inheritdoc/>
    public Hammer2Error Read(long offset, Span<byte> destination)
        => Contains(offset, destination.Length)
            ? _whole.Read(FirstOffset + offset, destination)
            : Hammer2Error.Io;

    /// <inheritdoc/>
    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
        => Contains(offset, source.Length) ? _whole.Write(FirstOffset + offset, source) : Hammer2Error.Io;

    /// <inheritdoc/>
    public Hammer2Error WriteUncached(long offset, ReadOnlySpan<byte> source)
        => Contains(offset, source.Length)
            ? _whole.WriteUncached(FirstOffset + offset, source)
            : Hammer2Error.Io;

    /// <inheritdoc/>
    public Hammer2Error Flush() => _whole.Flush();

    /// <inheritdoc/>
    public Hammer2Error Discard(long offset, long lengthBytes)
        => Contains(offset, lengthBytes)
            ? _whole.Discard(FirstOffset + offset, lengthBytes)
            : Hammer2Error.Io;

    /// <inheritdoc/>
    public void ForgetCached(long offset, long lengthBytes)
    {
        if (Contains(offset, lengthBytes)) _whole.ForgetCached(FirstOffset + offset, lengthBytes);
    }

    /// <summary>Closes the whole device.</summary>
    public void Dispose() => _whole.Dispose();

    private bool Contains(long offset, long lengthBytes)
        => offset >= 0 && lengthBytes >= 0 && offset <= LengthBytes && lengthBytes <= LengthBytes - offset;
}
