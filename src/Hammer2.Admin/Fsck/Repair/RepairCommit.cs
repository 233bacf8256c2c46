// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck.Repair;

/// <summary>The last steps of a repair: flush all volumes, write the header, flush again.</summary>
internal sealed class RepairCommit
{
    private readonly VolumeSet _volumes;
    private readonly ulong _mirrorTid;

    public RepairCommit(VolumeSet volumes, ulong mirrorTid)
    {
        _volumes = volumes;
        _mirrorTid = mirrorTid;
    }

    /// <summary>Writes the freemap, and the header that refers to the changed tree.</summary>
    public Hammer2Error Write(RepairNode top, RepairFreemap freemap, ulong freeBytes)
    {
        byte[] bytes = _volumes.Header.ToArray();
        var header = new VolumeHeaderView(bytes);
        foreach (ref Blockref root in header.SuperRootBlockset)
        {
            if (root.IsEmpty) continue;
            root = top.Reference;
            // Also when the tree is unchanged: a torn mixture of two headers is detected by it.
            root.MirrorTid = _mirrorTid;
        }
        Hammer2Error error = freemap.Write(_mirrorTid, header.FreemapBlockset);
        header.Fields.MirrorTid = _mirrorTid;
        header.Fields.FreemapTid = _mirrorTid;
        header.Fields.AllocatorFree = freeBytes;
        VolumeHeader next = VolumeHeaderCandidate.Seal(bytes, _volumes.Header.NextCopyIndex);
        if (error == Hammer2Error.None) error = WriteRecord(next);
        if (error == Hammer2Error.None) error = _volumes.Flush();
        if (error != Hammer2Error.None) return error;
        error = _volumes.Volumes[0].Device.Write(next.CopyIndex * Media.HeaderZoneBytes, next.Bytes);
        return error == Hammer2Error.None ? _volumes.Flush() : error;
    }

    // Identifies the commit to the other nodes of the cluster if the header is torn.
    private Hammer2Error WriteRecord(VolumeHeader next)
    {
        bool isNode = false;
        foreach (PfsRecord root in PfsCatalog.Read(_volumes).Records) isNode |= root.Meta.PfsMasters > 1;
        if (!isNode) return Hammer2Error.None;
        Hammer2Error error = NewBlockVerifier.Verify(
            _volumes, next.SuperRootBlockset, next.FreemapBlockset, _volumes.Header.Fields.MirrorTid,
            out UnprotectedDigest digest);
        return error == Hammer2Error.None
            ? PreparedCommitRecord.Write(_volumes, _volumes.Header, next, default, digest)
            : error;
    }

    /// <summary>Overwrites damaged header copies with the header in use.</summary>
    public static Hammer2Error RewriteCopies(VolumeSet volumes, List<string> done)
    {
        foreach (Volume volume in volumes.Volumes)
        {
            byte[] bytes = volume.Header.ToArray();
            foreach (VolumeHeaderCopy copy in volume.Copies.Copies)
            {
                if (copy.Header is not null || !HasRoom(volume, copy.CopyIndex)) continue;
                if (copy.Fault is null || IsBlank(volume, copy)) continue;
                Hammer2Error error = volume.Device.Write(copy.Offset, bytes);
                if (error == Hammer2Error.None) error = volume.Device.Flush();
                if (error != Hammer2Error.None) return error;
                done.Add($"wrote copy {copy.CopyIndex} of the header of volume {volume.Index} again");
            }
        }
        return Hammer2Error.None;
    }

    private static bool IsBlank(Volume volume, VolumeHeaderCopy copy)
    {
        byte[] block = new byte[Media.VolumeHeaderBytes];
        return volume.Device.Read(copy.Offset, block) == Hammer2Error.None && BlockCodec.IsAllZero(block);
    }

    private static bool HasRoom(Volume volume, int copyIndex) => copyIndex == 0
        || (ulong)(copyIndex * Media.HeaderZoneBytes) + Media.SegmentBytes <= volume.LengthBytes;
}
