// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Tests.Mutation;

/// <summary>Thrown when reading media exceeds a bound on work, so that an endless loop fails the test.</summary>
internal sealed class WorkBoundException(string message) : Exception(message);

/// <summary>Passes all calls to another device and counts the bytes read, up to a bound.</summary>
internal sealed class BoundedDevice(IBlockDevice inner) : IBlockDevice
{
    /// <summary>Number of bytes that may still be read.</summary>
    internal long Budget { get; set; } = long.MaxValue;

    /// <summary>Bytes read so far.</summary>
    internal long ReadBytes { get; private set; }

    public string Name => inner.Name;

    public long LengthBytes => inner.LengthBytes;

    public int SectorBytes => inner.SectorBytes;

    public bool IsReadOnly => inner.IsReadOnly;

    public Hammer2Error Read(long offset, Span<byte> destination)
    {
        ReadBytes += destination.Length;
        Budget -= destination.Length;
        return Budget < 0
            ? throw new WorkBoundException("the reader asked for far more than the media holds")
            : inner.Read(offset, destination);
    }

    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source) => inner.Write(offset, source);

    public Hammer2Error Flush() => inner.Flush();

    public Hammer2Error Discard(long offset, long lengthBytes) => inner.Discard(offset, lengthBytes);

    public void Dispose()
    {
        // The inner device is used for many mutations.
    }
}
