// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Tests.WriteBack;

/// <summary>A device whose next write can be held back; other writes go through meanwhile.</summary>
internal sealed class HeldDevice(IBlockDevice below) : IBlockDevice
{
    private readonly ManualResetEventSlim _isHeld = new();
    private readonly ManualResetEventSlim _mayWrite = new();
    private int _holds;

    public string Name => below.Name;

    public long LengthBytes => below.LengthBytes;

    public int SectorBytes => below.SectorBytes;

    public bool IsReadOnly => below.IsReadOnly;

    /// <summary>Holds the next write back.</summary>
    public void HoldNext() => Volatile.Write(ref _holds, 1);

    /// <summary>Waits until it is held.</summary>
    public bool AwaitHeld() => _isHeld.Wait(TimeSpan.FromMinutes(2));

    /// <summary>Lets it go on.</summary>
    public void Release() => _mayWrite.Set();

    public Hammer2Error Read(long offset, Span<byte> destination) => below.Read(offset, destination);

    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
    {
        if (Interlocked.Exchange(ref _holds, 0) == 1)
        {
            _isHeld.Set();
            _mayWrite.Wait();
        }
        return below.Write(offset, source);
    }

    public Hammer2Error Flush() => below.Flush();

    public Hammer2Error Discard(long offset, long lengthBytes) => below.Discard(offset, lengthBytes);

    public void Dispose()
    {
        _isHeld.Dispose();
        _mayWrite.Dispose();
    }
}
