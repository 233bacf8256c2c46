// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Scan;

/// <summary>
/// Follows every reference from a header, or from one inode, and verifies the check code of each block, as upstream's
/// fsck_hammer2 does. All other rules are checked by <see cref="Fsck.FilesystemChecker"/>.
/// </summary>
/// <remarks>
/// One scan object may scan several trees, such as those of all header copies: they share most blocks, and the totals
/// of shared subtrees are cached.
/// </remarks>
public sealed class BlockScan
{
    // The super-root, a PFS root and a file, each with the maximum number of levels of indirect blocks.
    private const int DepthMax = 3 * (Media.TreeDepthMax + 1);
    private const ulong ProgressStep = 1000;

    private readonly VolumeSet _volumes;
    private readonly BlockScanOptions _options;
    private readonly byte[]?[] _buffers = new byte[DepthMax + 1][];
    private readonly ulong[] _path = new ulong[DepthMax + 1];
    private readonly Dictionary<Blockref, BlockScanTotals> _remembered = new(BlockrefComparer.Instance);
    private BlockScanReport _report = new();
    private ulong _scanned;

    /// <summary>Creates a scan of one filesystem. Not thread-safe.</summary>
    public BlockScan(VolumeSet volumes, BlockScanOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        _volumes = volumes;
        _options = options ?? new BlockScanOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.CacheThreshold, 1);
    }

    /// <summary>Scans everything reachable from these references. Damage is reported and never throws.</summary>
    /// <exception cref="OperationCanceledException">The caller ended the scan.</exception>
    public BlockScanReport Scan(ReadOnlySpan<Blockref> roots)
    {
        _report = new BlockScanReport();
        var totals = new BlockScanTotals();
        ScanAll(roots, isBelowDamage: false, depth: 0, ref totals);
        _report.Add(totals);
        return _report;
    }

    private void ScanAll(ReadOnlySpan<Blockref> table, bool isBelowDamage, int depth, ref BlockScanTotals totals)
    {
        foreach (ref readonly Blockref reference in table) ScanOne(reference, isBelowDamage, depth, ref totals);
    }

    private void ScanOne(in Blockref reference, bool isBelowDamage, int depth, ref BlockScanTotals totals)
    {
        if (reference.Type == BlockrefType.Empty)
        {
            if (_options.CountsEmpty) totals.Count(reference);
            return;
        }
        if (_remembered.TryGetValue(reference, out BlockScanTotals known))
        {
            totals.Add(known);
            return;
        }
        if (++_scanned % ProgressStep == 0)
        {
            _options.Cancellation.ThrowIfCancellationRequested();
            _options.Progress?.Invoke(_scanned);
        }
        var own = new BlockScanTotals();
        own.Count(reference);
        if (Load(reference, depth, out ReadOnlySpan<byte> block) && !(isBelowDamage && !_options.FollowsDamage))
        {
            _path[depth] = reference.Data.Bytes;
            bool isDamaged = !CheckCode.Verify(reference, block);
            ScanAll(TableIn(reference, block), isDamaged, depth + 1, ref own);
        }
        if (own.References >= (ulong)_options.CacheThreshold) _remembered[reference] = own;
        totals.Add(own);
    }

    /// <summary>Reads and verifies a block. False when it has no references that can be followed.</summary>
    private bool Load(in Blockref reference, int depth, out ReadOnlySpan<byte> block)
    {
        block = default;
        if (reference.Type is BlockrefType.Invalid || reference.Type > BlockrefType.Invalid)
            return Fault(reference, $"invalid type {(byte)reference.Type}");
        int sizeBytes = reference.Data.SizeBytes;
        if (sizeBytes == 0) return reference.Type == BlockrefType.Dirent || Fault(reference, "no block");
        if (sizeBytes > Media.AllocationBytesMax) return Fault(reference, "more than 64 KiB");
        if (reference.Type == BlockrefType.Inode && sizeBytes != Media.InodeBytes)
            return Fault(reference, $"an inode of {sizeBytes} bytes");
        if (depth >= DepthMax) return Fault(reference, $"nested more than {DepthMax} deep");
        if (IsTable(reference.Type) && _path.AsSpan(0, depth).Contains(reference.Data.Bytes))
            return Fault(reference, "refers back to a block above it");

        byte[] buffer = _buffers[depth] ??= new byte[Media.AllocationBytesMax];
        Span<byte> stored = buffer.AsSpan(0, sizeBytes);
        Hammer2Error error = _volumes.Read(reference.Data.Bytes, stored);
        if (error == Hammer2Error.Corrupt) return Fault(reference, "outside all volumes");
        if (error != Hammer2Error.None) return Fault(reference, "cannot be read from the device");
        if (!CheckCode.Verify(reference, stored)) _ = Fault(reference, "Bad " + NameOf(reference.Methods.Check));
        block = stored;
        return true;
    }

    private bool Fault(in Blockref reference, string reason)
    {
        _report.Add(reference, reason, _options.FaultsMax);
        return false;
    }

    // Upstream's messages, which scripts search for.
    private static string NameOf(CheckMethod method) => method switch
    {
        CheckMethod.Iscsi32 => "HAMMER2_CHECK_ISCSI32",
        CheckMethod.XxHash64 => "HAMMER2_CHECK_XXHASH64",
        CheckMethod.Sha192 => "HAMMER2_CHECK_SHA192",
        CheckMethod.Freemap => "HAMMER2_CHECK_FREEMAP",
        _ => $"check method {(byte)method}",
    };

    private static bool IsTable(BlockrefType type) =>
        type is BlockrefType.Indirect or BlockrefType.FreemapNode or BlockrefType.Inode;

    private static ReadOnlySpan<Blockref> TableIn(in Blockref reference, ReadOnlySpan<byte> block) =>
        reference.Type switch
        {
            BlockrefType.Indirect or BlockrefType.FreemapNode => MemoryMarshal.Cast<byte, Blockref>(block),
            BlockrefType.Inode when !InodeBlock.ReadMeta(block).HasDirectData =>
                MemoryMarshal.Cast<byte, Blockref>(block[InodeBlock.UnionOffset..]),
            _ => default,
        };
}
