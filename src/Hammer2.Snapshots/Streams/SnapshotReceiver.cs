// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Snapshots.Streams;

/// <summary>
/// Makes a PFS of a stream, on a filesystem that is not mounted. Each record is verified before it is used, and the PFS
/// is there after the last one, or not at all. What a mount received of the stream in part is continued in parts.
/// </summary>
/// <remarks>What a stream claims of its names, as that each entry has an inode, is not checked: fsck does.</remarks>
public sealed class SnapshotReceiver
{
    private readonly RecordReader _from;
    private readonly ReceivedTree _tree;
    private readonly ReceivedRecords _records;

    private SnapshotReceiver(RecordReader from, ReceivedPfs pfs, ReceivedTree tree) =>
        (_from, _tree, _records) = (from, tree, new ReceivedRecords(pfs, tree));

    /// <summary>Receives a stream.</summary>
    /// <param name="volumes">The filesystem, opened for writing; closed afterwards.</param>
    /// <param name="from">The stream.</param>
    /// <param name="label">The label of the PFS; null for that of the snapshot.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Gives 64 random bits, for ids.</param>
    /// <param name="loggers">Receive messages about damage.</param>
    /// <returns>What was received.</returns>
    /// <exception cref="StreamException">It was not received; nothing is changed, but that what a mount received of it
    /// in part may have grown.</exception>
    public static StreamIdentity Receive(VolumeSet volumes, Stream from, byte[]? label, TimeProvider time,
        Func<ulong> random, ILoggerFactory loggers)
    {
        Hammer2Error error =
            OfflinePfsAdministration.Open(volumes, time, random, loggers, out OfflinePfsAdministration? opened);
        StreamException.ThrowIf(error, "the filesystem cannot be written");
        using (opened)
        {
            var reader = new RecordReader(from);
            StreamIdentity identity = StreamIdentity.Read(reader);
            error = ReceivedPfs.Begin(opened!, label ?? identity.Label, random, out ReceivedPfs? pfs);
            if (error == Hammer2Error.Exists)
            {
                // One that is whole is refused there.
                using var alone = ReceivingNodes.Alone(opened!.Device);
                _ = LiveReceiver.Receive(alone, reader, identity, new LiveReceiving(label, random, time,
                    static body => body(), static (_, _) => NoClaim.Instance, static () => false));
                return identity;
            }
            StreamException.ThrowIf(error, "its label cannot be used");
            using (pfs)
            {
                var entries = new List<PfsEntry>();
                StreamException.ThrowIf(PfsEntry.List(pfs!.Device, entries), "the PFSs cannot be listed");
                Chain? ancestor = identity.IsIncrement ? ReceivedOrigin.Find(entries, identity) : null;
                var tree = new ReceivedTree(pfs, ancestor, identity.Tid);
                new SnapshotReceiver(reader, pfs, tree).Run(identity);
            }
            return identity;
        }
    }

    private void Run(StreamIdentity identity)
    {
        while (true)
        {
            if (_from.Read() is not { } type) throw new StreamException($"ends after record {_from.RecordsTotal}");
            try
            {
                if (_records.Take(type, _from.Payload, new(_from.RecordsTotal - 1, _from.CodesBefore))) break;
            }
            catch (StreamException fault)
            {
                throw new StreamException($"record {_from.RecordsTotal - 1}: {fault.Message}");
            }
        }
        if (_from.Read() is not null) throw new StreamException("goes on after its last record");
        StreamException.ThrowIf(_tree.Commit(identity.ClusterId), "it cannot be committed");
    }

    // Nothing else has the filesystem open.
    private sealed class NoClaim : IDisposable
    {
        public static readonly NoClaim Instance = new();

        public void Dispose()
        {
        }
    }
}
