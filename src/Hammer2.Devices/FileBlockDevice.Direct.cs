// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hammer2.Format;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

// Long writes that bypass the page cache, and reads that must not come from there.
public sealed unsafe partial class FileBlockDevice
{
    // Below this size, waiting for the device costs more than copying to the page cache.
    private const int DirectBytesMin = 128 << 10;

    /// <inheritdoc/>
    /// <remarks>Returns when the device has received the bytes; they may still be in its volatile cache.</remarks>
    public Hammer2Error WriteUncached(long offset, ReadOnlySpan<byte> source) =>
        CanWriteDirectly(offset, source) ? WriteDirectly(offset, source) : Write(offset, source);

    private bool CanWriteDirectly(long offset, ReadOnlySpan<byte> source)
    {
        const int InPage = IBlockDevice.UncachedAlignmentBytes - 1;
        return _direct is not null && !_cannotWriteDirectly && source.Length >= DirectBytesMin
            && ((offset | (uint)source.Length) & InPage) == 0
            && ((nuint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(source)) & InPage) == 0
            && Contains(offset, source.Length);
    }

    private Hammer2Error WriteDirectly(long offset, ReadOnlySpan<byte> source)
    {
        long start = _time.GetTimestamp();
        int errorNumber = WriteAll(_direct!, offset, source, source.Length);
        if (errorNumber == 0)
        {
            _directSpeed.Add(source.Length, _time.GetElapsedTime(start));
            return Hammer2Error.None;
        }
        // Some devices need a larger alignment than a page; write to those through the page cache.
        if (errorNumber is not (LinuxBlockIoctls.ErrorInvalid or LinuxBlockIoctls.ErrorNotSupported))
            return ToError(errorNumber);
        _cannotWriteDirectly = true;
        return Write(offset, source);
    }

    /// <inheritdoc/>
    public void ForgetCached(long offset, long lengthBytes)
    {
        const long InPage = IBlockDevice.UncachedAlignmentBytes - 1;
        if (!Contains(offset, lengthBytes)) return;
        // Pages that are covered in part are not dropped.
        long first = offset & ~InPage, end = (offset + lengthBytes + InPage) & ~InPage;
        _ = LinuxBlockIoctls.Advise(_file, first, end - first, LinuxBlockIoctls.AdviceNotNeeded);
    }

    /// <summary>Opens a second descriptor of a block device, for direct writes; null when that fails, in which case all
    /// writes use the page cache. The claim and the lock belong to the first descriptor.</summary>
    private static SafeFileHandle? TryOpenDirect(string path, FileStatus status)
    {
        if (!status.IsBlock || LinuxBlockIoctls.OpenDirect == 0) return null;
        SafeFileHandle? direct = LinuxBlockIoctls.TryOpen(
            path, LinuxBlockIoctls.OpenReadWrite | LinuxBlockIoctls.OpenDirect);
        if (direct is null) return null;
        if (LinuxBlockIoctls.TryStat(direct, out FileStatus opened) && opened.Identity == status.Identity)
            return direct;
        direct.Dispose();
        return null;
    }
}
