// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Snapshots.Usage;

/// <summary>
/// Finds what each PFS of a filesystem holds alone: what deleting it would free, after bulkfree. A subtree that several
/// share is followed twice, however many they are.
/// </summary>
/// <remarks>
/// Exact, as long as everything can be read. Memory: two bytes for each KiB of metadata, and of file data up to a
/// bound; beyond that the trees are walked over again for the next range of addresses.
/// </remarks>
public sealed class FilesystemUsage
{
    /// <summary>Address range of file data that is counted in one walk: 64 MiB of memory.</summary>
    public const ulong WindowBytesUsual = 32UL << 30;

    private readonly MediaDevice _device;
    private readonly ulong _windowBytes;
    private ulong[] _data = [];
    private ulong[] _metadata = [];
    private Hammer2Error[] _errors = [];
    private OwnerMap _owners = new();
    private OwnerMap _dataOwners = new();
    private ulong _windowFirst;
    private ulong _highest;

    private FilesystemUsage(MediaDevice device, ulong windowBytes) => (_device, _windowBytes) = (device, windowBytes);

    /// <summary>What several PFSs hold together, in bytes.</summary>
    public ulong SharedBytes { get; private set; }

    /// <summary>The PFSs, in the order of their keys.</summary>
    public IReadOnlyList<PfsUsage> Pfses { get; private set; } = [];

    /// <summary>Walks over a filesystem.</summary>
    /// <param name="filesystem">The filesystem, with fewer than 65535 PFSs.</param>
    /// <param name="windowBytes">Address range of file data for each walk.</param>
    public static FilesystemUsage Read(SnapshotFilesystem filesystem, ulong windowBytes = WindowBytesUsual)
    {
        ArgumentNullException.ThrowIfNull(filesystem);
        var usage = new FilesystemUsage(filesystem.Device, windowBytes);
        usage.Run(filesystem);
        return usage;
    }

    private void Run(SnapshotFilesystem filesystem)
    {
        int total = Math.Min(filesystem.Entries.Count, OwnerMap.Shared - 1);
        _data = new ulong[total];
        _metadata = new ulong[total];
        _errors = new Hammer2Error[total];
        do
        {
            _owners = new OwnerMap();
            _dataOwners = new OwnerMap();
            for (int i = 0; i < total; i++)
            {
                Chain root = filesystem.Entries[i].Root;
                Count(root.Reference, i, _owners.Add(root.Reference.Data.Bytes, Owner(i)), isData: false);
                _errors[i] |= Visit(root.Table, i, depth: 0);
            }
            _windowFirst += _windowBytes;
        }
        while (_windowFirst <= _highest);
        var found = new List<PfsUsage>();
        for (int i = 0; i < total; i++)
        {
            Chain root = filesystem.Entries[i].Root;
            found.Add(new PfsUsage(root.InodeName.ToArray(), root.Meta.PfsSubtype, _data[i], _metadata[i],
                root.Reference.Subtree.DataCount + Media.InodeBytes, _errors[i]));
        }
        Pfses = found;
    }

    private static ushort Owner(int index) => (ushort)(index + 1);

    private Hammer2Error Visit(ReadOnlySpan<Blockref> table, int index, int depth)
    {
        Hammer2Error errors = Hammer2Error.None;
        foreach (ref readonly Blockref reference in table)
        {
            if (reference.IsEmpty || reference.Data.SizeBytes == 0) continue;
            bool isData = reference.Type == BlockrefType.Data;
            if (isData) _highest = Math.Max(_highest, reference.Data.Bytes);
            // Unsigned: below the window as well as above it.
            if (isData && reference.Data.Bytes - _windowFirst >= _windowBytes) continue;
            ushort before = (isData ? _dataOwners : _owners).Add(reference.Data.Bytes, Owner(index));
            Count(reference, index, before, isData);
            if (reference.Type is not (BlockrefType.Inode or BlockrefType.Indirect)) continue;
            // All below is entered for this PFS already, or as shared.
            if (before == Owner(index) || before == OwnerMap.Shared) continue;
            errors |= Descend(reference, index, depth);
        }
        return errors;
    }

    private Hammer2Error Descend(in Blockref reference, int index, int depth)
    {
        if (depth >= 2 * (Media.TreeDepthMax + 1))
            return _device.ReportMisplaced(reference, "blocks are nested too deep");
        Hammer2Error error = _device.LoadOnce(reference, out Chain? chain);
        return error == Hammer2Error.None ? Visit(chain!.Table, index, depth + 1) : error;
    }

    private void Count(in Blockref reference, int index, ushort before, bool isData)
    {
        // Metadata is counted in the first walk alone.
        if (before == Owner(index) || before == OwnerMap.Shared || (!isData && _windowFirst != 0)) return;
        ulong[] sums = isData ? _data : _metadata;
        ulong bytes = (uint)reference.Data.SizeBytes;
        if (before == 0)
        {
            sums[index] += bytes;
            return;
        }
        sums[before - 1] -= bytes;
        SharedBytes += bytes;
    }
}
