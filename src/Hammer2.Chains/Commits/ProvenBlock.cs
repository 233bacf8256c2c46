// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>Writes the bytes of a committed block again where the block is, when its own check code proves that they
/// are what belongs there.</summary>
/// <remarks>
/// The only overwriting of something that a volume header leads to. It needs no barrier and no order: until the write
/// is complete the block is as damaged as before, and every reader compares it with its check code. A pinned commit
/// leads to the block, so that bulkfree does not free it and nothing else is written there meanwhile.
/// </remarks>
public static class ProvenBlock
{
    // The kernel reads the rest of a page that is written in part, which fails where the device cannot read it.
    private const int PageBytes = 4096;

    /// <summary>True when a block can be written where it is, after reading it met a fault.</summary>
    /// <param name="reference">The reference to it.</param>
    /// <param name="fault">What reading it met.</param>
    public static bool CanRewrite(in Blockref reference, Hammer2Error fault)
    {
        if (!CheckCode.Protects(reference.Methods.Check)) return false;
        bool isWholePages = reference.Data.SizeBytes % PageBytes == 0 && reference.Data.Bytes % PageBytes == 0;
        return isWholePages || (fault & Hammer2Error.Io) == 0;
    }

    /// <summary>Writes a block, and reads it back.</summary>
    /// <param name="committer">The filesystem.</param>
    /// <param name="pin">A pinned commit of it that leads to the block.</param>
    /// <param name="reference">The reference to the block, as that commit has it.</param>
    /// <param name="stored">All of its bytes, as stored.</param>
    /// <returns>None; Check when the check code does not prove the bytes, or they are read back changed; what reading
    /// back met; the error of the write, which fences the device.</returns>
    /// <remarks>Durable after the next barrier.</remarks>
    public static Hammer2Error Rewrite(
        MediaCommitter committer, PinnedRoot pin, in Blockref reference, ReadOnlyMemory<byte> stored)
    {
        Invariant.Holds(committer.PinnedRoots.Contains(pin));
        bool isProven = CheckCode.Protects(reference.Methods.Check) && stored.Length == reference.Data.SizeBytes
            && CheckCode.Verify(reference, stored.Span);
        if (!isProven) return Hammer2Error.Check;
        MediaReader device = committer.Device;
        ulong address = reference.Data.Bytes;
        Hammer2Error error = committer.RunUnlessFenced((committer, address, stored), static work =>
        {
            Hammer2Error written = work.committer.Device.Volumes.Write(work.address, work.stored.Span);
            if (written != Hammer2Error.None) work.committer.Fence(written);
            return written;
        });
        if (error != Hammer2Error.None)
        {
            device.Faults.Report(reference, error, "the device could not write it where it belongs");
            return error;
        }
        byte[] back = new byte[stored.Length];
        error = device.Volumes.Read(address, back);
        if (error == Hammer2Error.None && !CheckCode.Verify(reference, back)) error = Hammer2Error.Check;
        if (error != Hammer2Error.None) return error;
        device.Faults.Forget(reference);
        if (device.Volumes.TryFindVolume(address, 1, out Volume? volume)) volume.Errors.CountHealed();
        return error;
    }
}
