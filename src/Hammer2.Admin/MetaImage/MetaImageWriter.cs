// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.MetaImage;

/// <summary>
/// Copies all metadata of a filesystem to the same addresses of empty devices: headers, freemap, inodes, references, names.
/// File data is left out: its blocks are zeros, and the check codes in the references to it are those of zeros. All above
/// gets new check codes, up to the headers.
/// </summary>
/// <remarks>A block that several references lead to, as with snapshots, is copied once. Memory: a bit for each KiB of the
/// segments with metadata.</remarks>
public sealed class MetaImageWriter
{
    // The super-root, a PFS root and a file, each with the maximum number of levels of indirect blocks.
    private const int DepthMax = 3 * (Media.TreeDepthMax + 1);
    private const int ProgressBlocks = 1024;

    private readonly VolumeSet _from;
    private readonly IReadOnlyList<IBlockDevice> _to;
    private readonly MetaImageOptions _options;
    private readonly MetaImageReport _report = new();
    private readonly BlockSet _done = new();
    private readonly NameScrambler? _names;
    private readonly byte[]?[] _buffers = new byte[DepthMax + 1][];
    private readonly Dictionary<(int SizeBytes, CheckMethod Method), Blockref> _zeros = [];

    private MetaImageWriter(VolumeSet from, IReadOnlyList<IBlockDevice> to, MetaImageOptions options)
    {
        (_from, _to, _options) = (from, to, options);
        _names = options.ScramblesNames ? new NameScrambler(options.Seed) : null;
    }

    /// <summary>Copies.</summary>
    /// <param name="from">All volumes, which should not be written meanwhile.</param>
    /// <param name="to">A device for each volume, in their order, as long as it, and all zeros.</param>
    /// <param name="options">What the image contains.</param>
    /// <exception cref="DeviceWriteException">A device of the image cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The caller ended the copy.</exception>
    public static MetaImageReport Write(VolumeSet from, IReadOnlyList<IBlockDevice> to, MetaImageOptions options)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNotEqual(to.Count, from.Volumes.Count);
        return new MetaImageWriter(from, to, options).Run();
    }

    private MetaImageReport Run()
    {
        CopyReserved();
        foreach (Volume volume in _from.Volumes)
        {
            var headers = new List<VolumeHeader>();
            foreach (VolumeHeaderCopy copy in volume.Copies.Copies)
                if (copy is { Header: { } header, IsOtherFilesystem: false }) headers.Add(header);
            // The newest comes first: what an older one says of an address that was used again does not count.
            headers.Sort(static (left, right) => right.Fields.MirrorTid.CompareTo(left.Fields.MirrorTid));
            foreach (VolumeHeader header in headers) WriteHeader(volume, header);
        }
        foreach (IBlockDevice device in _to) Check(device.Flush(), device);
        return _report;
    }

    /// <summary>The first 4 MiB of each GiB: the freemap, and places of this driver's own. Headers follow later.</summary>
    private void CopyReserved()
    {
        byte[] piece = new byte[Media.BufferBytes];
        for (ulong zone = 0; zone < _from.TotalBytes; zone += (ulong)Media.ZoneBytes)
        {
            _options.Cancellation.ThrowIfCancellationRequested();
            // The first 64 KiB are a header, or nothing.
            for (ulong at = zone + Media.BufferBytes; at < zone + Media.ZoneReservedBytes; at += Media.BufferBytes)
            {
                if (at + Media.BufferBytes > _from.TotalBytes) return;
                if (_from.Read(at, piece) != Hammer2Error.None)
                {
                    _report.AddUnread(at, "the device cannot read it");
                    continue;
                }
                if (BlockCodec.IsAllZero(piece)) continue;
                _report.ReservedBytes += (ulong)piece.Length;
                Write(at, piece);
            }
        }
    }

    private void WriteHeader(Volume volume, VolumeHeader header)
    {
        byte[] bytes = header.ToArray();
        var view = new VolumeHeaderView(bytes);
        if (volume.Index == 0)
        {
            foreach (ref Blockref reference in view.SuperRootBlockset)
                if (reference.Type == BlockrefType.Inode) Copy(ref reference, BlockrefType.VolumeRoot, isTrusted: true, 0);
            VolumeHeaderCandidate.StoreCrcs(view);
        }
        long offset = header.IsSpare ? Media.SpareHeaderOffset : header.CopyIndex * Media.HeaderZoneBytes;
        IBlockDevice device = _to[volume.Index];
        Check(device.Write(offset, bytes), device);
        _report.Headers++;
    }

    /// <summary>Copies what a reference leads to, and gives the reference the check code of the copy. A damaged block
    /// keeps its code, so that it is as damaged in the image; of what it refers to only intact blocks are copied.</summary>
    private void Copy(ref Blockref reference, BlockrefType owner, bool isTrusted, int depth)
    {
        if (reference.Type == BlockrefType.Data)
        {
            // Also where other fields are damaged: no code of contents is left.
            _report.DataReferences++;
            StoreCodeOfZeros(ref reference);
            return;
        }
        if (MediaValidator.Reference(reference, owner) is not null || depth > DepthMax) return;
        if (reference.Type == BlockrefType.Dirent && reference.Data.SizeBytes == 0)
        {
            ScrambleInline(ref reference);
            return;
        }
        Span<byte> block = (_buffers[depth] ??= new byte[Media.AllocationBytesMax]).AsSpan(0, reference.Data.SizeBytes);
        if (!isTrusted && !CheckCode.Protects(reference.Methods.Check)) return;
        if (_from.Read(reference.Data.Bytes, block) != Hammer2Error.None)
        {
            _report.AddUnread(reference.Data.Bytes, "the device cannot read it");
            return;
        }
        bool isIntact = CheckCode.Verify(reference, block);
        if (!isIntact && !isTrusted) return;
        if (!isIntact) _report.AddUnread(reference.Data.Bytes, $"check code {reference.Methods.Check} does not match");
        if (!_done.Add(reference.Data.Bytes))
        {
            if (isIntact) StoreCodeOfCopy(ref reference, block);
            return;
        }
        Change(reference, block, isIntact, depth);
        Write(reference.Data.Bytes, block);
        if (isIntact) CheckCode.Store(ref reference, block);
        Count(reference.Type);
    }

    private void Change(in Blockref reference, Span<byte> block, bool isIntact, int depth)
    {
        switch (reference.Type)
        {
            case BlockrefType.Dirent:
                int length = Math.Clamp((int)reference.Dirent.NameBytes, 0, Math.Min(block.Length, Media.NameBytesMax));
                if (_names?.Scramble(block[..length]) == true) _report.ScrambledNames++;
                return;
            case BlockrefType.Inode:
                DropAttributes(reference, block);
                if (!InodeBlock.ReadMeta(block).HasDirectData)
                {
                    block = block[InodeBlock.UnionOffset..];
                    break;
                }
                if (InodeBlock.ReadMeta(block).Size > 0) _report.EmbeddedContents++;
                block[InodeBlock.UnionOffset..].Clear();
                return;
        }
        foreach (ref Blockref below in MemoryMarshal.Cast<byte, Blockref>(block))
            if (!below.IsEmpty) Copy(ref below, reference.Type, isIntact, depth + 1);
    }

    // Their names and values are what people wrote. A PFS root has other things there.
    private void DropAttributes(in Blockref reference, Span<byte> block)
    {
        if (_names is null || reference.Key is <= Media.PfsRootInum or >= Media.EntryKeyBit) return;
        Span<byte> afterName = new InodeBlock(block).AfterName;
        if (AttributeRecord.IsPresent(afterName)) _report.DroppedAttributes++;
        afterName.Clear();
    }

    private void ScrambleInline(ref Blockref reference)
    {
        int length = reference.Dirent.NameBytes;
        if (length is 0 or > Media.EntryNameInlineBytesMax) return;
        if (_names?.Scramble(reference.Check[..length]) == true) _report.ScrambledNames++;
    }

    // The block was copied before by another reference; there its check codes may have changed.
    private void StoreCodeOfCopy(ref Blockref reference, Span<byte> block)
    {
        if (!_from.TryFindVolume(reference.Data.Bytes, block.Length, out Volume? volume)) return;
        IBlockDevice device = _to[volume.Index];
        Check(device.Read((long)(reference.Data.Bytes - volume.Start), block), device);
        CheckCode.Store(ref reference, block);
    }

    private void StoreCodeOfZeros(ref Blockref reference)
    {
        int size = reference.Data.SizeBytes;
        if (!CheckCode.Protects(reference.Methods.Check)
            || size is < Media.AllocationBytesMin or > Media.AllocationBytesMax)
        {
            return;
        }
        if (!_zeros.TryGetValue((size, reference.Methods.Check), out Blockref known))
        {
            known = new Blockref { Methods = reference.Methods };
            CheckCode.Store(ref known, new byte[size]);
            _zeros.Add((size, reference.Methods.Check), known);
        }
        known.CheckRead.CopyTo(reference.Check);
    }

    private void Count(BlockrefType type)
    {
        if (type == BlockrefType.Inode) _report.Inodes++;
        else if (type == BlockrefType.Indirect) _report.Indirects++;
        else _report.NameBlocks++;
        if (_report.Blocks % ProgressBlocks != 0) return;
        _options.Cancellation.ThrowIfCancellationRequested();
        _options.Progress?.Invoke(_report.Blocks);
    }

    private void Write(ulong address, ReadOnlySpan<byte> bytes)
    {
        if (BlockCodec.IsAllZero(bytes) || !_from.TryFindVolume(address, bytes.Length, out Volume? volume)) return;
        IBlockDevice device = _to[volume.Index];
        Check(device.Write((long)(address - volume.Start), bytes), device);
    }

    private static void Check(Hammer2Error error, IBlockDevice device)
    {
        if (error != Hammer2Error.None) throw new DeviceWriteException(device.Name, $"cannot be written: {error}");
    }
}
