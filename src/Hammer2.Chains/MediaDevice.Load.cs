// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Chains;

public sealed partial class MediaDevice
{
    /// <summary>
    /// The chain that an INODE or INDIRECT reference, or the name block that a long DIRENT reference, leads
    /// to: from the cache, or read, verified and validated. This is the one door through which metadata
    /// comes in; nothing above checks a field again.
    /// </summary>
    /// <returns>None; Io, Check or Corrupt, which were logged with the place.</returns>
    /// <remarks>Upstream: <c>hammer2_chain_load_data</c>.</remarks>
    public Hammer2Error Load(in Blockref reference, out Chain? chain)
    {
        chain = _caches.Chains.Find(_ordinal, reference);
        if (chain is not null) return Hammer2Error.None;
        Hammer2Error error = LoadFromMedia(reference, buffer: null, out chain, out _);
        if (error == Hammer2Error.None) _caches.Chains.Add(_ordinal, chain!);
        return error;
    }

    /// <summary>The same for whoever passes through a tree once: a block of references that leads to no other is
    /// not kept.</summary>
    /// <param name="reference">An INODE, INDIRECT or long DIRENT reference.</param>
    /// <param name="buffer">What such a block is read into, got when first needed; for
    /// <see cref="ReturnBuffer"/> in the end.</param>
    /// <param name="passed">The chain that is in the buffer, null when there is none. It is good until the next is
    /// loaded.</param>
    /// <param name="chain">What was loaded.</param>
    internal Hammer2Error LoadPassing(
        in Blockref reference, ref byte[]? buffer, ref Chain? passed, out Chain? chain)
    {
        chain = _caches.Chains.Find(_ordinal, reference);
        if (chain is not null) return Hammer2Error.None;
        if (buffer is null && TakePassed(reference) is { } left)
        {
            (buffer, passed, chain) = (left.Buffer, left, left);
            return Hammer2Error.None;
        }
        buffer ??= _caches.Buffers.Rent();
        passed = null;
        Hammer2Error error = LoadFromMedia(reference, buffer, out chain, out bool isPassed);
        if (error != Hammer2Error.None) return error;
        if (isPassed) passed = chain;
        else _caches.Chains.Add(_ordinal, chain!);
        return Hammer2Error.None;
    }

    /// <summary>Ends a walk that passed.</summary>
    /// <param name="buffer">Its buffer, if it has one.</param>
    /// <param name="passed">The chain in it: kept for a walk that goes on where this one ended.</param>
    internal void ReturnBuffer(byte[]? buffer, Chain? passed)
    {
        if (passed is not null) buffer = Interlocked.Exchange(ref _passed, passed)?.Buffer;
        _caches.Buffers.Return(buffer);
    }

    // It belongs to the walk from here on, as does its buffer.
    private Chain? TakePassed(in Blockref reference)
    {
        Chain? passed = Volatile.Read(ref _passed);
        if (passed is null || !ChainCache.SameReference(passed.Reference, reference)) return null;
        return Interlocked.CompareExchange(ref _passed, null, passed) == passed ? passed : null;
    }

    /// <summary>As <see cref="Load"/>, for a commit: a device that could not read is asked once more, since changes
    /// that were accepted depend on it.</summary>
    public Hammer2Error LoadForChange(in Blockref reference, out Chain? chain)
    {
        Hammer2Error error = Load(reference, out chain);
        return error == Hammer2Error.Io ? Load(reference, out chain) : error;
    }

    private Hammer2Error LoadFromMedia(in Blockref reference, byte[]? buffer, out Chain? chain, out bool isPassed)
    {
        chain = null;
        isPassed = false;
        if (!CanLoad(reference, out ChainKind kind))
        {
            Faults.Report(reference, Hammer2Error.Corrupt, "the reference has no block of metadata");
            return Hammer2Error.Corrupt;
        }
        byte[] read = buffer ?? _caches.Buffers.Rent();
        Span<byte> block = read.AsSpan(0, reference.Data.SizeBytes);
        Hammer2Error error = ReadVerified(reference, block);
        if (error == Hammer2Error.None && ContentFault(kind, reference, block) is { } fault)
        {
            error = Hammer2Error.Corrupt;
            Faults.Report(reference, error, fault.ToString());
        }
        if (error == Hammer2Error.None)
        {
            // A table is rarely full: what is kept of it ends with the last slot in use.
            if (kind == ChainKind.Indirect) block = block[..UsedBytes(block)];
            if (buffer is not null && kind == ChainKind.Indirect)
            {
                chain = new Chain(kind, reference, buffer, block.Length);
                isPassed = !chain.LeadsToIndirect;
            }
            if (!isPassed) chain = new Chain(kind, reference, Kept(block));
        }
        if (buffer is null) _caches.Buffers.Return(read);
        return error;
    }

    private static byte[] Kept(ReadOnlySpan<byte> block)
    {
        byte[] kept = GC.AllocateUninitializedArray<byte>(block.Length);
        block.CopyTo(kept);
        return kept;
    }

    private static int UsedBytes(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<Blockref> table = MemoryMarshal.Cast<byte, Blockref>(block);
        int used = table.Length;
        while (used > 0 && table[used - 1].IsEmpty) used--;
        return used * Blockref.SizeBytes;
    }

    /// <summary>
    /// Brings the indirect blocks that lead to keys in [first, last] below a chain into the cache, those of the
    /// highest keys first: a walk that catches up meets this on the way, and no block is read by both.
    /// </summary>
    /// <param name="top">The object.</param>
    /// <param name="first">Lowest key.</param>
    /// <param name="last">Highest key.</param>
    /// <param name="blocksMax">How many blocks, those in the cache included.</param>
    /// <returns>None, or the fault at which it stopped; whoever needs that block meets it again.</returns>
    public Hammer2Error LoadAhead(Chain top, ulong first, ulong last, int blocksMax) =>
        LoadAhead(top, first, last, Media.TreeDepthMax, ref blocksMax);

    private Hammer2Error LoadAhead(Chain owner, ulong first, ulong last, int depthLeft, ref int blocksLeft)
    {
        if (!owner.LeadsToIndirect || depthLeft <= 0) return Hammer2Error.None;
        ReadOnlySpan<Blockref> table = owner.Table;
        for (int slot = table.Length - 1; slot >= 0; slot--)
        {
            ref readonly Blockref reference = ref table[slot];
            if (reference.Type != BlockrefType.Indirect || reference.Key > last) continue;
            if (reference.KeyEnd < first || blocksLeft-- <= 0) break;
            Hammer2Error error = Load(reference, out Chain? child);
            if (error == Hammer2Error.None)
                error = LoadAhead(child!, first, last, depthLeft - 1, ref blocksLeft);
            if (error != Hammer2Error.None) return error;
        }
        return Hammer2Error.None;
    }

    /// <summary>Takes note of a legal reference that stands where its kind cannot be.</summary>
    /// <param name="reference">What was found.</param>
    /// <param name="reason">Why it cannot be there.</param>
    /// <returns>Always Corrupt.</returns>
    public Hammer2Error ReportMisplaced(in Blockref reference, string reason)
    {
        Faults.Report(reference, Hammer2Error.Corrupt, reason);
        return Hammer2Error.Corrupt;
    }

    /// <summary>Judges a name that is kept inside its reference. Such a name has no check code, so that only
    /// its legality can be told.</summary>
    /// <returns>None, or Corrupt, which was logged.</returns>
    public Hammer2Error CheckEntryName(in Blockref entry)
    {
        if (MediaValidator.DirentName(entry, default) is not { } fault) return Hammer2Error.None;
        Faults.Report(entry, Hammer2Error.Corrupt, fault.ToString());
        return Hammer2Error.Corrupt;
    }

    /// <summary>Reads the stored bytes of a block and compares them with the check code.</summary>
    /// <param name="reference">A validated reference with storage.</param>
    /// <param name="stored">As long as the reference says.</param>
    private Hammer2Error ReadVerified(in Blockref reference, Span<byte> stored)
    {
        Hammer2Error error = _volumes.Read(reference.Data.Bytes, stored);
        if (error != Hammer2Error.None)
        {
            Faults.Report(reference, error, "the device could not read it");
            return error;
        }
        if (CheckCode.Verify(reference, stored)) return Hammer2Error.None;
        Faults.Report(
            reference, Hammer2Error.Check, $"the {reference.Methods.Check} check code does not match");
        return Hammer2Error.Check;
    }

    // References inside loaded blocks were validated with them; this guards against a caller's mistake and
    // keeps the size of the allocation in bounds whatever comes.
    private static bool CanLoad(in Blockref reference, out ChainKind kind)
    {
        kind = reference.Type switch
        {
            BlockrefType.Inode => ChainKind.Inode,
            BlockrefType.Indirect => ChainKind.Indirect,
            _ => ChainKind.Name,
        };
        int size = reference.Data.SizeBytes;
        return kind switch
        {
            ChainKind.Inode => size == Media.InodeBytes,
            ChainKind.Indirect => size is >= Media.IndirectBytesMin and <= Media.AllocationBytesMax,
            _ => reference.Type == BlockrefType.Dirent && size == Media.AllocationBytesMin,
        };
    }

    private static MediaFault? ContentFault(
        ChainKind kind, in Blockref reference, ReadOnlySpan<byte> block) => kind switch
        {
            ChainKind.Inode => MediaValidator.Inode(reference, block),
            ChainKind.Indirect =>
                MediaValidator.Table(MemoryMarshal.Cast<byte, Blockref>(block), BlockrefType.Indirect),
            _ => MediaValidator.DirentName(reference, block),
        };
}
