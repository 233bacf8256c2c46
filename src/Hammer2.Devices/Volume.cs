// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices;

/// <summary>One volume of a filesystem: a device, and the part of the address space that it holds. Immutable: when it
/// grows, the filesystem has another one in its place.</summary>
public sealed class Volume
{
    internal Volume(int index, IBlockDevice device, VolumeHeaderCopies copies, ulong start, ulong lengthBytes)
    {
        Index = index;
        Device = device;
        Copies = copies;
        Start = start;
        LengthBytes = lengthBytes;
    }

    /// <summary>Number of the volume, 0 to 63; 0 is the root volume, whose header refers to the super-root and the
    /// freemap.</summary>
    public int Index { get; }

    /// <summary>The device that holds the volume. It may be longer than the volume.</summary>
    public IBlockDevice Device { get; }

    /// <summary>Errors of the device since it was opened.</summary>
    public DeviceErrors Errors { get; private init; } = new();

    /// <summary>The copies of this volume's header, as read on opening.</summary>
    public VolumeHeaderCopies Copies { get; }

    /// <summary>The copy in use. On all volumes but the root volume it is unchanged since newfs.</summary>
    public VolumeHeader Header => Copies.Newest;

    /// <summary>Offset of the volume in the address space of the filesystem, in bytes.</summary>
    public ulong Start { get; }

    /// <summary>Size of the volume in bytes: from its header, or what it has grown to since.</summary>
    public ulong LengthBytes { get; }

    /// <summary>The offset after its last byte.</summary>
    public ulong End => Start + LengthBytes;

    internal Volume WithLength(ulong lengthBytes) =>
        new(Index, Device, Copies, Start, lengthBytes) { Errors = Errors };
}
