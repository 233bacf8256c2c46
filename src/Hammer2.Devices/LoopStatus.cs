// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Linux.Text;

namespace Hammer2.Devices;

/// <summary>The result of <c>LOOP_GET_STATUS64</c>: the backing file of a loop device, and the range of its
/// bytes.</summary>
/// <param name="FileDevice">The device that holds the backing file.</param>
/// <param name="FileInode">The inode number of the backing file.</param>
/// <param name="BackingDevice">The backing device itself, when that is a block device.</param>
/// <param name="Offset">Offset of the first byte in the backing file.</param>
/// <param name="SizeLimit">Length in bytes; 0 for all up to the end of the backing file.</param>
/// <param name="Number">Number of the loop device that filled in the result.</param>
/// <param name="FileName">The path that was given when it was attached, cut off after 63 bytes.</param>
internal readonly record struct LoopStatus(
    DeviceNumber FileDevice, ulong FileInode, DeviceNumber BackingDevice, long Offset, long SizeLimit, uint Number,
    string FileName)
{
    /// <summary>Size of <c>struct loop_info64</c>.</summary>
    internal const int InfoBytes = 232;

    private const uint LoopMajor = 7;
    private const int NameOffset = 56;
    private const int NameBytes = 64;

    /// <summary>Reads a <c>struct loop_info64</c>.</summary>
    internal static LoopStatus Read(ReadOnlySpan<byte> info)
    {
        ReadOnlySpan<byte> name = info.Slice(NameOffset, NameBytes);
        int end = name.IndexOf((byte)0);
        return new LoopStatus(
            FileDevice: DeviceNumberAt(info),
            FileInode: BinaryPrimitives.ReadUInt64LittleEndian(info[8..]),
            BackingDevice: DeviceNumberAt(info[16..]),
            Offset: (long)BinaryPrimitives.ReadUInt64LittleEndian(info[24..]),
            SizeLimit: (long)BinaryPrimitives.ReadUInt64LittleEndian(info[32..]),
            Number: BinaryPrimitives.ReadUInt32LittleEndian(info[40..]),
            FileName: ByteText.Decode(end < 0 ? name : name[..end]));
    }

    /// <summary>True when a device number is that of the loop device itself and not of one of its partitions, for which
    /// the ioctl describes the whole loop device.</summary>
    internal bool IsOf(DeviceNumber device) => device.Major == LoopMajor && device.Minor == Number;

    /// <summary>True when a file or block device is the backing file of the loop device.</summary>
    internal bool IsBackedBy(FileStatus status) => status.IsBlock
        ? status.Special == BackingDevice
        : status.IsRegular && status.Device == FileDevice && status.Inode == FileInode;

    // The kernel's huge_encode_dev: the low 8 bits of the minor number, 12 of the major, the rest of the minor.
    private static DeviceNumber DeviceNumberAt(ReadOnlySpan<byte> field)
    {
        uint number = (uint)BinaryPrimitives.ReadUInt64LittleEndian(field);
        return new DeviceNumber((number >> 8) & 0xFFF, (number & 0xFF) | ((number >> 12) & 0xFFF00));
    }
}
