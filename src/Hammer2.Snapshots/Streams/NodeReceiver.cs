// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>One node's part of receiving a stream in parts: each is a commit of its filesystem. A node that has records
/// from before takes the stream up behind them, wherever the others are.</summary>
internal sealed class NodeReceiver : IDisposable
{
    private static readonly TimeSpan s_pinBound = TimeSpan.FromDays(1);

    private readonly ReceivedPfs _pfs;
    private readonly StreamIdentity _identity;
    private readonly PinnedRoot _pin;
    private readonly ReceivedTree _tree;
    private readonly ReceivedRecords _records;
    private SkimmedRecords? _skimmed;

    private NodeReceiver(
        ReceivingNode node, ReceivedPfs pfs, StreamIdentity identity, PinnedRoot pin, Chain? ancestor)
    {
        (Node, _pfs, _identity, _pin) = (node, pfs, identity, pin);
        _tree = new ReceivedTree(pfs, ancestor, identity.Tid);
        _records = new ReceivedRecords(pfs, _tree);
        _skimmed = pfs.Found is null ? null : new SkimmedRecords();
        IsFirst = pfs.Found is null;
    }

    /// <summary>The node.</summary>
    public ReceivingNode Node { get; }

    /// <summary>True before its first part, which enters the label.</summary>
    public bool IsFirst { get; private set; }

    /// <summary>What ended it here; null while it goes on.</summary>
    public StreamException? Fault { get; private set; }

    /// <summary>Begins.</summary>
    /// <param name="node">The node.</param>
    /// <param name="pfs">The PFS, as it was begun there.</param>
    /// <param name="identity">What the stream is of.</param>
    /// <exception cref="StreamException">It is not possible on this node.</exception>
    public static NodeReceiver Begin(ReceivingNode node, ReceivedPfs pfs, StreamIdentity identity)
    {
        // The ancestor may be deleted meanwhile.
        PinnedRoot pin = node.Device.Committer!.Pin("receiving a stream", s_pinBound)
            ?? throw new StreamException("too many commits are in use");
        bool isBegun = false;
        try
        {
            var entries = new List<PfsEntry>();
            StreamException.ThrowIf(PfsEntry.List(node.Device, entries), "the PFSs cannot be listed");
            Chain? ancestor = identity.IsIncrement ? ReceivedOrigin.Find(entries, identity) : null;
            var receiver = new NodeReceiver(node, pfs, identity, pin, ancestor);
            isBegun = true;
            return receiver;
        }
        finally
        {
            if (!isBegun) pin.Dispose();
        }
    }

    /// <summary>Uses records, and commits what came of them; what that met is in <see cref="Fault"/>.</summary>
    public void Take(IReadOnlyList<GatheredRecord> part)
    {
        try
        {
            int from = Skim(part);
            if (from < part.Count) CommitPart(part, from);
        }
        catch (StreamException fault)
        {
            Fault = fault;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pfs.Dispose();
        _pin.Dispose();
    }

    // What is there already came from the same stream, if the code over its records is the same.
    private int Skim(IReadOnlyList<GatheredRecord> part)
    {
        for (int i = 0; i < part.Count; i++)
        {
            if (_skimmed is null) return i;
            GatheredRecord record = part[i];
            _skimmed.Add(record.Type, record.Payload);
            _records.Count(record.Type, record.Payload);
            if (record.After.Records < _pfs.FoundPosition.Records) continue;
            if (record.After != _pfs.FoundPosition)
                throw new StreamException("is not the one that was received in part; --abort removes that");
            _tree.Resume(_pfs.Found!, _skimmed);
            _skimmed = null;
        }
        return part.Count;
    }

    private void CommitPart(IReadOnlyList<GatheredRecord> part, int from)
    {
        try
        {
            ThrowIf(_pfs.EnterPart());
            for (int i = from; i < part.Count; i++) Use(part[i]);
            ThrowIf(_tree.CommitPart(_identity.ClusterId, part[^1].After));
            IsFirst = false;
        }
        finally
        {
            _pfs.LeavePart();
        }
    }

    private void Use(GatheredRecord record)
    {
        try
        {
            _ = _records.Take(record.Type, record.Payload, record.Before);
        }
        catch (StreamException fault)
        {
            throw fault.After($"record {record.Before.Records}");
        }
    }

    private static void ThrowIf(Hammer2Error error)
    {
        if (error == Hammer2Error.Busy) throw new StreamException("the PFS was deleted or renamed meanwhile");
        if (error == Hammer2Error.Exists) throw new StreamException("a PFS with its label was made meanwhile");
        StreamException.ThrowIf(error, "it cannot be committed");
    }
}
