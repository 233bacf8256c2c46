// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using Concurrency;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Freemap;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Trees;

/// <summary>
/// Writes new blocks of one filesystem: allocates space, writes, and fills in the reference. It never overwrites what a
/// volume header leads to, so nothing that it writes counts until a header leads to it.
/// </summary>
/// <remarks>
/// Thread-safe. Contiguous metadata is gathered and written together: lock of rank 54.
/// Metadata belongs to the <see cref="CommitTurn"/> of one commit; file data may be written at any time. A write that
/// fails fences the device: from then on everything here that would change it answers the error that fenced it.
/// </remarks>
public sealed class BlockWriter
{
    private const int RunBytesMax = 128 << 10;
    private const int TypesTotal = 8;

    private readonly VolumeSet _volumes;
    private readonly FreemapAllocator _allocator;
    private readonly MediaFaultLog _faults;
    private readonly ChainCache _cache;
    private readonly int _ordinal;
    private readonly DeviceFence _fence;
    private readonly RankedLock _runsLock = new(LockRank.GatheredMetadata);
    private readonly Run?[] _runs = new Run?[TypesTotal];
    private readonly List<DataOffset> _replaced = [];
    private bool _writesUnprotected;
    private readonly List<DataOffset> _written = [];

    internal BlockWriter(
        VolumeSet volumes, FreemapAllocator allocator, MediaFaultLog faults, ChainCache cache, int ordinal,
        DeviceFence fence)
    {
        _volumes = volumes;
        _allocator = allocator;
        _faults = faults;
        _cache = cache;
        _ordinal = ordinal;
        _fence = fence;
    }

    /// <summary>True once a block was written, or got a second owner, whose reference has no check code.</summary>
    public bool WritesUnprotected => Volatile.Read(ref _writesUnprotected);

    /// <summary>Stores a block of metadata. It is on the device after the next <see cref="Flush"/>.</summary>
    /// <param name="reference">Has type, methods and keys, and the location of what it replaces; gets the new location
    /// and the check code.</param>
    /// <param name="stored">The bytes to write; 1, 2, 4 ... 64 KiB.</param>
    /// <returns>None; NoSpace; Io, which was logged.</returns>
    public Hammer2Error Write(ref Blockref reference, ReadOnlySpan<byte> stored)
    {
        CheckCode.Store(ref reference, stored);
        DataOffset replaced = reference.Data;
        Hammer2Error error = Allocate(ref reference, stored.Length);
        if (error != Hammer2Error.None) return error;
        using (_runsLock.EnterScope())
        {
            Run run = _runs[(int)reference.Type] ??= new Run();
            bool follows = reference.Data.Bytes == run.Start + (uint)run.Bytes
                && stored.Length <= RunBytesMax - run.Bytes;
            if (!follows) error = WriteRun(run);
            if (run.Bytes == 0) run.Start = reference.Data.Bytes;
            stored.CopyTo(run.Buffer.AsSpan(run.Bytes));
            run.Bytes += stored.Length;
            if (replaced.Raw != 0) _replaced.Add(replaced);
            _written.Add(reference.Data);
        }
        return error;
    }

    /// <summary>Writes all gathered metadata.</summary>
    /// <returns>None; Io, which was logged.</returns>
    public Hammer2Error Flush()
    {
        Hammer2Error error = Hammer2Error.None;
        using (_runsLock.EnterScope())
        {
            foreach (Run? run in _runs)
                if (run is not null) error |= WriteRun(run);
        }
        return error;
    }

    /// <summary>Frees the metadata that was written since the last header: no header will refer to it.</summary>
    internal void Abandon()
    {
        using (_runsLock.EnterScope())
        {
            foreach (Run? run in _runs)
                if (run is not null) run.Bytes = 0;
            // In reverse order: of small blocks in one granule, only the one packed last can be freed.
            for (int i = _written.Count - 1; i >= 0; i--)
            {
                _cache.Remove(_ordinal, _written[i]);
                _allocator.Release(_written[i]);
            }
            _written.Clear();
            _replaced.Clear();
        }
    }

    /// <summary>Called after a header refers to the new blocks: removes replaced ones from the cache.</summary>
    internal void ForgetReplaced()
    {
        using (_runsLock.EnterScope())
        {
            foreach (ref readonly DataOffset location in CollectionsMarshal.AsSpan(_replaced))
                _cache.Remove(_ordinal, location);
            _replaced.Clear();
            _written.Clear();
        }
    }

    /// <summary>Allocates space for a block of file data whose check code is in the reference already: it is the same
    /// on every node. <see cref="WriteAllocated"/> comes next.</summary>
    /// <returns>None; NoSpace; the error that fenced the device.</returns>
    public Hammer2Error Allocate(ref Blockref reference, int bytes)
    {
        if (_fence.IsFenced) return _fence.Error;
        NoteProtection(reference);
        Hammer2Error error = _allocator.Allocate(reference.Type, int.Log2(bytes), out DataOffset location);
        if (error != Hammer2Error.None) return error;
        Invariant.Holds(location.SizeBytes == bytes);
        reference.Data = location;
        return error;
    }

    /// <summary>Writes contiguous blocks of file data. They are on the device when this
    /// returns.</summary>
    /// <param name="first">The reference to the first one.</param>
    /// <param name="stored">The bytes of all.</param>
    /// <param name="isReadHere">False when they are not expected to be read from this node soon: they bypass the page
    /// cache.</param>
    /// <returns>None; Io, which was logged.</returns>
    public Hammer2Error WriteAllocated(in Blockref first, ReadOnlySpan<byte> stored, bool isReadHere)
    {
        if (!_fence.TryBeginWrite()) return _fence.Error;
        Hammer2Error error = _fence.Judge(isReadHere
            ? _volumes.Write(first.Data.Bytes, stored)
            : _volumes.WriteUncached(first.Data.Bytes, stored));
        _fence.EndWrite();
        if (error != Hammer2Error.None)
            _faults.Report(first, error, $"the device could not write {stored.Length} bytes of file data");
        return error;
    }

    /// <summary>Ensures that a block that gets a second owner is marked as allocated, even if bulkfree staged
    /// it.</summary>
    /// <returns>None; the error of reading the freemap; the error that fenced the device.</returns>
    public Hammer2Error MarkShared(in Blockref reference)
    {
        if (_fence.IsFenced) return _fence.Error;
        NoteProtection(reference);
        return _allocator.MarkAllocated(reference.Data, out _);
    }

    /// <summary>True when a block on the device has these bytes. Nothing is logged when it cannot be
    /// read.</summary>
    /// <param name="reference">The reference to a written block of file data.</param>
    /// <param name="stored">The expected stored bytes.</param>
    /// <param name="scratch">Buffer of at least the same length.</param>
    public bool Holds(in Blockref reference, ReadOnlySpan<byte> stored, Span<byte> scratch)
    {
        if (reference.Data.SizeBytes != stored.Length) return false;
        scratch = scratch[..stored.Length];
        return _volumes.Read(reference.Data.Bytes, scratch) == Hammer2Error.None && scratch.SequenceEqual(stored);
    }

    /// <summary>Frees the space of a block that no volume header ever led to.</summary>
    public void Free(in Blockref reference) => _allocator.Release(reference.Data);

    /// <summary>Adds a block of metadata that was just written to the cache.</summary>
    /// <param name="kind">The kind of block.</param>
    /// <param name="reference">As the block that refers to it has it.</param>
    /// <param name="block">Its bytes, which do not change any more.</param>
    /// <returns>The chain in the cache.</returns>
    internal Chain Remember(ChainKind kind, in Blockref reference, byte[] block)
    {
        var chain = new Chain(kind, reference, block);
        _cache.Add(_ordinal, chain);
        return chain;
    }

    /// <summary>Adds an inode that was just written to the cache, with a reference whose owner-specific fields differ
    /// from those of the written one.</summary>
    /// <returns>The chain in the cache.</returns>
    public Chain RememberAs(Chain written, in Blockref reference)
    {
        Chain chain = written.Under(reference);
        _cache.Add(_ordinal, chain);
        return chain;
    }

    private void NoteProtection(in Blockref reference)
    {
        if (!CheckCode.Protects(reference.Methods.Check)) Volatile.Write(ref _writesUnprotected, true);
    }

    private Hammer2Error WriteRun(Run run)
    {
        if (run.Bytes == 0) return Hammer2Error.None;
        if (!_fence.TryBeginWrite()) return _fence.Error;
        Hammer2Error error = _fence.Judge(_volumes.Write(run.Start, run.Buffer.AsSpan(0, run.Bytes)));
        _fence.EndWrite();
        if (error != Hammer2Error.None)
        {
            var start = new Blockref { Data = new DataOffset(run.Start, Media.AllocationRadixMin) };
            _faults.Report(start, error, $"the device could not write {run.Bytes} bytes of metadata");
        }
        run.Bytes = 0;
        return error;
    }

    /// <summary>Contiguous blocks of one type.</summary>
    private sealed class Run
    {
        public readonly byte[] Buffer = new byte[RunBytesMax];

        public ulong Start { get; set; }

        public int Bytes { get; set; }
    }
}
