// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Admin.Newfs;

/// <summary>
/// The initial blocks of a filesystem: the inodes of the super-root and of its PFSs, and the volume headers. A pure
/// function of the plan.
/// </summary>
/// <remarks>
/// The freemap is initially empty, without any block: a missing leaf means that nothing is allocated in its GiB, and
/// the initial blocks are below the allocator's first address. Upstream: <c>format_hammer2_inode</c>,
/// <c>format_hammer2</c>.
/// </remarks>
internal static class InitialBlocks
{
    private const ulong FirstTid = 16;         // the initial mirror_tid of upstream
    private const byte PeerIsVolume = 3;       // DMSG_PEER_HAMMER2
    private const ulong FirstPfsInum = 16;
    private const byte CopyIdLocal = 0xFF;     // HAMMER2_COPYID_LOCAL
    private const uint SuperRootMode = 0x1C0;  // 0700
    private const uint PfsRootMode = 0x1ED;    // 0755
    private const ulong SuperRootLinks = 2;

    private static readonly byte[] SuperRootName = "SUPROOT"u8.ToArray();

    /// <summary>
    /// Fills the 64 KiB at <see cref="VolumePlan.InodesBegin"/> and returns the reference to the super-root.
    /// </summary>
    internal static Blockref WriteInodes(NewFilesystem wanted, VolumePlan plan, Span<byte> block)
    {
        block.Clear();
        var roots = new List<Blockref>();
        for (int index = 0; index < wanted.Pfses.Count; index++)
        {
            int at = (1 + index) * Media.InodeBytes;
            roots.Add(WritePfsRoot(wanted, wanted.Pfses[index], roots, plan.InodesBegin + (ulong)at,
                block.Slice(at, Media.InodeBytes)));
        }
        roots.Sort(static (left, right) => left.Key.CompareTo(right.Key));

        var inode = new InodeBlock(block[..Media.InodeBytes]);
        ref InodeMeta meta = ref inode.Meta;
        meta = Directory(wanted.Time, SuperRootMode, SuperRootLinks);
        meta.Inum = Media.SuperRootInum;
        meta.CompressionPolicy = (byte)CompressionMethod.AutoZero;
        meta.CheckPolicy = (byte)CheckMethod.XxHash64;
        meta.PfsRole = (byte)PfsType.SuperRoot;
        meta.PfsClusterId = wanted.SuperClusterId;
        meta.PfsNodeId = wanted.SuperNodeId;
        SetName(inode, SuperRootName);
        roots.CopyTo(inode.Blockset);
        Blockref reference = Reference(plan.InodesBegin, CompressionMethod.AutoZero);
        CheckCode.Store(ref reference, block[..Media.InodeBytes]);
        return reference;
    }

    /// <summary>Fills the 64 KiB of the header of one volume, including its CRCs.</summary>
    internal static void WriteHeader(
        NewFilesystem wanted, VolumePlan plan, int volume, in Blockref superRoot, Span<byte> block)
    {
        block.Clear();
        var header = new VolumeHeaderView(block);
        ref VolumeHeaderSector fields = ref header.Fields;
        fields.Magic = VolumeHeaderView.MagicValue;
        fields.VolumeBytes = plan.Volumes[volume].LengthBytes;
        fields.Version = (uint)wanted.Version;
        fields.PeerType = PeerIsVolume;
        fields.FilesystemId = wanted.FilesystemId;
        fields.FilesystemType = VolumeHeaderView.TypeHammer2;
        fields.AllocatorBytes = plan.AllocatorBytes;
        fields.MirrorTid = FirstTid;
        fields.FreemapTid = FirstTid;
        if (wanted.Version > 1)
        {
            fields.VolumeIndex = (byte)volume;
            fields.VolumesTotal = (byte)plan.Volumes.Count;
            fields.TotalBytes = plan.TotalBytes;
            header.VolumeStarts.Fill(VolumeHeaderView.VolumeStartUnused);
            for (int index = 0; index < plan.Volumes.Count; index++)
                header.VolumeStarts[index] = plan.Volumes[index].Start;
        }
        if (volume == 0) WriteRootFields(plan, superRoot, header);
        else foreach (ref Blockref filler in header.SuperRootBlockset) filler.Type = BlockrefType.Invalid;
        VolumeHeaderCandidate.StoreCrcs(header);
    }

    private static void WriteRootFields(VolumePlan plan, in Blockref superRoot, VolumeHeaderView header)
    {
        ref VolumeHeaderSector fields = ref header.Fields;
        fields.BootBegin = Media.ZoneReservedBytes;
        fields.BootEnd = fields.AuxBegin = fields.BootBegin + plan.BootBytes;
        fields.AuxEnd = fields.AuxBegin + plan.AuxBytes;
        fields.AllocatorFree = plan.AllocatorBytes;
        fields.AllocatorBegin = plan.AllocatorBegin;
        header.SuperRootBlockset[0] = superRoot;
    }

    private static Blockref WritePfsRoot(
        NewFilesystem wanted, NewPfs pfs, List<Blockref> others, ulong address, Span<byte> block)
    {
        byte[] label = ByteText.Encode(pfs.Label);
        ulong key = FreeKey(DirectoryHash.Compute(label), others);
        var inode = new InodeBlock(block);
        ref InodeMeta meta = ref inode.Meta;
        meta = Directory(wanted.Time, PfsRootMode, linkCount: 1);
        meta.OperationFlags = OperationFlags.PfsRoot;
        meta.UserId = MediaUuid.FromUnixId(wanted.OwnerId);
        meta.GroupId = MediaUuid.FromUnixId(wanted.GroupId);
        meta.Inum = Media.PfsRootInum;
        meta.NameKey = key;
        meta.CompressionPolicy = pfs.CompressionPolicy;
        meta.CheckPolicy = (byte)pfs.CheckUsed;
        meta.PfsRole = pfs.IsReturning ? InodeMeta.ReturningMasterRole : (byte)PfsType.Master;
        meta.PfsMasters = (byte)pfs.Masters;
        meta.PfsInum = FirstPfsInum;
        meta.PfsClusterId = pfs.ClusterId;
        meta.PfsNodeId = pfs.NodeId;
        SetName(inode, label);
        Blockref reference = Reference(address, CompressionMethod.None);
        reference.Key = key;
        reference.Flags = BlockrefFlags.PfsRoot;
        CheckCode.Store(ref reference, block);
        return reference;
    }

    // Two labels may have the same hash; a name may have any key of the range of its hash.
    private static ulong FreeKey(ulong hash, List<Blockref> others)
    {
        ulong key = hash;
        while (others.Exists(other => other.Key == key)) key++;
        return key;
    }

    private static InodeMeta Directory(ulong time, uint mode, ulong linkCount) => new()
    {
        Version = InodeMeta.CurrentVersion,
        Type = ObjectType.Directory,
        Mode = mode,
        LinkCount = linkCount,
        ChangeTime = time,
        ModifyTime = time,
        AccessTime = time,
        BirthTime = time,
    };

    private static Blockref Reference(ulong address, CompressionMethod compression) => new()
    {
        Type = BlockrefType.Inode,
        Methods = new BlockMethods(CheckMethod.XxHash64, compression),
        CopyId = CopyIdLocal,
        VirtualRadix = Media.InodeRadix,
        MirrorTid = FirstTid,
        Data = new DataOffset(address, Media.InodeRadix),
    };

    private static void SetName(InodeBlock inode, ReadOnlySpan<byte> name)
    {
        inode.Meta.NameBytes = (ushort)name.Length;
        name.CopyTo(inode.NameArea);
    }
}
