// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

/// <summary>How a file or block special is to be opened.</summary>
/// <param name="IsReadOnly">Never write; the lock taken is a shared one.</param>
/// <param name="TakesLock">False for tools that only look and must work beside a mount.</param>
/// <param name="LockWaitMilliseconds">How long to wait for a lock that somebody holds for a moment, as udev
/// does while it probes a block device. The default is enough for that and short for a person.</param>
public sealed record FileBlockDeviceOptions(
    bool IsReadOnly = false, bool TakesLock = true, int LockWaitMilliseconds = 1500)
{
    /// <summary>Where sysfs is mounted.</summary>
    internal const string SystemMount = "/sys";

    /// <summary>Where sysfs is looked for; tests name another directory.</summary>
    internal string SystemDirectory { get; init; } = SystemMount;
}

/// <summary>An image file or a block special of this machine.</summary>
/// <remarks>
/// Buffered I/O through pread and pwrite: the page cache is wanted below a read-mostly driver, and no
/// alignment is asked of the caller. Long writes of what nobody will read pass the page cache of a block special
/// by (O_DIRECT): to copy them there costs more processor time than all else that is done to them. The kernel
/// keeps both views of a page alike, so that only whole pages go that way. The length is taken once, at opening;
/// an image that shrinks afterwards answers Io past its new end.
/// </remarks>
public sealed unsafe partial class FileBlockDevice : IBlockDevice, IIdentifiedDevice
{
    private const int ImageSectorBytes = 512;

    // The page cache takes memory in pieces as long as a write, and the longest are the least likely to be at hand.
    private const int BufferedBytesMax = 64 << 10;

    // A whole block of a file. What is less comes from small changes that are about to be flushed.
    private const int SentOnBytesMin = 64 << 10;

    private readonly SafeFileHandle _file;
    private readonly SafeFileHandle? _direct;
    private readonly DeviceLock? _lock;
    private readonly bool _isBlock;
    private readonly bool _hasClaim;
    private volatile bool _cannotDiscard;
    private volatile bool _cannotWriteDirectly;

    private FileBlockDevice(string name, SafeFileHandle file, SafeFileHandle? direct, DeviceLock? deviceLock,
        FileStatus status, long lengthBytes, int sectorBytes, bool isReadOnly)
    {
        _hasClaim = status.IsBlock && !isReadOnly && deviceLock is not null;
        Name = name;
        _file = file;
        _direct = direct;
        _lock = deviceLock;
        _isBlock = status.IsBlock;
        LengthBytes = lengthBytes;
        SectorBytes = sectorBytes;
        IsReadOnly = isReadOnly;
        Identity = status.Identity;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long LengthBytes { get; }

    /// <summary>The logical sector of a block special; 512 for an image, which may lie on anything.</summary>
    public int SectorBytes { get; }

    /// <inheritdoc/>
    public bool IsReadOnly { get; }

    /// <inheritdoc/>
    public DeviceIdentity? Identity { get; }

    /// <summary>A message for the user when other devices with the same bytes, such as the disk of a partition, could
    /// not be locked; null when they are, or no lock was asked for.</summary>
    public string? LockNote => _lock?.Note;

    /// <summary>Opens an existing image file or block special and locks it.</summary>
    /// <exception cref="DeviceOpenException">It is missing, forbidden, or neither of the two.</exception>
    /// <exception cref="WriteProtectedException">It may only be read, and was to be written.</exception>
    /// <exception cref="DeviceBusyException">Another process, or this one, already uses it.</exception>
    public static FileBlockDevice Open(string path, FileBlockDeviceOptions? options = null)
    {
        options ??= new FileBlockDeviceOptions();
        // What it is must be known before it is opened: opening a FIFO would wait for its other end.
        if (!LinuxBlockIoctls.TryStat(path, out FileStatus before))
            throw OpenFailed(path, LinuxBlockIoctls.LastError);
        RefuseOtherKinds(path, before);

        SafeFileHandle file = OpenDescriptor(path, before, options);
        DeviceLock? deviceLock = null;
        try
        {
            if (!LinuxBlockIoctls.TryStat(file, out FileStatus status))
                throw OpenFailed(path, LinuxBlockIoctls.LastError);
            if (!options.IsReadOnly && status.IsBlock && LinuxBlockIoctls.IsReadOnly(file))
                throw WriteProtected(path, LinuxBlockIoctls.ErrorReadOnly);
            if (status.Identity != before.Identity)
                throw new DeviceOpenException(path, "was replaced while it was being opened");
            if (options.TakesLock)
                deviceLock = DeviceLock.Take(path, file, status, options);
            (long lengthBytes, int sectorBytes) = Measure(path, file, status);
            SafeFileHandle? direct = options.IsReadOnly ? null : TryOpenDirect(path, status);
            return new FileBlockDevice(
                path, file, direct, deviceLock, status, lengthBytes, sectorBytes, options.IsReadOnly);
        }
        catch (MediaException)
        {
            deviceLock?.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Hammer2Error Read(long offset, Span<byte> destination)
    {
        if (!Contains(offset, destination.Length))
            return Hammer2Error.Io;
        fixed (byte* first = destination)
        {
            int done = 0;
            while (done < destination.Length)
            {
                nint count = LinuxBlockIoctls.PositionalRead(
                    _file, first + done, destination.Length - done, offset + done);
                if (count > 0)
                    done += (int)count;
                else if (count == 0 || LinuxBlockIoctls.LastError != LinuxBlockIoctls.ErrorInterrupted)
                    return Hammer2Error.Io;
            }
        }
        return Hammer2Error.None;
    }

    /// <inheritdoc/>
    /// <remarks>What is long is sent on to the device at once: else all of it waits in the page cache for
    /// <see cref="Flush"/>, and the device waits meanwhile.</remarks>
    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
    {
        if (IsReadOnly)
            return Hammer2Error.ReadOnly;
        if (!Contains(offset, source.Length))
            return Hammer2Error.Io;
        int errorNumber = WriteAll(_file, offset, source, BufferedBytesMax);
        if (errorNumber != 0) return ToError(errorNumber);
        // Advice: a page that cannot be written is told by the next flush, as when nobody had asked.
        if (source.Length >= SentOnBytesMin)
            _ = LinuxBlockIoctls.SyncRange(_file, offset, source.Length, LinuxBlockIoctls.SyncRangeBegin);
        return Hammer2Error.None;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// fdatasync on a block special writes its dirty pages and then flushes the drive's own cache; on an
    /// image it also commits the extents that a write into a hole allocated. BLKFLSBUF would do neither
    /// more nor as much: it drops the page cache and leaves the drive's cache alone.
    /// </remarks>
    public Hammer2Error Flush()
    {
        if (IsReadOnly)
            return Hammer2Error.None;
        while (LinuxBlockIoctls.DataSync(_file) != 0)
        {
            if (LinuxBlockIoctls.LastError != LinuxBlockIoctls.ErrorInterrupted)
                return ToError(LinuxBlockIoctls.LastError);
        }
        return Hammer2Error.None;
    }

    /// <inheritdoc/>
    /// <remarks>An image gets a hole, which reads as zeros. A block special is told whole sectors only;
    /// what the range has of a sector at either end is kept.</remarks>
    public Hammer2Error Discard(long offset, long lengthBytes)
    {
        if (IsReadOnly)
            return Hammer2Error.ReadOnly;
        if (!Contains(offset, lengthBytes))
            return Hammer2Error.Io;
        if (_cannotDiscard || lengthBytes == 0)
            return Hammer2Error.None;
        int errorNumber = _isBlock ? DiscardOnBlock(offset, lengthBytes) : PunchHole(offset, lengthBytes);
        if (errorNumber is LinuxBlockIoctls.ErrorNotSupported or LinuxBlockIoctls.ErrorNoSystemCall
            or LinuxBlockIoctls.ErrorNotTerminal)
        {
            _cannotDiscard = true;
            return Hammer2Error.None;
        }
        return errorNumber == 0 ? Hammer2Error.None : ToError(errorNumber);
    }

    /// <summary>Closes the device and gives the lock back. Nothing is flushed.</summary>
    public void Dispose()
    {
        _direct?.Dispose();
        _file.Dispose();
        _lock?.Dispose();
    }

    private static void RefuseOtherKinds(string path, FileStatus status)
    {
        if (!status.IsBlock && !status.IsRegular)
            throw new DeviceOpenException(path, "is neither a regular file nor a block device");
    }

    private static SafeFileHandle OpenDescriptor(
        string path, FileStatus status, FileBlockDeviceOptions options)
    {
        int flags = options.IsReadOnly ? LinuxBlockIoctls.OpenReadOnly : LinuxBlockIoctls.OpenReadWrite;
        // The claim makes the kernel refuse a device that is mounted, and refuse to mount it later. It is
        // not taken for reading, since two readers of one device would exclude each other.
        if (status.IsBlock && options.TakesLock && !options.IsReadOnly)
            flags |= LinuxBlockIoctls.OpenExclusive;
        SafeFileHandle? file = LinuxBlockIoctls.TryOpen(path, flags);
        if (file != null)
            return file;
        int errorNumber = LinuxBlockIoctls.LastError;
        if (errorNumber == LinuxBlockIoctls.ErrorBusy)
            throw DeviceLock.DescribeClaim(path, status);
        if (!options.IsReadOnly && IsProtection(errorNumber)) throw WriteProtected(path, errorNumber);
        throw OpenFailed(path, errorNumber);
    }

    // What cannot be read either says so when it is opened for that.
    private static bool IsProtection(int errorNumber) => errorNumber is LinuxBlockIoctls.ErrorReadOnly
        or LinuxBlockIoctls.ErrorAccessDenied or LinuxBlockIoctls.ErrorNotPermitted;

    private static (long LengthBytes, int SectorBytes) Measure(
        string path, SafeFileHandle file, FileStatus status)
    {
        if (!status.IsBlock)
            return (status.SizeBytes, ImageSectorBytes);
        if (!LinuxBlockIoctls.TryGetBlockLength(file, out long lengthBytes)
            || !LinuxBlockIoctls.TryGetSectorBytes(file, out int sectorBytes))
        {
            throw new DeviceOpenException(
                path, $"its size cannot be learned: {LinuxBlockIoctls.Describe(LinuxBlockIoctls.LastError)}");
        }
        return (lengthBytes, sectorBytes);
    }

    private static DeviceOpenException OpenFailed(string path, int errorNumber)
        => new(path, $"cannot be opened: {LinuxBlockIoctls.Describe(errorNumber)}");

    private static WriteProtectedException WriteProtected(string path, int errorNumber)
        => new(path, $"cannot be opened for writing: {LinuxBlockIoctls.Describe(errorNumber)}");

    private static Hammer2Error ToError(int errorNumber) => errorNumber switch
    {
        LinuxBlockIoctls.ErrorNoSpace or LinuxBlockIoctls.ErrorQuota => Hammer2Error.NoSpace,
        LinuxBlockIoctls.ErrorReadOnly => Hammer2Error.ReadOnly,
        _ => Hammer2Error.Io,
    };

    /// <returns>0, or an error number.</returns>
    private static int WriteAll(SafeFileHandle file, long offset, ReadOnlySpan<byte> source, int atOnceMax)
    {
        fixed (byte* first = source)
        {
            int done = 0;
            while (done < source.Length)
            {
                nint count = LinuxBlockIoctls.PositionalWrite(
                    file, first + done, Math.Min(source.Length - done, atOnceMax), offset + done);
                if (count > 0)
                    done += (int)count;
                else if (count == 0)
                    return LinuxBlockIoctls.ErrorInputOutput;
                else if (LinuxBlockIoctls.LastError != LinuxBlockIoctls.ErrorInterrupted)
                    return LinuxBlockIoctls.LastError;
            }
        }
        return 0;
    }

    private bool Contains(long offset, long lengthBytes)
        => offset >= 0 && lengthBytes >= 0 && offset <= LengthBytes && lengthBytes <= LengthBytes - offset;

    private int DiscardOnBlock(long offset, long lengthBytes)
    {
        long first = (offset + SectorBytes - 1) / SectorBytes * SectorBytes;
        long end = (offset + lengthBytes) / SectorBytes * SectorBytes;
        return end <= first ? 0 : LinuxBlockIoctls.DiscardSectors(_file, first, end - first);
    }

    private int PunchHole(long offset, long lengthBytes)
    {
        const int Mode = LinuxBlockIoctls.HolePunch | LinuxBlockIoctls.HoleKeepSize;
        while (LinuxBlockIoctls.Allocate(_file, Mode, offset, lengthBytes) != 0)
        {
            if (LinuxBlockIoctls.LastError != LinuxBlockIoctls.ErrorInterrupted)
                return LinuxBlockIoctls.LastError;
        }
        return 0;
    }
}
