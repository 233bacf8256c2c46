// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Devices;

/// <summary>
/// Media could not be opened. Opening is the one place where the lower layers throw: nobody holds a lock
/// yet, nobody can be outvoted, and a person has to read the message.
/// </summary>
public abstract class MediaException : Exception
{
    /// <summary>Names the device and what is wrong with it.</summary>
    protected MediaException(string deviceName, string message, Exception? cause = null)
        : base($"{deviceName}: {message}", cause) => DeviceName = deviceName;

    /// <summary>The device the message is about, or the first one of a set.</summary>
    public string DeviceName { get; }
}

/// <summary>The device cannot be opened at all: missing, forbidden, not a file nor a block device.</summary>
public sealed class DeviceOpenException(string deviceName, string message, Exception? cause = null)
    : MediaException(deviceName, message, cause);

/// <summary>The device was to be written and may only be read: read-only media, permissions, or a switch.</summary>
public sealed class WriteProtectedException(string deviceName, string message)
    : MediaException(deviceName, message);

/// <summary>Somebody else uses the device in a way that excludes what was asked for.</summary>
/// <param name="deviceName">The device.</param>
/// <param name="message">Who holds it, as far as the kernel tells.</param>
public sealed class DeviceBusyException(string deviceName, string message)
    : MediaException(deviceName, message);

/// <summary>No usable HAMMER2 volume header was found on the device.</summary>
public sealed class NotHammer2Exception(string deviceName, string message)
    : MediaException(deviceName, message);

/// <summary>Each device holds a volume header, but they do not make one filesystem.</summary>
public sealed class VolumeSetException(string deviceName, string message)
    : MediaException(deviceName, message);

/// <summary>The partition asked for does not exist, or no choice can be made without being asked.</summary>
public sealed class PartitionException(string deviceName, string message)
    : MediaException(deviceName, message);
