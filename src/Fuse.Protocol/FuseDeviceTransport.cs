// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Fuse.Protocol;

/// <summary>
/// Exchanges messages with the kernel over /dev/fuse. The first channel is the mounted descriptor; each further one is
/// a clone of it, so that workers do not share one queue of requests in progress.
/// </summary>
public sealed unsafe class FuseDeviceTransport : IFuseTransport
{
    private const string DevicePath = "/dev/fuse";
    private const int DeviceFlags = LinuxCalls.OpenReadWrite | LinuxCalls.OpenCloseOnExec;

    private readonly SafeFileHandle _mounted;
    private readonly ILogger _logger;
    private int _channelsTotal;

    /// <summary>A transport over a descriptor of /dev/fuse that is connected to a mount, which it now owns.</summary>
    public FuseDeviceTransport(SafeFileHandle mounted, ILogger logger)
    {
        _mounted = mounted;
        _logger = logger;
    }

    /// <summary>Opens the device for a new mount.</summary>
    /// <exception cref="FuseException">There is no such device, or no permission to open it.</exception>
    public static SafeFileHandle OpenDevice()
    {
        int descriptor = LinuxCalls.Open(DevicePath, DeviceFlags, 0);
        if (descriptor >= 0) return new SafeFileHandle(descriptor, ownsHandle: true);
        string hint = LinuxCalls.LastError is FuseErrno.ENOENT or FuseErrno.ENODEV
            ? " (is the kernel module 'fuse' loaded?)"
            : "";
        throw new FuseException($"{DevicePath}: {LinuxCalls.Describe(LinuxCalls.LastError)}{hint}");
    }

    /// <inheritdoc/>
    public IFuseChannel OpenChannel()
    {
        int channel = _channelsTotal++;
        if (channel == 0) return new FuseChannel(_mounted, ownsDevice: false);

        SafeFileHandle clone = OpenClone(out int error);
        if (error == FuseErrno.None) return new FuseChannel(clone, ownsDevice: true);

        // Old kernels and restricted containers cannot clone: sharing the descriptor is slower but correct.
        clone.Dispose();
        FuseLog.NotCloned(_logger, channel, error);
        return new FuseChannel(_mounted, ownsDevice: false);
    }

    /// <inheritdoc/>
    public IFuseQueues? TryOpenQueues(FuseConnection connection, out string? failure) => FuseUringQueues.TryOpen(
        _mounted, FuseBufferSizes.For(connection.MaxWriteBytes, connection.MaxReadBytes), out failure);

    /// <inheritdoc/>
    public void Dispose() => _mounted.Dispose();

    private SafeFileHandle OpenClone(out int error)
    {
        int descriptor = LinuxCalls.Open(DevicePath, DeviceFlags, 0);
        var clone = new SafeFileHandle(descriptor, ownsHandle: descriptor >= 0);
        error = descriptor < 0 ? LinuxCalls.LastError : FuseErrno.None;
        if (descriptor < 0) return clone;
        uint mounted = (uint)_mounted.DangerousGetHandle();
        if (LinuxCalls.Ioctl(clone, LinuxCalls.CloneDevice, &mounted) != 0) error = LinuxCalls.LastError;
        return clone;
    }
}
