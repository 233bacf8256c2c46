// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>
/// Makes a PFS of a stream on the filesystems of a PFS that is mounted and in use, in parts that are committed one
/// after the other, on all nodes side by side. Until the last, the PFS is marked as one that is not whole: it cannot be
/// mounted, and holds keep it. A stream that is given again goes on behind the records that each node has.
/// </summary>
/// <remarks>A node that fails is left out, as long as the others are a quorum. The last step is a commit of the mounted
/// PFS: the PFS is there on a quorum of the nodes, or on none.</remarks>
public sealed class LiveReceiver : IDisposable
{
    private const int RecordsMax = 2048;

    private readonly RecordReader _from;
    private readonly LiveReceiving _options;
    private readonly StreamIdentity _identity;
    private readonly ReceivingNodes _nodes;
    private readonly byte[] _label;
    private readonly List<NodeReceiver> _receivers = [];
    private readonly List<NodeWithout> _without = [];
    private readonly List<ReceivingNode> _whole = [];
    private readonly List<GatheredRecord> _gathered = [];
    private StreamException? _firstFault;
    private MediaUuid _clusterId;

    private LiveReceiver(RecordReader from, StreamIdentity identity, ReceivingNodes nodes, LiveReceiving options)
    {
        (_from, _identity, _nodes, _options) = (from, identity, nodes, options);
        _label = options.Label ?? identity.Label;
    }

    /// <summary>Receives a stream.</summary>
    /// <param name="nodes">The nodes that get it.</param>
    /// <param name="from">The stream.</param>
    /// <param name="options">How.</param>
    /// <returns>What was received.</returns>
    /// <exception cref="StreamException">It was not received as a whole; what came until the last part
    /// stays.</exception>
    public static ReceivedStream Receive(ReceivingNodes nodes, Stream from, LiveReceiving options)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(options);
        var reader = new RecordReader(from);
        return Receive(nodes, reader, StreamIdentity.Read(reader), options);
    }

    /// <summary>Receives what follows the first record of a stream.</summary>
    /// <param name="nodes">The nodes that get it.</param>
    /// <param name="reader">The stream.</param>
    /// <param name="identity">What its first record says.</param>
    /// <param name="options">How.</param>
    /// <returns>As the other.</returns>
    internal static ReceivedStream Receive(
        ReceivingNodes nodes, RecordReader reader, StreamIdentity identity, LiveReceiving options)
    {
        using var receiver = new LiveReceiver(reader, identity, nodes, options);
        var claims = new List<IDisposable>();
        try
        {
            foreach (ReceivingNode node in nodes.Nodes)
            {
                claims.Add(options.Claim(node.Device.Volumes.FilesystemId, receiver._label)
                    ?? throw new StreamException("one is being received under its label"));
            }
            return receiver.Run();
        }
        finally
        {
            foreach (IDisposable claim in claims) claim.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NodeReceiver receiver in _receivers) receiver.Dispose();
    }

    private ReceivedStream Run()
    {
        Begin();
        CheckQuorum();
        while (!TakePart())
        {
        }
        Finish(new ReceivingPosition(_from.RecordsTotal, _from.Codes));
        return new ReceivedStream(_label, _without);
    }

    private void Begin()
    {
        IReadOnlyList<BegunNode> begun = [];
        uint seconds = (uint)_options.Time.GetUtcNow().ToUnixTimeSeconds();
        Hammer2Error error = _options.Exclusively(() => _nodes.Begin(
            _label, _identity.ClusterId, _identity.Tid, _options.Random, seconds, out begun));
        if (error == Hammer2Error.Exists) throw new StreamException("a PFS with its label exists already");
        if (error == Hammer2Error.Busy)
            throw new StreamException("nodes have received it apart; --abort removes what is not whole");
        StreamException.ThrowIf(error, "its label cannot be used");
        foreach (string other in _nodes.Others) _without.Add(new NodeWithout(other, "it is not synced"));
        foreach (BegunNode one in begun)
        {
            try
            {
                BeginOn(one);
            }
            catch (StreamException fault) when (fault.Error != Hammer2Error.NoSpace)
            {
                LeaveOut(one.Node, fault);
            }
        }
    }

    private void BeginOn(BegunNode one)
    {
        if (one.Error == Hammer2Error.Busy)
            throw new StreamException("another one has been received in part under this label; --abort removes that");
        StreamException.ThrowIf(one.Error, "its label cannot be used");
        if (one.IsWhole)
        {
            _whole.Add(one.Node);
            return;
        }
        _clusterId = one.Pfs!.ClusterId;
        _receivers.Add(NodeReceiver.Begin(one.Node, one.Pfs, _identity));
    }

    // Gathers records without a lock, and has them committed together. True after the last one.
    private bool TakePart()
    {
        _gathered.Clear();
        StreamException? fault = null;
        bool isLast = false;
        try
        {
            for (int bytes = 0; bytes < _options.PartBytes && _gathered.Count < RecordsMax && !isLast;)
            {
                var before = new ReceivingPosition(_from.RecordsTotal, _from.Codes);
                StreamRecordType type = Read()
                    ?? throw new StreamException($"ends after record {_from.RecordsTotal}");
                var after = new ReceivingPosition(_from.RecordsTotal, _from.Codes);
                _gathered.Add(new GatheredRecord(type, _from.Payload.ToArray(), before, after));
                bytes += _from.Payload.Length;
                isLast = type == StreamRecordType.End;
            }
        }
        catch (StreamException cut)
        {
            // What came whole before it is kept.
            fault = cut;
        }
        if (isLast && Read() is not null) throw new StreamException("goes on after its last record");
        if (_gathered.Count > 0) Commit();
        return fault is null ? isLast : throw fault;
    }

    private StreamRecordType? Read() => _options.IsCancelled()
        ? throw new StreamException("was interrupted")
        : _from.Read();

    private void Commit()
    {
        if (_receivers.Exists(static receiver => receiver.IsFirst))
        {
            _ = _options.Exclusively(() =>
            {
                CommitOnAll();
                return Hammer2Error.None;
            });
        }
        else CommitOnAll();
        foreach (NodeReceiver receiver in _receivers.ToArray()) Judge(receiver);
        CheckQuorum();
    }

    private void Judge(NodeReceiver receiver)
    {
        StreamException? fault = receiver.Fault;
        if (fault is null && !receiver.Node.IsUsable) fault = new StreamException("it failed");
        if (fault is null) return;
        if (!fault.Error.IsNodeFault() && receiver.Node.IsUsable) throw Named(receiver.Node, fault);
        LeaveOut(receiver.Node, fault);
        _ = _receivers.Remove(receiver);
        receiver.Dispose();
    }

    private void CommitOnAll() => _nodes.RunAll(
        [.. _receivers.Select(receiver => (receiver.Node, (Action)(() => receiver.Take(_gathered))))]);

    private void Finish(ReceivingPosition whole)
    {
        if (_receivers.Count == 0) return;
        IReadOnlyList<ReceivingNode> done = [];
        Hammer2Error error = _options.Exclusively(
            () => _nodes.Finish(_label, _clusterId, whole, _identity.Tid, out done));
        StreamException.ThrowIf(error, "it cannot be committed");
        if (done.Count == 0) throw new StreamException("the PFS was deleted or renamed meanwhile");
        foreach (NodeReceiver receiver in _receivers)
        {
            if (!done.Contains(receiver.Node))
                LeaveOut(receiver.Node, new StreamException("failed while the last part was committed"));
        }
        if (done.Count + _whole.Count(static node => node.IsUsable) < _nodes.Quorum) throw TooFew();
    }

    private void LeaveOut(ReceivingNode node, StreamException fault)
    {
        _firstFault ??= fault;
        _without.Add(new NodeWithout(node.Name, fault.Message));
    }

    private void CheckQuorum()
    {
        int left = _whole.Count(static node => node.IsUsable)
            + _receivers.Count(static receiver => receiver.Node.IsUsable);
        if (left < _nodes.Quorum) throw TooFew();
        if (_nodes.StopReason != Hammer2Error.None)
            throw new StreamException($"the mounted PFS was stopped for writing: {_nodes.StopReason}");
    }

    private StreamException TooFew()
    {
        if (_nodes.Nodes.Count == 1 && _firstFault is { } only) return only;
        IEnumerable<string> reasons = _without.Select(static one => $"{one.Name}: {one.Reason}");
        return new StreamException(
            $"fewer nodes than a quorum of {_nodes.Quorum} can take it: {string.Join("; ", reasons)}");
    }

    private StreamException Named(ReceivingNode node, StreamException fault) =>
        _nodes.Nodes.Count > 1 && fault.Error != Hammer2Error.None ? fault.After(node.Name) : fault;
}
