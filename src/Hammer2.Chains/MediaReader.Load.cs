// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains;

public abstract partial class MediaReader
{
    /// <summary>
    /// Loads the chain of an INODE or INDIRECT reference, or the name block of a long DIRENT reference: from the cache,
    /// or read, verified and validated. All metadata is read here; no caller validates a field again.
    /// </summary>
    /// <returns>None; Io, Check or Corrupt, which were logged with the location.</returns>
    /// <remarks>Upstream: <c>hammer2_chain_load_data</c>.</remarks>
    public Hammer2Error Load(in Blockref reference, out Chain? chain)
    {
        chain = Caches.Chains.Find(Ordinal, reference);
        if (chain is not null) return Hammer2Error.None;
        Hammer2Error error = LoadFromMedia(reference, out chain);
        if (error == Hammer2Error.None) Caches.Chains.Add(Ordinal, chain!);
        return error;
    }

    /// <summary>As <see cref="Load"/>, for a commit: a failed read is retried once, since accepted changes depend on
    /// it.</summary>
    public Hammer2Error LoadForChange(in Blockref reference, out Chain? chain)
    {
        Hammer2Error error = Load(reference, out chain);
        return error == Hammer2Error.Io ? Load(reference, out chain) : error;
    }

    /// <summary>As <see cref="Load"/>, for a walk that reads each block once: the block is not added to the
    /// cache.</summary>
    public Hammer2Error LoadOnce(in Blockref reference, out Chain? chain)
    {
        chain = Caches.Chains.Find(Ordinal, reference);
        return chain is not null ? Hammer2Error.None : LoadFromMedia(reference, out chain);
    }

    /// <summary>As <see cref="Load"/>, for what examines the device: the block is read from it, whatever is in the
    /// cache, and not added to that.</summary>
    public Hammer2Error LoadAnew(in Blockref reference, out Chain? chain)
    {
        Volumes.ForgetCached(reference.Data.Bytes, reference.Data.SizeBytes);
        return LoadFromMedia(reference, out chain);
    }

    /// <summary>Copies a block of metadata that is in the cache, as it is stored.</summary>
    /// <param name="reference">The reference to it.</param>
    /// <param name="stored">Buffer of the length in the reference.</param>
    /// <returns>False when it is not there.</returns>
    public bool TryCopyCached(in Blockref reference, Span<byte> stored)
    {
        if (Caches.Chains.Find(Ordinal, reference) is not { } chain) return false;
        stored.Clear();
        chain.Block.CopyTo(stored);
        return true;
    }

    private Hammer2Error LoadFromMedia(in Blockref reference, out Chain? chain)
    {
        chain = null;
        if (!CanLoad(reference, out ChainKind kind))
        {
            Faults.Report(reference, Hammer2Error.Corrupt, "the reference has no block of metadata");
            return Hammer2Error.Corrupt;
        }
        byte[] read = Caches.Buffers.Rent();
        Span<byte> block = read.AsSpan(0, reference.Data.SizeBytes);
        Hammer2Error error = ReadVerified(reference, block);
        if (error == Hammer2Error.None && ContentFault(kind, reference, block) is { } fault)
        {
            error = Hammer2Error.Corrupt;
            Faults.Report(reference, error, fault.ToString());
        }
        if (error == Hammer2Error.None)
        {
            // A table is rarely full: slots after the last one in use are not kept.
            if (kind == ChainKind.Indirect) block = block[..UsedBytes(block)];
            chain = new Chain(kind, reference, Kept(block));
        }
        Caches.Buffers.Return(read);
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

    /// <summary>Reports a legal reference that stands where its kind cannot be.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="reason">Why it is not allowed there.</param>
    /// <returns>Always Corrupt.</returns>
    public Hammer2Error ReportMisplaced(in Blockref reference, string reason)
    {
        Faults.Report(reference, Hammer2Error.Corrupt, reason);
        return Hammer2Error.Corrupt;
    }

    /// <summary>Validates a name stored inside its reference. Such a name has no check code, so that only its syntax
    /// can be checked.</summary>
    /// <returns>None, or Corrupt, which was logged.</returns>
    public Hammer2Error CheckEntryName(in Blockref entry)
    {
        if (MediaValidator.DirentName(entry, default) is not { } fault) return Hammer2Error.None;
        Faults.Report(entry, Hammer2Error.Corrupt, fault.ToString());
        return Hammer2Error.Corrupt;
    }

    /// <summary>Reads the stored bytes of a block and compares them with the check code.</summary>
    /// <param name="reference">A validated reference with storage.</param>
    /// <param name="stored">Buffer of the length in the reference.</param>
    private Hammer2Error ReadVerified(in Blockref reference, Span<byte> stored)
    {
        if (NeedsCheckCodes && !CheckCode.Protects(reference.Methods.Check))
        {
            Faults.Report(reference, Hammer2Error.Check, "it has no check code, so that it cannot be verified");
            return Hammer2Error.Check;
        }
        Hammer2Error error = Volumes.Read(reference.Data.Bytes, stored);
        if (error != Hammer2Error.None)
        {
            Faults.Report(reference, error, "the device could not read it");
            return error;
        }
        if (CheckCode.Verify(reference, stored)) return Hammer2Error.None;
        // What an older header leads to may have been freed and used again, which is no error of the device.
        if (!NeedsCheckCodes && Volumes.TryFindVolume(reference.Data.Bytes, 1, out Volume? volume))
            volume.Errors.CountCheck();
        Faults.Report(
            reference, Hammer2Error.Check, $"the {reference.Methods.Check} check code does not match");
        return Hammer2Error.Check;
    }

    // References inside loaded blocks were validated with them; this check protects against programming errors and
    // limits the size of the allocation.
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
