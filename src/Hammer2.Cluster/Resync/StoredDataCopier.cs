// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Chains.Trees;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>
/// Copies blocks of file data as they are stored: neither decoded nor compressed again, with the check codes of the
/// source. What the source stores once and refers to several times is stored once on the target, too.
/// </summary>
/// <remarks>Used by one thread, for one pinned commit of the source: in another one a place may hold other bytes.
/// Contiguous blocks are written together. Memory: 1 MiB for them, and 6 MiB for the places.</remarks>
internal sealed class StoredDataCopier
{
    private const int RunBytesMax = 1 << 20;

    // 16 GiB of whole blocks.
    private const int PlacesMax = 262_144;

    private readonly MediaDevice _source;
    private readonly BlockWriter _writer;
    private readonly Dictionary<ulong, DataOffset> _places = [];
    private readonly List<Blockref> _uncommitted = [];
    private Blockref _first;
    private byte[] _run = [];
    private int _runBytes;

    /// <param name="source">Where blocks are read.</param>
    /// <param name="writer">Writes them on the target.</param>
    public StoredDataCopier(MediaDevice source, BlockWriter writer)
    {
        _source = source;
        _writer = writer;
    }

    /// <summary>Bytes read and written so far.</summary>
    public long BytesTotal { get; private set; }

    /// <summary>Copies one block. It is on the target after <see cref="Flush"/>.</summary>
    /// <param name="leaf">The reference of the source; gets its place on the target.</param>
    /// <returns>None; the error of writing or of allocating.</returns>
    /// <param name="readError">What reading the source met; None unless the block was not copied because of it.</param>
    public Hammer2Error Copy(ref Blockref leaf, out Hammer2Error readError)
    {
        readError = Hammer2Error.None;
        Blockref from = leaf;
        int bytes = from.Data.SizeBytes;
        if (bytes is 0 or > Media.FileBlockBytes)
        {
            readError = _source.ReportMisplaced(from, "the reference has no block of file data");
            return Hammer2Error.None;
        }
        if (_places.TryGetValue(from.Data.Raw, out DataOffset place))
        {
            leaf.Data = place;
            return _writer.MarkShared(leaf);
        }
        if (_runBytes + bytes > RunBytesMax)
        {
            Hammer2Error flushed = Flush();
            if (flushed != Hammer2Error.None) return flushed;
        }
        // Most passes copy no file data.
        if (_run.Length == 0) _run = new byte[RunBytesMax];
        Span<byte> stored = _run.AsSpan(_runBytes, bytes);
        readError = _source.ReadStored(from, stored);
        return readError == Hammer2Error.None ? Append(from, bytes, ref leaf) : Hammer2Error.None;
    }

    /// <summary>Writes what was gathered.</summary>
    /// <returns>None; Io; the error that fenced the device.</returns>
    public Hammer2Error Flush()
    {
        if (_runBytes == 0) return Hammer2Error.None;
        Hammer2Error error = _writer.WriteAllocated(_first, _run.AsSpan(0, _runBytes), isReadHere: false);
        _runBytes = 0;
        return error;
    }

    /// <summary>Shares nothing any more with what was copied until now: some of it may be free.</summary>
    public void ForgetPlaces() => _places.Clear();

    /// <summary>What was copied is committed.</summary>
    public void Keep() => _uncommitted.Clear();

    /// <summary>Frees what was copied since the last commit, which nothing will lead to.</summary>
    public void Abandon()
    {
        for (int i = _uncommitted.Count - 1; i >= 0; i--) _writer.Free(_uncommitted[i]);
        _uncommitted.Clear();
        _places.Clear();
        _runBytes = 0;
    }

    private Hammer2Error Append(in Blockref from, int bytes, ref Blockref leaf)
    {
        leaf.Data = default;
        Hammer2Error error = _writer.Allocate(ref leaf, bytes);
        if (error != Hammer2Error.None) return error;
        _uncommitted.Add(leaf);
        bool follows = _runBytes > 0 && leaf.Data.Bytes == _first.Data.Bytes + (uint)_runBytes;
        if (!follows && _runBytes > 0)
        {
            ReadOnlySpan<byte> block = _run.AsSpan(_runBytes, bytes);
            error = Flush();
            block.CopyTo(_run);
        }
        if (_runBytes == 0) _first = leaf;
        _runBytes += bytes;
        BytesTotal += bytes;
        if (_places.Count == PlacesMax) _places.Clear();
        _places[from.Data.Raw] = leaf.Data;
        return error;
    }
}
