// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hammer2.Format;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

// Long writes past the page cache.
public sealed unsafe partial class FileBlockDevice
{
    // Below that, waiting for the device costs more than the copy that is spared.
    private const int DirectBytesMin = 128 << 10;

    /// <inheritdoc/>
    /// <remarks>Returns when the device has the bytes; its own cache may still hold them.</remarks>
    public Hammer2Error WriteUncached(long offset, ReadOnlySpan<byte> source)
    {
        const int InPage = IBlockDevice.UncachedAlignmentBytes - 1;
        bool isDirect = _direct is not null && !_cannotWriteDirectly && source.Length >= DirectBytesMin
            && ((offset | (uint)source.Length) & InPage) == 0
            && ((nuint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(source)) & InPage) == 0;
        if (!isDirect || !Contains(offset, source.Length)) return Write(offset, source);
        int errorNumber = WriteAll(_direct!, offset, source, source.Length);
        if (errorNumber == 0) return Hammer2Error.None;
        // A device may ask for more than a page; the page cache is good for any.
        if (errorNumber is not (LinuxBlockIoctls.ErrorInvalid or LinuxBlockIoctls.ErrorNotSupported))
            return ToError(errorNumber);
        _cannotWriteDirectly = true;
        return Write(offset, source);
    }

    /// <summary>A second descriptor of a block special, for direct writes; null when there is none to be had, which
    /// only costs time. The claim and the lock are the first one's.</summary>
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
