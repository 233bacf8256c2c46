// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains;

public abstract partial class MediaReader
{
    /// <summary>
    /// Reads part of one file block. A block decodes to at most 64 KiB; bytes between its end and 64 KiB read as zeros.
    /// </summary>
    /// <param name="reference">A validated DATA reference.</param>
    /// <param name="start">First byte in the block, 0 to 65535.</param>
    /// <param name="destination">Filled completely on success; <paramref name="start"/> plus its length is at most
    /// 65536.</param>
    /// <param name="isWhole">True when the rest of the block will not be asked for soon: it is not
    /// kept.</param>
    /// <returns>None; Io, Check or Corrupt, which were logged with the location.</returns>
    public Hammer2Error ReadData(in Blockref reference, int start, Span<byte> destination, bool isWhole)
    {
        int storedBytes = reference.Data.SizeBytes;
        if (reference.Type != BlockrefType.Data || storedBytes is 0 or > Media.FileBlockBytes)
        {
            Faults.Report(reference, Hammer2Error.Corrupt, "the reference has no block of file data");
            return Hammer2Error.Corrupt;
        }
        bool isRaw = reference.Methods.Compression == CompressionMethod.None;
        if (isRaw && start == 0 && destination.Length >= storedBytes)
        {
            Hammer2Error error = ReadVerified(reference, destination[..storedBytes]);
            if (error == Hammer2Error.None) destination[storedBytes..].Clear();
            return error;
        }
        if (start == 0 && destination.Length == Media.FileBlockBytes) return Decode(reference, destination);

        var key = new DataBlockKey(Ordinal, reference);
        if (Caches.Data.TryCopy(key, start, destination)) return Hammer2Error.None;
        byte[]? block = Caches.Buffers.Rent();
        Hammer2Error decoded = Decode(reference, block);
        if (decoded == Hammer2Error.None)
        {
            block.AsSpan(start, destination.Length).CopyTo(destination);
            if (!isWhole) block = Caches.Data.Exchange(key, block);
        }
        Caches.Buffers.Return(block);
        return decoded;
    }

    /// <summary>Reads the stored (encoded) bytes of a block of file data, to copy them.</summary>
    /// <param name="reference">A validated DATA reference.</param>
    /// <param name="stored">Buffer of the length in the reference.</param>
    /// <returns>None; Io or Check, which were logged with the location.</returns>
    public Hammer2Error ReadStored(in Blockref reference, Span<byte> stored) => ReadVerified(reference, stored);

    /// <summary>As <see cref="ReadStored"/>, for what examines the device: the block is read from it, also where the
    /// page cache has it.</summary>
    public Hammer2Error ReadAnew(in Blockref reference, Span<byte> stored)
    {
        Volumes.ForgetCached(reference.Data.Bytes, stored.Length);
        return ReadVerified(reference, stored);
    }

    // Fills all 64 KiB.
    private Hammer2Error Decode(in Blockref reference, Span<byte> block)
    {
        int storedBytes = reference.Data.SizeBytes;
        if (reference.Methods.Compression == CompressionMethod.None)
        {
            Hammer2Error raw = ReadVerified(reference, block[..storedBytes]);
            if (raw == Hammer2Error.None) block[storedBytes..].Clear();
            return raw;
        }
        byte[] stored = Caches.Buffers.Rent();
        Hammer2Error error = ReadVerified(reference, stored.AsSpan(0, storedBytes));
        if (error == Hammer2Error.None)
        {
            error = BlockCodec.Decode(
                reference.Methods.Compression, stored.AsSpan(0, storedBytes), block, out int decodedBytes);
            if (error == Hammer2Error.None) block[decodedBytes..].Clear();
            else Faults.Report(reference, error, $"the {reference.Methods.Compression} data does not decode");
        }
        Caches.Buffers.Return(stored);
        return error;
    }
}
