// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Snapshots;

/// <summary>A filesystem opened for reading its PFSs as of its last commit, beside a mount or without one.</summary>
/// <remarks>Nothing keeps a mount from deleting what is read here and using its space anew. Check codes find that; of
/// snapshots that are not deleted meanwhile it cannot happen. Not thread-safe.</remarks>
public sealed class SnapshotFilesystem : IDisposable
{
    /// <summary>Bytes of metadata to keep in memory.</summary>
    public const long CacheBytesUsual = 64L << 20;

    private readonly MediaDevice _device;
    private readonly List<PfsEntry> _entries = [];

    /// <summary>Opens a filesystem and lists its PFSs.</summary>
    /// <param name="volumes">Its volumes; closed with this.</param>
    /// <param name="loggers">Receive messages about damage.</param>
    /// <param name="cacheBytes">Bytes of metadata to keep in memory.</param>
    public SnapshotFilesystem(VolumeSet volumes, ILoggerFactory loggers, long cacheBytes = CacheBytesUsual)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        _device = new MediaDevice(volumes, new MediaCaches(cacheBytes), loggers.CreateLogger<MediaDevice>());
        ListError = PfsEntry.List(_device, _entries);
    }

    /// <summary>None, or why some PFSs are not in the list.</summary>
    public Hammer2Error ListError { get; }

    /// <summary>The id of the filesystem.</summary>
    public MediaUuid FilesystemId => _device.Header.Fields.FilesystemId;

    /// <summary>The last damage that was found, with its location; null when there was none.</summary>
    public string? LastFault => _device.Faults.LastFault;

    /// <summary>The label of the PFS that is meant where none is named; null when there is no such PFS, or some cannot
    /// be listed.</summary>
    public byte[]? DefaultLabel => ListError == Hammer2Error.None ? PfsEntry.DefaultLabelOf(_entries) : null;

    internal MediaDevice Device => _device;

    internal IReadOnlyList<PfsEntry> Entries => _entries;

    /// <summary>Finds a PFS by its label.</summary>
    /// <returns>Null when the list has none with it.</returns>
    public PfsTree? Find(ReadOnlySpan<byte> label)
    {
        foreach (PfsEntry entry in _entries)
            if (entry.Label.SequenceEqual(label)) return new PfsTree(_device, entry.Root);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();
}
