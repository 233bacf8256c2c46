// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices;

/// <summary>One volume of a filesystem: a device, and the part of the address space that it holds.</summary>
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

    /// <summary>0 to 63; 0 is the root volume, whose header has the roots of all.</summary>
    public int Index { get; }

    /// <summary>Where the bytes are. It may be longer than the volume.</summary>
    public IBlockDevice Device { get; }

    /// <summary>The copies of this volume's header as they were at opening.</summary>
    public VolumeHeaderCopies Copies { get; }

    /// <summary>The copy that was taken. In all but the root volume it is as newfs wrote it.</summary>
    public VolumeHeader Header => Copies.Newest;

    /// <summary>First byte in the address space of the filesystem.</summary>
    public ulong Start { get; }

    /// <summary>Bytes of the volume, as its header says.</summary>
    public ulong LengthBytes { get; }

    /// <summary>The byte after the last one.</summary>
    public ulong End => Start + LengthBytes;
}
