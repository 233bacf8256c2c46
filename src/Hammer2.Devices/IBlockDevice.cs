// SPDX-License-Identifier: BSD-3-Clause

using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// A run of bytes that outlives the process: an image file, a block special, a partition of either, or a
/// test double that forgets, tears and corrupts on purpose. It is the one seam through which bytes reach
/// media, so that every fault the driver must survive can be made in memory.
/// </summary>
/// <remarks>
/// All methods may be called from several threads at once. Errors are values: nothing here throws because
/// of the device or of a hostile offset. A failed call may have transferred part of its bytes.
/// </remarks>
public interface IBlockDevice : IDisposable
{
    /// <summary>What to call this device in messages, normally the path it was opened by.</summary>
    string Name { get; }

    /// <summary>Size in bytes. Every call must lie wholly within [0, LengthBytes).</summary>
    long LengthBytes { get; }

    /// <summary>
    /// The size in bytes of the smallest unit the device writes whole, a power of two from 512; what lies
    /// within one unit is assumed to be written or lost together, nothing more.
    /// </summary>
    int SectorBytes { get; }

    /// <summary>See <see cref="WriteUncached"/>: a page of memory.</summary>
    const int UncachedAlignmentBytes = 4096;

    /// <summary>True when <see cref="Write"/> and <see cref="Discard"/> are refused.</summary>
    bool IsReadOnly { get; }

    /// <summary>Fills the destination from the device, starting at a byte offset.</summary>
    /// <returns>None; Io when the range is not wholly within the device or could not be read in full, and
    /// then the destination's bytes mean nothing.</returns>
    Hammer2Error Read(long offset, Span<byte> destination);

    /// <summary>
    /// Writes the source to the device. The bytes are seen by later reads at once, and are safe against
    /// power loss only after the next <see cref="Flush"/> that returns None.
    /// </summary>
    /// <returns>None; ReadOnly; NoSpace when a sparse image's filesystem is full; Io otherwise.</returns>
    Hammer2Error Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>
    /// As <see cref="Write"/>, for bytes that nobody is expected to read soon: a device may pass its cache by.
    /// Bytes that begin and end at, and are in memory at, multiples of
    /// <see cref="UncachedAlignmentBytes"/> spare it the most.
    /// </summary>
    Hammer2Error WriteUncached(long offset, ReadOnlySpan<byte> source) => Write(offset, source);

    /// <summary>
    /// Makes every write that returned before this call durable. After an error nothing is known about any
    /// write since the previous successful flush, and a later success does not cover them.
    /// </summary>
    /// <returns>None (also for a read-only device, which has nothing to make durable), or Io.</returns>
    Hammer2Error Flush();

    /// <summary>
    /// Tells the device that a range is no longer needed. Reads of it may return anything afterwards. A
    /// device that cannot discard returns None and keeps the bytes: this is advice, not an erasure.
    /// </summary>
    /// <returns>None, ReadOnly, or Io.</returns>
    Hammer2Error Discard(long offset, long lengthBytes);
}
