// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Devices;

/// <summary>
/// Media could not be opened. Only opening throws in the lower layers: no locks are held yet, there is no quorum to
/// decide by, and the user needs the message.
/// </summary>
public abstract class MediaException : Exception
{
    /// <summary>Makes the message from the name of the device and the reason.</summary>
    protected MediaException(string deviceName, string message, Exception? cause = null)
        : base($"{deviceName}: {message}", cause) => DeviceName = deviceName;

    /// <summary>The device that the message is about, or the first one of a set.</summary>
    public string DeviceName { get; }
}

/// <summary>The device cannot be opened: it is missing, not accessible, or neither a file nor a block device.</summary>
public sealed class DeviceOpenException(string deviceName, string message, Exception? cause = null)
    : MediaException(deviceName, message, cause);

/// <summary>The device cannot be opened for writing: read-only media, missing permission, or a write-protect
/// switch.</summary>
public sealed class WriteProtectedException(string deviceName, string message)
    : MediaException(deviceName, message);

/// <summary>The device is in use in a way that conflicts with the requested access.</summary>
/// <param name="deviceName">The device.</param>
/// <param name="message">The process that uses it, as far as the kernel tells.</param>
public sealed class DeviceBusyException(string deviceName, string message)
    : MediaException(deviceName, message);

/// <summary>What was written to the device failed.</summary>
public sealed class DeviceWriteException(string deviceName, string message)
    : MediaException(deviceName, message);

/// <summary>No usable HAMMER2 volume header was found on the device.</summary>
public sealed class NotHammer2Exception(string deviceName, string message)
    : MediaException(deviceName, message);

/// <summary>Each device holds a volume header, but they do not make one filesystem.</summary>
public sealed class VolumeSetException(string deviceName, string message)
    : MediaException(deviceName, message);

/// <summary>The requested partition does not exist, or none was requested and several hold a volume.</summary>
public sealed class PartitionException(string deviceName, string message)
    : MediaException(deviceName, message);
