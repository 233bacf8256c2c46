// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>Counts the blocks of a walk, decodes data, and collects damage.</summary>
internal sealed class VerifyVisitor : IMediaVisitor
{
    private const int RecentDataCount = 4096;
    private const int DamagedVisitsMax = 64;
    private const ulong ProgressStepBytes = 16 << 20;

    private readonly VerifyReport _report;
    private readonly VerifyOptions _options;
    private readonly byte[] _decoded = new byte[Media.FileBlockBytes];

    // Inodes and indirect blocks without damage below them, so that blocks shared by snapshots are read once.
    private readonly BlockSet _soundInodes = new();
    private readonly BlockSet _soundIndirects = new();

    // Damage below a shared block is listed for each PFS that shares it, up to a limit: a small crafted image could
    // otherwise take days to read.
    private readonly Dictionary<ulong, int> _damagedVisits = [];
    private readonly Stack<long> _faultsBefore = new();

    // Recently verified data blocks, so that a deduplicated block is not read for each reference.
    private readonly Recent[] _recentData = new Recent[RecentDataCount];
    private ulong _progressAt = ProgressStepBytes;

    public VerifyVisitor(VerifyReport report, VerifyOptions options)
    {
        _report = report;
        _options = options;
    }

    public List<VerifyFault> Faults { get; } = [];

    /// <summary>Labels of the PFSs found, by key.</summary>
    public Dictionary<ulong, byte[]> Labels { get; } = [];

    public bool Wants(in WalkPosition position, in Blockref reference)
    {
        _options.Cancellation.ThrowIfCancellationRequested();
        if (reference.Type != BlockrefType.Data) return true;
        return _recentData[Slot(reference)] != Recent.Of(reference);
    }

    public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
    {
        Count(reference, block);
        _faultsBefore.Push(_report.FaultsTotal);
        switch (reference.Type)
        {
            case BlockrefType.Data:
                Decode(position, reference, block);
                return false;
            case BlockrefType.Inode when position.IsPfsRoot(reference):
                _report.Pfses++;
                Labels[reference.Key] = new PfsRecord(reference, block).Label;
                _report.Inodes++;
                return true;
            case BlockrefType.Inode:
                if (_soundInodes.Contains(reference.Data.Bytes)) return false;
                _report.Inodes++;
                return MayRevisit(position, reference);
            case BlockrefType.Indirect:
                if (_soundIndirects.Contains(reference.Data.Bytes)) return false;
                _report.Indirects++;
                return MayRevisit(position, reference);
            case BlockrefType.Dirent:
                _report.Entries++;
                return false;
            default:
                _report.FreemapBlocks++;
                return true;
        }
    }

    public void Leave(in WalkPosition position, in Blockref reference)
    {
        if (_faultsBefore.Pop() != _report.FaultsTotal)
        {
            if (reference.Type is not BlockrefType.Inode and not BlockrefType.Indirect) return;
            _damagedVisits[reference.Data.Bytes] = _damagedVisits.GetValueOrDefault(reference.Data.Bytes) + 1;
            return;
        }
        if (reference.Type == BlockrefType.Inode) _ = _soundInodes.Add(reference.Data.Bytes);
        if (reference.Type == BlockrefType.Indirect) _ = _soundIndirects.Add(reference.Data.Bytes);
    }

    public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault)
    {
        _report.FaultsTotal++;
        if (Faults.Count >= _options.FaultsMax) return;
        Faults.Add(new VerifyFault
        {
            Tree = position.Tree,
            Kind = reference.Type,
            PfsKey = position.PfsKey,
            OwnerInum = position.OwnerInum,
            OwnerType = position.OwnerType,
            Key = reference.Key,
            KeyEnd = Math.Max(reference.Key, reference.KeyEnd),
            Address = reference.Data.Bytes,
            SizeBytes = reference.Data.SizeBytes,
            Error = fault.Error,
            Reason = fault.Reason,
            IsPfsRoot = position.IsPfsRoot(reference),
        });
    }

    private bool MayRevisit(in WalkPosition position, in Blockref reference)
    {
        if (_damagedVisits.GetValueOrDefault(reference.Data.Bytes) < DamagedVisitsMax) return true;
        Damaged(position, reference, new WalkFault(
            Hammer2Error.Corrupt, $"the damage below it was listed for {DamagedVisitsMax} other PFSs that share it"));
        return false;
    }

    private static int Slot(in Blockref reference) =>
        (int)((reference.Data.Bytes >> Media.AllocationRadixMin) % RecentDataCount);

    private void Count(in Blockref reference, ReadOnlySpan<byte> block)
    {
        if (block.IsEmpty) return;
        _report.BytesRead += (ulong)block.Length;
        if (!CheckCode.Protects(reference.Methods.Check)) _report.Unprotected++;
        if (_report.BytesRead < _progressAt) return;
        _progressAt = _report.BytesRead + ProgressStepBytes;
        _options.Progress?.Invoke(_report.BytesRead);
    }

    private void Decode(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
    {
        _report.DataBlocks++;
        CompressionMethod method = reference.Methods.Compression;
        if (BlockCodec.Decode(method, block, _decoded, out _) == Hammer2Error.None)
        {
            _recentData[Slot(reference)] = Recent.Of(reference);
            return;
        }
        Damaged(position, reference, new WalkFault(Hammer2Error.Corrupt, $"{method} data cannot be decoded"));
    }

    private readonly record struct Recent(ulong Data, BlockMethods Methods, ulong Code)
    {
        public static Recent Of(in Blockref reference) => new(
            reference.Data.Raw, reference.Methods, BinaryPrimitives.ReadUInt64LittleEndian(reference.CheckRead));
    }
}
