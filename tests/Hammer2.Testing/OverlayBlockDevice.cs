// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Testing;

/// <summary>
/// A device with the content of another one, which is not written: changes are kept in memory. Used to damage an image
/// without copying it.
/// </summary>
public sealed class OverlayBlockDevice : IBlockDevice
{
    private readonly IBlockDevice _below;
    private readonly bool _ownsBelow;
    private readonly SparsePages _changes = new();

    /// <summary>Creates an overlay of a device.</summary>
    /// <param name="below">The device below; it is never written.</param>
    /// <param name="ownsBelow">True to close it together with the overlay.</param>
    /// <param name="name">Name of the overlay; by default that of the device.</param>
    public OverlayBlockDevice(IBlockDevice below, bool ownsBelow = true, string? name = null)
    {
        _below = below;
        _ownsBelow = ownsBelow;
        Name = name ?? below.Name;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long LengthBytes => _below.LengthBytes;

    /// <inheritdoc/>
    public int SectorBytes => _below.SectorBytes;

    /// <inheritdoc/>
    public bool IsReadOnly => false;

    /// <summary>Bytes of memory that hold changes.</summary>
    public long UsedBytes => _changes.UsedBytes;

    /// <inheritdoc/>
    public Hammer2Error Read(long offset, Span<byte> destination)
        => _changes.Read(offset, destination, _below);

    /// <inheritdoc/>
    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
        => offset >= 0 && offset <= LengthBytes && source.Length <= LengthBytes - offset
            ? _changes.Write(offset, source, _below)
            : Hammer2Error.Io;

    /// <inheritdoc/>
    public Hammer2Error Flush() => Hammer2Error.None;

    /// <inheritdoc/>
    public Hammer2Error Discard(long offset, long lengthBytes) => Hammer2Error.None;

    /// <summary>Flips the bits of one byte that are set in <paramref name="mask"/>.</summary>
    public void Flip(long offset, byte mask)
    {
        Span<byte> value = stackalloc byte[1];
        if (Read(offset, value) != Hammer2Error.None)
            throw new ArgumentOutOfRangeException(nameof(offset));
        value[0] ^= mask;
        _ = Write(offset, value);
    }

    /// <summary>Discards all changes.</summary>
    public void Reset() => _changes.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsBelow)
            _below.Dispose();
    }
}
