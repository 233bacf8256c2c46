// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>Checks the copies of the volume headers, and the fields of the one in use.</summary>
internal sealed class HeaderCheck
{
    private readonly FsckContext _context;

    public HeaderCheck(FsckContext context) => _context = context;

    public void Run()
    {
        foreach (Volume volume in _context.Volumes.Volumes)
            foreach (VolumeHeaderCopy copy in volume.Copies.Copies)
                if (copy.Header is null) CheckCopy(volume, copy);
        ref readonly VolumeHeaderSector header = ref _context.Header;
        if (header.FreemapTid > header.MirrorTid)
            Wrong("freemap_tid", header.FreemapTid, "is above mirror_tid", header.MirrorTid);
        if (header.AllocatorBegin < header.AuxEnd)
            Wrong("allocator_beg", header.AllocatorBegin, "is below the end of the aux area", header.AuxEnd);
        if (header.AllocatorBegin > _context.Volumes.Volumes[0].LengthBytes)
            Wrong("allocator_beg", header.AllocatorBegin, "is past the end of the root volume",
                _context.Volumes.Volumes[0].LengthBytes);
        if (header.BootBegin > header.BootEnd)
            Wrong("boot_beg", header.BootBegin, "is above boot_end", header.BootEnd);
        if (header.AuxBegin > header.AuxEnd || header.AuxBegin < header.BootEnd)
            Wrong("aux_beg", header.AuxBegin, "is outside boot_end and aux_end", header.AuxEnd);
        if (header.AllocatorBytes > _context.Volumes.TotalBytes)
            Wrong("allocator_size", header.AllocatorBytes, "is above the size of all volumes", _context.Volumes.TotalBytes);
        CheckSizes(header);
    }

    private void CheckSizes(in VolumeHeaderSector header)
    {
        foreach (Volume volume in _context.Volumes.Volumes)
        {
            ulong device = (ulong)volume.Device.LengthBytes;
            if (device >= volume.LengthBytes) continue;
            _context.Add(FsckSeverity.Error, FsckCode.HeaderField,
                $"volume {volume.Index} has {volume.LengthBytes} bytes, its device only {device}", volume.Start);
        }
        if (header.Version != 1 || header.TotalBytes == 0) return;
        _context.Add(FsckSeverity.Warning, FsckCode.HeaderField,
            $"total_size is 0x{header.TotalBytes:x} in a version 1 header, where it must be 0");
    }

    private void CheckCopy(Volume volume, VolumeHeaderCopy copy)
    {
        byte[] block = new byte[Media.VolumeHeaderBytes];
        bool isBlank = volume.Device.Read(copy.Offset, block) == Hammer2Error.None && BlockCodec.IsAllZero(block);
        ulong address = volume.Start + (ulong)copy.Offset;
        if (!isBlank) _context.Plan.HasBadHeaderCopy = true;
        // When the spare is in use, the torn copy is the only one, and upstream finds no header.
        bool isOlder = !volume.Header.IsSpare && IsTornOlder(copy, volume.Header.Fields);
        string fault = isOlder ? $"{copy.Fault}; a power failure leaves an older copy like that" : copy.Fault!;
        _context.Add(
            isBlank || isOlder ? FsckSeverity.Note : FsckSeverity.Warning, FsckCode.HeaderCopy,
                $"copy {copy.CopyIndex} of the header of volume {volume.Index}: {fault}", address, (ulong)copy.CopyIndex);
    }

    // A header is written over the oldest copy. When power fails meanwhile, that copy may have its old first sector and
    // newer sectors after it; the commit that it was written for was never acknowledged.
    private static bool IsTornOlder(VolumeHeaderCopy copy, in VolumeHeaderSector newest) =>
        copy.TornSector is { } torn && torn.FilesystemId == newest.FilesystemId && torn.MirrorTid < newest.MirrorTid;

    private void Wrong(string field, ulong found, string reason, ulong limit) =>
        _context.Add(FsckSeverity.Error, FsckCode.HeaderField, $"{field} 0x{found:x} {reason} 0x{limit:x}");
}
