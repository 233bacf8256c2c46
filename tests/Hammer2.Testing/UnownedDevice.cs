// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Testing;

/// <summary>Passes all calls to another device except Dispose.</summary>
public sealed class UnownedDevice(IBlockDevice below) : IBlockDevice
{
    public string Name => below.Name;

    public long LengthBytes => below.LengthBytes;

    public int SectorBytes => below.SectorBytes;

    public bool IsReadOnly => below.IsReadOnly;

    public Hammer2Error Read(long offset, Span<byte> destination) => below.Read(offset, destination);

    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source) => below.Write(offset, source);

    public Hammer2Error WriteUncached(long offset, ReadOnlySpan<byte> source) => below.WriteUncached(offset, source);

    public Hammer2Error Flush() => below.Flush();

    public Hammer2Error Discard(long offset, long lengthBytes) => below.Discard(offset, lengthBytes);

    public void Dispose()
    {
    }
}
