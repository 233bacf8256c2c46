// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>Reads the data of one version of a file: what agrees with its check code and decodes is passed on, the rest
/// is noted.</summary>
internal sealed class ContentWalk : IMediaVisitor
{
    private const int GapsMax = 1000;
    private const int TopDepth = 2;

    private static readonly WalkPosition s_position = new()
    {
        Depth = TopDepth,
        ParentType = BlockrefType.Indirect,
        OwnerInum = Media.PfsRootInum,
        OwnerType = ObjectType.Directory,
    };

    private readonly MediaWalker _walker;
    private readonly bool _isRelaxed;
    private readonly byte[] _decoded = new byte[Media.FileBlockBytes];
    private readonly List<RecoveredGap> _gaps = [];
    private RecoveredPiece? _piece;
    private ulong _size;
    private bool _isEnded;

    public ContentWalk(MediaWalker walker, bool isRelaxed) => (_walker, _isRelaxed) = (walker, isRelaxed);

    /// <summary>What is missing of the file that was read last.</summary>
    public IReadOnlyList<RecoveredGap> Gaps => _gaps;

    /// <summary>Reads a file or the target of a symbolic link.</summary>
    /// <param name="reference">The reference to its inode.</param>
    /// <param name="size">Its size.</param>
    /// <param name="piece">Receives the data; null when it is only compared with check codes.</param>
    /// <returns>False when the receiver ended it.</returns>
    public bool Run(in Blockref reference, ulong size, RecoveredPiece? piece)
    {
        (_piece, _size, _isEnded) = (piece, size, false);
        _gaps.Clear();
        _walker.WalkFrom(this, reference, s_position);
        return !_isEnded;
    }

    bool IMediaVisitor.Wants(in WalkPosition position, in Blockref reference)
    {
        if (position.Depth == TopDepth) return true;
        if (_isEnded || reference.Type is not (BlockrefType.Data or BlockrefType.Indirect) || reference.Key >= _size)
            return false;
        if (_isRelaxed || CheckCode.Protects(reference.Methods.Check)) return true;
        Lose(reference);
        return false;
    }

    bool IMediaVisitor.Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
    {
        if (reference.Type == BlockrefType.Data) Take(reference, block);
        else if (reference.Type == BlockrefType.Inode && InodeBlock.ReadMeta(block).HasDirectData)
            TakeEmbedded(block[InodeBlock.UnionOffset..]);
        return true;
    }

    void IMediaVisitor.Leave(in WalkPosition position, in Blockref reference)
    {
    }

    void IMediaVisitor.Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault)
    {
        if (position.Depth == TopDepth) AddGap(0, _size);
        else Lose(reference);
    }

    private void TakeEmbedded(ReadOnlySpan<byte> embedded)
    {
        int length = (int)Math.Min(_size, (ulong)embedded.Length);
        if (length > 0) Pass(0, embedded[..length]);
        AddGap((ulong)length, _size);
    }

    private void Take(in Blockref reference, ReadOnlySpan<byte> stored)
    {
        if (BlockCodec.Decode(reference.Methods.Compression, stored, _decoded, out int length) != Hammer2Error.None)
        {
            Lose(reference);
            return;
        }
        // What is not stored of a block reads as zeros, as a hole does.
        Pass(reference.Key, _decoded.AsSpan(0, (int)Math.Min((ulong)length, _size - reference.Key)));
    }

    private void Pass(ulong position, ReadOnlySpan<byte> bytes)
    {
        if (_piece is not null && !_isEnded) _isEnded = !_piece(position, bytes);
    }

    private void Lose(in Blockref reference) => AddGap(reference.Key,
        reference.KeyEnd >= _size ? _size : reference.KeyEnd + 1);

    private void AddGap(ulong first, ulong end)
    {
        end = Math.Min(end, _size);
        if (first >= end) return;
        if (_gaps.Count > 0 && (_gaps[^1].End >= first || _gaps.Count >= GapsMax))
            _gaps[^1] = _gaps[^1] with { End = Math.Max(end, _gaps[^1].End) };
        else _gaps.Add(new RecoveredGap(first, end));
    }
}
