// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>How a stream is received beside mounted PFSs.</summary>
/// <param name="Label">The label of the PFS; null for that of the snapshot.</param>
/// <param name="Random">Gives 64 random bits, for ids.</param>
/// <param name="Time">The clock.</param>
/// <param name="Exclusively">Carries out what must not happen beside other changes of the list of PFSs.</param>
/// <param name="Claim">Has a label of a filesystem for one receiver alone, until it is disposed of; null when another
/// one has it.</param>
/// <param name="IsCancelled">Asked between records; true ends it.</param>
public sealed record LiveReceiving(byte[]? Label, Func<ulong> Random, TimeProvider Time,
    Func<Func<Hammer2Error>, Hammer2Error> Exclusively, Func<MediaUuid, byte[], IDisposable?> Claim,
    Func<bool> IsCancelled)
{
    /// <summary>Bytes of records that one commit is made of, about.</summary>
    public int PartBytes { get; init; } = 4 << 20;
}

/// <summary>
/// Makes a PFS of a stream on a filesystem that is mounted and in use, in parts that are committed one after the other.
/// Until the last, the PFS is marked as one that is not whole: it cannot be mounted, and holds keep it. A stream that
/// is given again goes on behind the records that it has.
/// </summary>
public sealed class LiveReceiver
{
    private const int RecordsMax = 2048;

    private static readonly TimeSpan s_pinBound = TimeSpan.FromDays(1);

    private readonly RecordReader _from;
    private readonly LiveReceiving _options;
    private readonly StreamIdentity _identity;
    private readonly ReceivedPfs _pfs;
    private readonly ReceivedTree _tree;
    private readonly ReceivedRecords _records;
    private readonly List<(StreamRecordType Type, byte[] Payload)> _gathered = [];
    private bool _isFirst;

    private LiveReceiver(
        RecordReader from, LiveReceiving options, StreamIdentity identity, ReceivedPfs pfs, Chain? ancestor)
    {
        (_from, _options, _identity, _pfs) = (from, options, identity, pfs);
        _tree = new ReceivedTree(pfs, ancestor, identity.Tid);
        _records = new ReceivedRecords(pfs, _tree);
        _isFirst = pfs.Found is null;
    }

    /// <summary>Receives a stream.</summary>
    /// <param name="node">The node whose filesystem gets it, opened for writing.</param>
    /// <param name="from">The stream.</param>
    /// <param name="options">How.</param>
    /// <returns>The label of the PFS.</returns>
    /// <exception cref="StreamException">It was not received as a whole; what came until the last part
    /// stays.</exception>
    public static byte[] Receive(PresentNode node, Stream from, LiveReceiving options)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(options);
        var reader = new RecordReader(from);
        return Receive(node.Device, reader, StreamIdentity.Read(reader), options);
    }

    /// <summary>Receives what follows the first record of a stream.</summary>
    /// <param name="device">The filesystem, opened for writing.</param>
    /// <param name="reader">The stream.</param>
    /// <param name="identity">What its first record says.</param>
    /// <param name="options">How.</param>
    /// <returns>As the other.</returns>
    internal static byte[] Receive(
        MediaDevice device, RecordReader reader, StreamIdentity identity, LiveReceiving options)
    {
        byte[] label = options.Label ?? identity.Label;
        using IDisposable claim = options.Claim(device.Volumes.FilesystemId, label)
            ?? throw new StreamException("one is being received under its label");
        ReceivedPfs? begun = null;
        Hammer2Error error = options.Exclusively(() => ReceivedPfs.BeginInParts(
            device, label, options.Random, (uint)options.Time.GetUtcNow().ToUnixTimeSeconds(), out begun));
        if (error == Hammer2Error.Exists) throw new StreamException("a PFS with its label exists already");
        StreamException.ThrowIf(error, "its label cannot be used");
        using ReceivedPfs pfs = begun!;
        // The ancestor may be deleted meanwhile.
        using PinnedRoot pin = device.Committer!.Pin("receiving a stream", s_pinBound)
            ?? throw new StreamException("too many commits are in use");
        var entries = new List<PfsEntry>();
        StreamException.ThrowIf(PfsEntry.List(device, entries), "the PFSs cannot be listed");
        Chain? ancestor = identity.IsIncrement ? ReceivedOrigin.Find(entries, identity) : null;
        new LiveReceiver(reader, options, identity, pfs, ancestor).Run();
        return label;
    }

    private void Run()
    {
        if (_pfs.Found is { } found) Skip(found);
        while (!TakePart())
        {
        }
    }

    // What is there already came from the same stream, if the code over its records is the same.
    private void Skip(Chain found)
    {
        (MediaUuid origin, ulong tid) = (found.Meta.PfsOriginId, found.Meta.PfsReceivedTid);
        if (origin != _identity.ClusterId || tid != _identity.Tid)
            throw new StreamException("another one has been received in part under this label; --abort removes that");
        var skimmed = new SkimmedRecords();
        while (_from.RecordsTotal < _pfs.FoundPosition.Records)
        {
            if (Read() is not { } type) throw new StreamException("has less than was received of it before");
            skimmed.Add(type, _from.Payload);
            _records.Count(type, _from.Payload);
        }
        if (_from.RecordsTotal != _pfs.FoundPosition.Records || _from.Codes != _pfs.FoundPosition.Codes)
            throw new StreamException("is not the one that was received in part; --abort removes that");
        _tree.Resume(found, skimmed);
    }

    // Gathers records without a lock, and commits them together. True after the last one.
    private bool TakePart()
    {
        _gathered.Clear();
        StreamException? fault = null;
        bool isLast = false;
        ulong codesBefore = 0;
        try
        {
            for (int bytes = 0; bytes < _options.PartBytes && _gathered.Count < RecordsMax && !isLast;)
            {
                StreamRecordType type = Read()
                    ?? throw new StreamException($"ends after record {_from.RecordsTotal}");
                _gathered.Add((type, _from.Payload.ToArray()));
                bytes += _from.Payload.Length;
                (isLast, codesBefore) = (type == StreamRecordType.End, _from.CodesBefore);
            }
        }
        catch (StreamException cut)
        {
            // What came whole before it is kept.
            fault = cut;
        }
        var position = new ReceivingPosition(_from.RecordsTotal, _from.Codes);
        if (isLast && Read() is not null) throw new StreamException("goes on after its last record");
        if (_gathered.Count > 0) Commit(position, codesBefore, isLast);
        return fault is null ? isLast : throw fault;
    }

    private StreamRecordType? Read() => _options.IsCancelled()
        ? throw new StreamException("was interrupted")
        : _from.Read();

    private void Commit(ReceivingPosition position, ulong codesBefore, bool isLast)
    {
        Hammer2Error error = _isFirst
            ? _options.Exclusively(() => CommitInTurn(position, codesBefore, isLast))
            : CommitInTurn(position, codesBefore, isLast);
        if (error == Hammer2Error.Busy) throw new StreamException("the PFS was deleted or renamed meanwhile");
        if (error == Hammer2Error.Exists) throw new StreamException("a PFS with its label was made meanwhile");
        StreamException.ThrowIf(error, "it cannot be committed");
        _isFirst = false;
    }

    private Hammer2Error CommitInTurn(ReceivingPosition position, ulong codesBefore, bool isLast)
    {
        try
        {
            Hammer2Error error = _pfs.EnterPart();
            if (error != Hammer2Error.None) return error;
            ulong first = position.Records - (ulong)_gathered.Count;
            for (int i = 0; i < _gathered.Count; i++) Take(i, first + (ulong)i, codesBefore);
            return isLast ? _tree.Commit(_identity.ClusterId) : _tree.CommitPart(_identity.ClusterId, position);
        }
        finally
        {
            _pfs.LeavePart();
        }
    }

    private void Take(int index, ulong number, ulong codesBefore)
    {
        try
        {
            (StreamRecordType type, byte[] payload) = _gathered[index];
            _ = _records.Take(type, payload, new ReceivingPosition(number, codesBefore));
        }
        catch (StreamException fault)
        {
            throw new StreamException($"record {number}: {fault.Message}");
        }
    }
}
