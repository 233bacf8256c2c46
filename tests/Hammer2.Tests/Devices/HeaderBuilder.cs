// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;

namespace Hammer2.Tests.Devices;

/// <summary>Changes a header before its CRCs are set.</summary>
internal delegate void HeaderChange(VolumeHeaderView header);

/// <summary>Makes volumes that have valid headers and no other content, except for the fields that a test
/// changes.</summary>
internal static class HeaderBuilder
{
    /// <summary>The filesystem id of all volumes.</summary>
    internal static MediaUuid FilesystemId { get; } =
        MediaUuid.From(new Guid("11111111-2222-3333-4444-555555555555"));

    /// <summary>A volume of a version 2 filesystem.</summary>
    /// <param name="index">Number of the volume.</param>
    /// <param name="sizes">Sizes of all volumes in bytes.</param>
    /// <param name="change">Changes the header before the CRCs are set.</param>
    internal static MemoryBlockDevice Volume(int index, long[] sizes, HeaderChange? change = null)
    {
        var device = new MemoryBlockDevice(sizes[index], $"v{index}");
        for (int copy = 0; copy * Media.HeaderZoneBytes < sizes[index]; copy++)
            WriteCopy(device, copy, Version2(index, sizes), change);
        return device;
    }

    /// <summary>The one volume of a version 1 filesystem.</summary>
    internal static MemoryBlockDevice Version1(long sizeBytes, HeaderChange? change = null)
    {
        var device = new MemoryBlockDevice(sizeBytes, "v1");
        byte[] bytes = Version2(0, [sizeBytes]);
        var header = new VolumeHeaderView(bytes);
        header.Fields.Version = 1;
        header.Fields.VolumesTotal = 0;
        header.Fields.TotalBytes = 0;
        header.VolumeStarts.Clear();
        WriteCopy(device, 0, bytes, change);
        return device;
    }

    /// <summary>All volumes of a version 2 filesystem, one of them changed.</summary>
    internal static List<IBlockDevice> Set(long[] sizes, int changed = -1, HeaderChange? change = null)
    {
        var devices = new List<IBlockDevice>();
        for (int index = 0; index < sizes.Length; index++)
            devices.Add(Volume(index, sizes, index == changed ? change : null));
        return devices;
    }

    /// <summary>Sets the CRCs of a header and writes it to the offset of a copy.</summary>
    internal static void WriteCopy(IBlockDevice device, int copy, byte[] bytes, HeaderChange? change)
    {
        var header = new VolumeHeaderView((byte[])bytes.Clone());
        change?.Invoke(header);
        VolumeHeaderCandidate.StoreCrcs(header);
        _ = device.Write(copy * Media.HeaderZoneBytes, header.Bytes);
    }

    /// <summary>The header of one volume of a version 2 filesystem, without CRCs.</summary>
    internal static byte[] Version2(int index, long[] sizes)
    {
        byte[] bytes = new byte[Media.VolumeHeaderBytes];
        var header = new VolumeHeaderView(bytes);
        ref VolumeHeaderSector fields = ref header.Fields;
        fields.Magic = VolumeHeaderView.MagicValue;
        fields.Version = 2;
        fields.VolumeIndex = (byte)index;
        fields.VolumesTotal = (byte)sizes.Length;
        fields.VolumeBytes = (ulong)sizes[index];
        fields.FilesystemId = FilesystemId;
        fields.FilesystemType = VolumeHeaderView.TypeHammer2;
        fields.MirrorTid = 16;
        header.VolumeStarts.Fill(VolumeHeaderView.VolumeStartUnused);
        ulong start = 0;
        for (int volume = 0; volume < sizes.Length; volume++)
        {
            header.VolumeStarts[volume] = start;
            start += (ulong)sizes[volume];
        }
        fields.TotalBytes = start;
        return bytes;
    }
}
