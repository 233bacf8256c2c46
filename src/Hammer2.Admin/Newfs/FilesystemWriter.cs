// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Newfs;

/// <summary>A device did not take the bytes of a new filesystem.</summary>
/// <param name="DeviceName">Which device.</param>
/// <param name="Work">What was being done.</param>
/// <param name="Offset">Where, in bytes from the device's beginning.</param>
/// <param name="Error">What the device said.</param>
public sealed record NewfsFailure(string DeviceName, string Work, long Offset, Hammer2Error Error)
{
    /// <summary>One line for a person.</summary>
    public override string ToString() => $"{DeviceName}: {Work} at byte {Offset}: {Error}";
}

/// <summary>How far the making of a filesystem is.</summary>
/// <param name="DoneBytes">Bytes gone through.</param>
/// <param name="TotalBytes">All there are to go through.</param>
public readonly record struct NewfsProgress(long DoneBytes, long TotalBytes);

/// <summary>
/// Puts a planned filesystem on devices. What was there is made unrecognisable first and the headers come last,
/// the root volume's after all others, with a flush at each step: whenever power fails, there is either no
/// filesystem or the whole new one.
/// </summary>
public sealed class FilesystemWriter
{
    private const int ChunkBytes = 1 << 20;

    private readonly NewFilesystem _wanted;
    private readonly VolumePlan _plan;
    private readonly IReadOnlyList<IBlockDevice> _devices;
    private long _doneBytes;
    private long _totalBytes;

    /// <summary>Prepares; writes nothing yet.</summary>
    /// <param name="wanted">What the filesystem is to be like.</param>
    /// <param name="plan">Made from it and from these devices.</param>
    /// <param name="devices">Writable, in the order of the plan. They stay the caller's.</param>
    public FilesystemWriter(NewFilesystem wanted, VolumePlan plan, IReadOnlyList<IBlockDevice> devices)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(devices.Count, plan.Volumes.Count);
        _wanted = wanted;
        _plan = plan;
        _devices = devices;
    }

    /// <summary>Is told, now and then, how far it is.</summary>
    public Action<NewfsProgress>? Progress { get; init; }

    /// <summary>True to tell the devices first that nothing on them is needed any more.</summary>
    public bool Discards { get; init; }

    /// <summary>Plans and writes a filesystem in one go.</summary>
    /// <exception cref="NewfsException">The devices cannot hold it.</exception>
    public static NewfsFailure? Make(NewFilesystem wanted, IReadOnlyList<IBlockDevice> devices)
    {
        var spaces = new List<DeviceSpace>();
        foreach (IBlockDevice device in devices) spaces.Add(new DeviceSpace(device.Name, device.LengthBytes));
        return new FilesystemWriter(wanted, VolumePlan.Make(wanted, spaces), devices).Write();
    }

    /// <summary>Writes the filesystem and makes it durable.</summary>
    /// <returns>Null when all of it is there; else the first thing that failed, and what is then on the devices is
    /// not to be used.</returns>
    public NewfsFailure? Write()
    {
        foreach (PlannedVolume volume in _plan.Volumes)
            _totalBytes += Math.Min(Media.ZoneReservedBytes, (long)volume.LengthBytes);
        _totalBytes += (long)(_plan.BootBytes + _plan.AuxBytes);
        // Discarded bytes may read as anything, even as what was zeroed before.
        return Blank() ?? (Discards ? Discard() ?? Blank() : null) ?? WriteStaticAreas() ?? WriteHeaders();
    }

    private NewfsFailure? Blank()
    {
        foreach (IBlockDevice device in _devices)
        {
            // Readers look for headers up to the device's end, which may lie behind the volume's.
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
            // Shows that the device is as long as it says.
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
            // The other volumes are durable before the root volume makes them a filesystem.
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
            if (error != Hammer2Error.None) return new NewfsFailure(device.Name, "making it durable", 0, error);
        }
        return null;
    }

    // From behind the last thing counted up to an end.
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

    // What is zero already stays unwritten: sparse files stay sparse, and flash is spared.
    private static NewfsFailure? Zero(IBlockDevice device, long offset, int lengthBytes)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(lengthBytes);
        try
        {
            Span<byte> bytes = buffer.AsSpan(0, lengthBytes);
            // A place that cannot be read may still be one that can be written.
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
