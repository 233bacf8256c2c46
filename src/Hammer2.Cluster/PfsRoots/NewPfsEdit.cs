// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Creates an empty PFS.</summary>
/// <remarks>Upstream: hammer2_ioctl_pfs_create.</remarks>
internal sealed class NewPfsEdit : PfsRootEdit
{
    private const uint Mode = 0x1ED;            // 0755
    private const ulong FirstInum = 16;         // as for a new filesystem

    private readonly byte[] _label;
    private readonly PfsIds _ids;
    private readonly PfsType _type;
    private readonly int _masters;
    private readonly ulong _time;

    /// <param name="label">Its label, 1 to 255 bytes, which no PFS of any node has.</param>
    /// <param name="type">Its type.</param>
    /// <param name="ids">Its ids.</param>
    /// <param name="masters">Number of masters of its cluster; 0 when it is not one.</param>
    /// <param name="time">Microseconds since 1970 UTC.</param>
    public NewPfsEdit(byte[] label, PfsType type, PfsIds ids, int masters, ulong time)
    {
        _label = label;
        _type = type;
        _ids = ids;
        _masters = masters;
        _time = time;
    }

    /// <inheritdoc/>
    public override Hammer2Error Apply(in PfsRootTurn turn)
    {
        Hammer2Error error = turn.FindFreeKey(_label, out ulong key);
        if (error != Hammer2Error.None) return error;
        var meta = new InodeMeta
        {
            Version = InodeMeta.CurrentVersion,
            Type = ObjectType.Directory,
            OperationFlags = OperationFlags.PfsRoot,
            Mode = Mode,
            LinkCount = 1,
            Inum = Media.PfsRootInum,
            ParentInum = Media.PfsRootInum,
            NameKey = key,
            ChangeTime = _time,
            ModifyTime = _time,
            AccessTime = _time,
            BirthTime = _time,
            CompressionPolicy = (byte)CompressionMethod.Lz4,
            CheckPolicy = (byte)CheckMethod.XxHash64,
            PfsRole = (byte)_type,
            PfsMasters = (byte)_masters,
            PfsInum = FirstInum,
            PfsClusterId = _ids.ClusterId,
            PfsNodeId = _ids.NodeIdOf(turn.Slot),
        };
        var reference = new Blockref
        {
            Type = BlockrefType.Inode,
            Methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None),
            Key = key,
        };
        return turn.Put(meta, (ReadOnlySpan<byte>)_label, default, ref reference, isStamped: false);
    }
}
