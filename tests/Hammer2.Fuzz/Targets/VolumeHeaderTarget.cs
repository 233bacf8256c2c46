// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;

namespace Hammer2.Fuzz.Targets;

/// <summary>
/// Volume headers: copies, torn ones among them, of one to three volumes, and the checks that join volumes.
/// </summary>
/// <remarks>
/// Input: a byte with the number of volumes (low two bits), reading or writing (4), whether short devices are accepted
/// (8) and CRCs set after patching (16) or left (0); then for each volume a byte for the length of its device, a byte
/// with the number of headers to write, and for each header the index of its copy and a list of patches. Index 7 is
/// the spare header.
/// </remarks>
internal static class VolumeHeaderTarget
{
    private const int SparePlace = 7;

    private static readonly long[] Lengths =
    [
        Media.ZoneBytes, 0, 512, Media.VolumeHeaderBytes - 1, Media.VolumeHeaderBytes, Media.ZoneReservedBytes,
        512L << 20, 2L << 30, (2L << 30) + 512, (2L << 30) + Media.VolumeHeaderBytes, 7L << 30, 64L << 40,
        long.MaxValue,
    ];

    /// <summary>Opens the volumes.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        var reader = new InputReader(input);
        int flags = reader.Byte();
        int volumes = 1 + (flags & 3) % 3;
        var devices = new List<IBlockDevice>(volumes);
        for (int index = 0; index < volumes; index++) devices.Add(Device(ref reader, index, volumes, flags));

        bool isReadOnly = (flags & 4) == 0;
        var options = new VolumeSetOptions(isReadOnly, AcceptsShortDevices: (flags & 8) != 0);
        try
        {
            VolumeSet set = VolumeSet.Open(devices, options);
            CheckSet(set, volumes);
        }
        catch (MediaException refused)
        {
            Property.Holds(refused.Message.StartsWith(refused.DeviceName + ": ", StringComparison.Ordinal),
                "a refusal names the device first");
        }
    }

    private static MemoryBlockDevice Device(ref InputReader reader, int index, int volumes, int flags)
    {
        long length = Lengths[reader.Byte() % Lengths.Length];
        var device = new MemoryBlockDevice(length, "v" + (char)('0' + index));
        byte[] bytes = new byte[Media.VolumeHeaderBytes];
        for (int headers = reader.Byte() % 6; headers > 0; headers--)
        {
            int place = reader.Byte() & 7;
            MakeHeader(bytes, index, volumes);
            reader.Patch(bytes);
            if ((flags & 16) != 0) VolumeHeaderCandidate.StoreCrcs(new VolumeHeaderView(bytes));
            long offset = place == SparePlace ? Media.SpareHeaderOffset : (place & 3) * Media.HeaderZoneBytes;
            _ = device.Write(offset, bytes);        // refused where the device is too short
        }
        return device;
    }

    // Volumes of 1 GiB each, all fields in order.
    private static void MakeHeader(Span<byte> bytes, int index, int volumes)
    {
        bytes.Clear();
        var header = new VolumeHeaderView(bytes);
        ref VolumeHeaderSector fields = ref header.Fields;
        fields.Magic = VolumeHeaderView.MagicValue;
        fields.Version = 2;
        fields.VolumeIndex = (byte)index;
        fields.VolumesTotal = (byte)volumes;
        fields.VolumeBytes = (ulong)Media.ZoneBytes;
        fields.FilesystemId = MediaUuid.From(new Guid("11111111-2222-3333-4444-555555555555"));
        fields.FilesystemType = VolumeHeaderView.TypeHammer2;
        fields.MirrorTid = 16;
        fields.TotalBytes = (ulong)Media.ZoneBytes * (ulong)volumes;
        header.VolumeStarts.Fill(VolumeHeaderView.VolumeStartUnused);
        for (int volume = 0; volume < volumes; volume++)
            header.VolumeStarts[volume] = (ulong)Media.ZoneBytes * (ulong)volume;
    }

    private static void CheckSet(VolumeSet set, int volumes)
    {
        Property.Holds(set.Volumes.Count == volumes, "all volumes are in the set");
        ulong next = 0;
        foreach (Volume volume in set.Volumes)
        {
            Property.Holds(volume.Start == next && volume.End > volume.Start, "volumes lie end to end");
            next = volume.End;
        }
        Property.Holds(set.TotalBytes == next, "the set ends with its last volume");
        Property.Holds(!set.TryFindVolume(next, 1, out _), "nothing lies past the last volume");
        Property.Holds(set.TryFindVolume(next - 1, 1, out _), "the last byte lies in a volume");
        CheckRoots(set);
        foreach (Volume volume in set.Volumes) CheckCopies(volume.Copies);
    }

    // What the tree does first with a header that was accepted.
    private static void CheckRoots(VolumeSet set)
    {
        CheckRoots(set, set.Header.SuperRootBlockset, BlockrefType.VolumeRoot);
        CheckRoots(set, set.Header.FreemapBlockset, BlockrefType.FreemapRoot);
    }

    private static void CheckRoots(VolumeSet set, ReadOnlySpan<Blockref> table, BlockrefType owner)
    {
        if (MediaValidator.Table(table, owner) is { } fault)
        {
            _ = fault.ToString();
            return;
        }
        byte[] block = new byte[Media.AllocationBytesMax];
        foreach (ref readonly Blockref reference in table)
        {
            int size = reference.IsEmpty ? 0 : reference.Data.SizeBytes;
            Property.Holds(size <= block.Length, "no valid reference is to more than 64 KiB");
            if (set.Read(reference.Data.Bytes, block.AsSpan(0, size)) == Hammer2Error.None)
                _ = CheckCode.Verify(reference, block.AsSpan(0, size));
        }
    }

    private static void CheckCopies(VolumeHeaderCopies copies)
    {
        foreach (VolumeHeaderCopy copy in copies.Copies)
        {
            Property.Holds(copy.Header is null != copy.Fault is null, "a copy is trusted or has a fault");
            bool isNewer = copy.Header is { } header && header.Fields.MirrorTid > copies.Newest.Fields.MirrorTid;
            Property.Holds(!isNewer, "no trusted copy is newer than the newest");
        }
        ulong torn = copies.TornTid;
        Property.Holds(torn == 0 || torn - copies.Newest.Fields.MirrorTid <= 1 << 16,
            "a torn header is but a little newer");
        _ = copies.DescribeFallback();
    }
}
