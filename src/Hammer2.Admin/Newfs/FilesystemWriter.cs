// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Newfs;

/// <summary>A write to a device failed while a filesystem was made.</summary>
/// <param name="DeviceName">Name of the device.</param>
/// <param name="Work">The operation that failed.</param>
/// <param name="Offset">Offset on the device, in bytes.</param>
/// <param name="Error">The error of the device.</param>
public sealed record NewfsFailure(string DeviceName, string Work, long Offset, Hammer2Error Error)
{
    /// <summary>One line for messages.</summary>
    public override string ToString() => $"{DeviceName}: {Work} at byte {Offset}: {Error}";
}

/// <summary>The progress of making a filesystem.</summary>
/// <param name="DoneBytes">Number of bytes processed.</param>
/// <param name="TotalBytes">Total number of bytes to process.</param>
public readonly record struct NewfsProgress(long DoneBytes, long TotalBytes);

/// <summary>
/// Writes a planned filesystem to devices. Old signatures are erased first and the headers are written last, that of
/// the root volume after all others, with a flush after each step: after a power failure there is either no filesystem
/// or the complete new one.
/// </summary>
public sealed class FilesystemWriter
{
    private const int ChunkBytes = 1 << 20;

    private readonly NewFilesystem _wanted;
    private readonly VolumePlan _plan;
    private readonly IReadOnlyList<IBlockDevice> _devices;
    private long _doneBytes;
    private long _totalBytes;

    /// <summary>Prepares for writing; writes nothing.</summary>
    /// <param name="wanted">The parameters of the filesystem.</param>
    /// <param name="plan">The plan made from the parameters and these devices.</param>
    /// <param name="devices">Writable devices in the order of the plan. The caller keeps their ownership.</param>
    public FilesystemWriter(NewFilesystem wanted, VolumePlan plan, IReadOnlyList<IBlockDevice> devices)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(devices.Count, plan.Volumes.Count);
        _wanted = wanted;
        _plan = plan;
        _devices = devices;
    }

    /// <summary>Called periodically with the progress.</summary>
    public Action<NewfsProgress>? Progress { get; init; }

    /// <summary>True to discard the whole devices first.</summary>
    public bool Discards { get; init; }

    /// <summary>Plans and writes a filesystem in one call.</summary>
    /// <exception cref="NewfsException">The devices are too small.</exception>
    public static NewfsFailure? Make(NewFilesystem wanted, IReadOnlyList<IBlockDevice> devices)
    {
        var spaces = new List<DeviceSpace>();
        foreach (IBlockDevice device in devices) spaces.Add(new DeviceSpace(device.Name, device.LengthBytes));
        return new FilesystemWriter(wanted, VolumePlan.Make(wanted, spaces), devices).Write();
    }

    /// <summary>Writes the filesystem and makes it durable.</summary>
    /// <returns>Null on success; otherwise the first failure, after which the content of the devices must not be
    /// used.</returns>
    public NewfsFailure? Write()
    {
        foreach (PlannedVolume volume in _plan.Volumes)
            _totalBytes += Math.Min(Media.ZoneReservedBytes, (long)volume.LengthBytes);
        _totalBytes += (long)(_plan.BootBytes + _plan.AuxBytes);
        // Discarded ranges may return any bytes, so discard before zeroing.
        return Blank() ?? (Discards ? Discard() ?? Blank() : null) ?? WriteStaticAreas() ?? WriteHeaders();
    }

    private NewfsFailure? Blank()
    {
        foreach (IBlockDevice device in _devices)
        {
            // Readers look for header copies up to the end of the device, which may be past the end of the volume.
            for (long at = 0; at <= device.LengthBytes - Media.VolumeHeaderBytes
                && at < Media.HeaderCopies * Media.HeaderZoneBytes; at += Media.HeaderZoneBytes)
            {
                if (Zero(device, at, Media.VolumeHeaderBytes) is { } failure) return failure;
            }
            if (device.LengthBytes >= Media.SpareHeaderOffset + Media.VolumeHeaderBytes
                && Zero(device, Media.SpareHeaderOffset, Media.VolumeHeaderBytes) is { } spare) return spare;
            foreach (Signature signature in SignatureProbe.Find(device))
            {
                if (Zero(device, signature.Offset, signature.LengthBytes) is { } failure) return failure;
            }
        }
        return Flush();
    }

    private NewfsFailure? Discard()
    {
        foreach (IBlockDevice device in _devices)
        {
            Hammer2Error error = device.Discard(0, device.LengthBytes);
            if (error != Hammer2Error.None) return new NewfsFailure(device.Name, "discarding", 0, error);
        }
        return null;
    }

    private NewfsFailure? WriteStaticAreas()
    {
        byte[] block = new byte[Media.BufferBytes];
        for (int index = 0; index < _devices.Count; index++)
        {
            IBlockDevice device = _devices[index];
            if (ZeroCounted(device, Media.ZoneReservedBytes) is { } failure) return failure;
            // Verifies that the device is as long as it reports.
            long last = (long)_plan.Volumes[index].LengthBytes - Media.BufferBytes;
            Hammer2Error atEnd = device.Write(last, block);
            if (atEnd != Hammer2Error.None)
                return new NewfsFailure(device.Name, "writing the volume's last block", last, atEnd);
        }
        IBlockDevice root = _devices[0];
        if (ZeroCounted(root, (long)_plan.InodesBegin) is { } unwritten) return unwritten;
        _ = InitialBlocks.WriteInodes(_wanted, _plan, block);
        Hammer2Error error = root.Write((long)_plan.InodesBegin, block);
        return error == Hammer2Error.None
            ? Flush()
            : new NewfsFailure(root.Name, "writing the first inodes", (long)_plan.InodesBegin, error);
    }

    private NewfsFailure? WriteHeaders()
    {
        byte[] block = new byte[Media.BufferBytes];
        Blockref superRoot = InitialBlocks.WriteInodes(_wanted, _plan, block);
        for (int index = _devices.Count - 1; index >= 0; index--)
        {
            InitialBlocks.WriteHeader(_wanted, _plan, index, superRoot, block);
            IBlockDevice device = _devices[index];
            // Make the other volumes durable before the header of the root volume completes the filesystem.
            if (index == 0 && _devices.Count > 1 && Flush() is { } unflushed) return unflushed;
            for (long at = 0; at < (long)_plan.Volumes[index].LengthBytes
                && at < Media.HeaderCopies * Media.HeaderZoneBytes; at += Media.HeaderZoneBytes)
            {
                Hammer2Error error = device.Write(at, block);
                if (error != Hammer2Error.None)
                    return new NewfsFailure(device.Name, "writing a volume header", at, error);
            }
        }
        return Flush();
    }

    private NewfsFailure? Flush()
    {
        foreach (IBlockDevice device in _devices)
        {
            Hammer2Error error = device.Flush();
            if (error != Hammer2Error.None) return new NewfsFailure(device.Name, "flushing", 0, error);
        }
        return null;
    }

    // Zeroes from the end of the last counted range up to a given end.
    private NewfsFailure? ZeroCounted(IBlockDevice device, long end)
    {
        long from = device == _devices[0] && end > Media.ZoneReservedBytes ? Media.ZoneReservedBytes : 0;
        for (long at = from; at < end; at += ChunkBytes)
        {
            int length = (int)Math.Min(ChunkBytes, end - at);
            if (Zero(device, at, length) is { } failure) return failure;
            _doneBytes += length;
            Progress?.Invoke(new NewfsProgress(_doneBytes, _totalBytes));
        }
        return null;
    }

    // Ranges that are zero already are not written: sparse files stay sparse, and flash does not wear.
    private static NewfsFailure? Zero(IBlockDevice device, long offset, int lengthBytes)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(lengthBytes);
        try
        {
            Span<byte> bytes = buffer.AsSpan(0, lengthBytes);
            // A range that cannot be read may still be writable.
            if (device.Read(offset, bytes) == Hammer2Error.None && !bytes.ContainsAnyExcept((byte)0)) return null;
            bytes.Clear();
            Hammer2Error error = device.Write(offset, bytes);
            return error == Hammer2Error.None
                ? null
                : new NewfsFailure(device.Name, "writing zeros", offset, error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
