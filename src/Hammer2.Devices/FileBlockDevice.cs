// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Concurrency;
using Hammer2.Format;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Devices;

/// <summary>An image file or a block device of this machine.</summary>
/// <remarks>
/// Buffered I/O through pread and pwrite: reads profit from the page cache, and callers need no alignment. Long writes
/// bypass the page cache of a block device (O_DIRECT) when they are of data that is not expected to be read soon, and
/// when the device is fast, because copying them there costs more processor time than everything else that is done to
/// them. Only whole pages are written directly, which the kernel keeps coherent with the page cache. The length is read
/// on opening and when asked to; reads past the end of an image that shrinks afterwards return Io.
/// </remarks>
public sealed unsafe partial class FileBlockDevice : IBlockDevice, IIdentifiedDevice
{
    private const int ImageSectorBytes = 512;

    // The page cache allocates memory in pieces as long as a write; long pieces are slow to allocate.
    private const int BufferedBytesMax = 64 << 10;

    // A whole file block. Shorter writes come from small changes, which are flushed soon anyway.
    private const int WriteBackBytesMin = 64 << 10;

    private const int OpenPollMilliseconds = 30;

    private readonly IScheduler _scheduler;
    private readonly TimeProvider _time;
    private readonly DirectWriteSpeed _directSpeed = new();
    private readonly SafeFileHandle _file;
    private readonly DeviceLock? _lock;
    private readonly bool _isBlock;
    private long _lengthBytes;
    private volatile SafeFileHandle? _direct;
    private volatile bool _isReadOnly;
    private volatile bool _isClaimed;
    private volatile bool _cannotDiscard;
    private volatile bool _cannotWriteDirectly;

    private FileBlockDevice(string name, SafeFileHandle file, SafeFileHandle? direct, DeviceLock? deviceLock,
        FileStatus status, long lengthBytes, int sectorBytes, FileBlockDeviceOptions options)
    {
        bool isReadOnly = options.IsReadOnly;
        _scheduler = options.Scheduler;
        _time = options.Time;
        _isClaimed = status.IsBlock && !isReadOnly && deviceLock is not null;
        Name = name;
        _file = file;
        _direct = direct;
        _lock = deviceLock;
        _isBlock = status.IsBlock;
        _lengthBytes = lengthBytes;
        SectorBytes = sectorBytes;
        _isReadOnly = isReadOnly;
        Identity = status.Identity;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long LengthBytes => Volatile.Read(ref _lengthBytes);

    /// <summary>The logical sector size of a block device, in bytes; 512 for an image file.</summary>
    public int SectorBytes { get; }

    /// <inheritdoc/>
    public bool IsReadOnly => _isReadOnly;

    /// <inheritdoc/>
    public DeviceIdentity? Identity { get; }

    /// <summary>A message for the user when other devices with the same bytes, such as the disk of a partition, could
    /// not be locked; null when they are, or when no lock was requested.</summary>
    public string? LockNote => _lock?.Note;

    /// <summary>Opens an existing image file or block device and locks it.</summary>
    /// <exception cref="DeviceOpenException">It is missing, not accessible, or of another type.</exception>
    /// <exception cref="WriteProtectedException">It is read-only, and was to be opened for writing.</exception>
    /// <exception cref="DeviceBusyException">It is in use by another process or by this one.</exception>
    /// <remarks>A device that is in use is tried again until the time limit of the options. Between two attempts
    /// nothing of it is held: a process that waits for the locks must not have the kernel's claim, which the process
    /// that has the locks may need.</remarks>
    public static FileBlockDevice Open(string path, FileBlockDeviceOptions? options = null)
    {
        options ??= new FileBlockDeviceOptions();
        FileBlockDeviceOptions atOnce = options with { LockWaitMilliseconds = 0 };
        // The pause depends on the process id, so that two processes do not retry at the same moment.
        int pauseMilliseconds = OpenPollMilliseconds + (Environment.ProcessId % OpenPollMilliseconds);
        for (int waited = 0; ; waited += pauseMilliseconds)
        {
            try
            {
                return OpenAtOnce(path, atOnce);
            }
            catch (DeviceBusyException) when (waited < options.LockWaitMilliseconds)
            {
                // The kernel does not tell when a device is free.
                options.Scheduler.Pause(TimeSpan.FromMilliseconds(pauseMilliseconds));
            }
        }
    }

    private static FileBlockDevice OpenAtOnce(string path, FileBlockDeviceOptions options)
    {
        // Check the type before opening: opening a FIFO would wait for its other end.
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
                deviceLock = DeviceLock.Acquire(path, file, status, options);
            (long lengthBytes, int sectorBytes) = Measure(path, file, status);
            SafeFileHandle? direct = options.IsReadOnly ? null : TryOpenDirect(path, status);
            return new FileBlockDevice(
                path, file, direct, deviceLock, status, lengthBytes, sectorBytes, options);
        }
        catch (MediaException)
        {
            deviceLock?.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public long Remeasure()
    {
        bool isMeasured = LinuxBlockIoctls.TryStat(_file, out FileStatus status);
        long lengthBytes = status.SizeBytes;
        if (isMeasured && status.IsBlock) isMeasured = LinuxBlockIoctls.TryGetBlockLength(_file, out lengthBytes);
        if (isMeasured && lengthBytes > LengthBytes) Volatile.Write(ref _lengthBytes, lengthBytes);
        return LengthBytes;
    }

    /// <inheritdoc/>
    /// <remarks>After closing, reads return Io: a node that left its cluster may still be read by operations that began
    /// before.</remarks>
    public Hammer2Error Read(long offset, Span<byte> destination)
    {
        if (!Contains(offset, destination.Length))
            return Hammer2Error.Io;
        try
        {
            return ReadAll(offset, destination);
        }
        catch (ObjectDisposedException)
        {
            return Hammer2Error.Io;
        }
    }

    private Hammer2Error ReadAll(long offset, Span<byte> destination)
    {
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
    /// <remarks>Starts write-back of long writes at once, so that the device works before <see cref="Flush"/> and not
    /// only during it. Long ones to a fast device are direct.</remarks>
    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
    {
        if (IsReadOnly)
            return Hammer2Error.ReadOnly;
        if (!Contains(offset, source.Length))
            return Hammer2Error.Io;
        if (CanWriteDirectly(offset, source) && _directSpeed.ShouldWriteDirectly())
            return WriteDirectly(offset, source);
        int errorNumber = WriteAll(_file, offset, source, BufferedBytesMax);
        if (errorNumber != 0) return ToError(errorNumber);
        // A hint: the next flush reports a page that cannot be written, with or without this call.
        if (source.Length >= WriteBackBytesMin)
            _ = LinuxBlockIoctls.SyncRange(_file, offset, source.Length, LinuxBlockIoctls.SyncRangeBegin);
        return Hammer2Error.None;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// fdatasync on a block device writes its dirty pages and then flushes the drive's own cache; on an image it also
    /// commits the extents that a write into a hole allocated. BLKFLSBUF would not do: it drops the page cache and does
    /// not flush the drive's cache.
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
    /// <remarks>Punches a hole into an image file, which reads as zeros. Discards the whole sectors of the range on a
    /// block device; partial sectors at either end are kept.</remarks>
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

    /// <summary>Closes the device and releases the lock. Nothing is flushed.</summary>
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
        // The claim (O_EXCL) makes the kernel reject a device that is mounted, and reject a later mount. Readers do not
        // claim the device, since two readers would exclude each other.
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

    // A device that cannot be read either fails when it is opened for reading.
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
                path, $"its size cannot be read: {LinuxBlockIoctls.Describe(LinuxBlockIoctls.LastError)}");
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
