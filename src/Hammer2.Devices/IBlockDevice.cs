// SPDX-License-Identifier: BSD-3-Clause

using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// A persistent array of bytes: an image file, a block device, a partition of either, or a test double that loses,
/// tears and corrupts writes on purpose. All access to media goes through this interface, so that tests can inject
/// every fault that the driver must survive.
/// </summary>
/// <remarks>
/// All methods may be called from several threads at once. Errors are values: no method throws because of a device
/// error or an invalid offset. A failed call may have transferred part of its bytes.
/// </remarks>
public interface IBlockDevice : IDisposable
{
    /// <summary>Name of the device for messages, normally the path that it was opened by.</summary>
    string Name { get; }

    /// <summary>Size in bytes. Every call must lie wholly within [0, LengthBytes).</summary>
    long LengthBytes { get; }

    /// <summary>Measures the device again: an image or a block device may have become longer since it was opened. What
    /// was measured is <see cref="LengthBytes"/> afterwards, and never less than before.</summary>
    /// <returns>The length; the known one where it cannot be measured or cannot change.</returns>
    long Remeasure() => LengthBytes;

    /// <summary>
    /// Size in bytes of the smallest unit that the device writes atomically, a power of two from 512: all bytes of one
    /// unit are written or none are. Nothing is assumed about two units.
    /// </summary>
    int SectorBytes { get; }

    /// <summary>The alignment at which <see cref="WriteUncached"/> is fastest, in bytes: a page of memory.</summary>
    const int UncachedAlignmentBytes = 4096;

    /// <summary>True when <see cref="Write"/> and <see cref="Discard"/> return ReadOnly.</summary>
    bool IsReadOnly { get; }

    /// <summary>True when it is written, or seems to be such that <see cref="BeginWriting"/> would succeed while no
    /// other process uses it.</summary>
    bool CanBeWritten => !IsReadOnly;

    /// <summary>Has a device that was opened read-only written from now on, under the locks of a writer. It is locked
    /// all the time, so that what was read before is on it still.</summary>
    /// <exception cref="MediaException">It is write-protected, or in use by others; it is as before then.</exception>
    void BeginWriting()
    {
        if (IsReadOnly) throw new WriteProtectedException(Name, "cannot be written once it was opened read-only");
    }

    /// <summary>Takes back <see cref="BeginWriting"/>, before anything was written, as far as it can.</summary>
    void EndWriting()
    {
    }

    /// <summary>Why no call can succeed any more, such as the end of the connection to another machine; null while the
    /// device can be used. A device that failed stays failed.</summary>
    string? Failure => null;

    /// <summary>What calls that returned an error may still do to the content of the device, in words; null when
    /// nothing. Until then nothing may be written to it by another way.</summary>
    string? Unsettled => null;

    /// <summary>Fills the destination from the device, starting at a byte offset.</summary>
    /// <returns>None; Io when the range is not wholly within the device or could not be read in full. The content of
    /// the destination is then undefined.</returns>
    Hammer2Error Read(long offset, Span<byte> destination);

    /// <summary>
    /// Writes the source to the device. Later reads return the bytes at once. They survive a power failure only after
    /// the next <see cref="Flush"/> that returns None.
    /// </summary>
    /// <returns>None; ReadOnly; NoSpace when a sparse image's filesystem is full; Io otherwise.</returns>
    Hammer2Error Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>
    /// As <see cref="Write"/>, for bytes that are not expected to be read soon: the device may bypass its cache.
    /// Fastest when the offset, the length and the address in memory are multiples of
    /// <see cref="UncachedAlignmentBytes"/>.
    /// </summary>
    Hammer2Error WriteUncached(long offset, ReadOnlySpan<byte> source) => Write(offset, source);

    /// <summary>Drops what a cache above the device has of a range and the device has, too, so that the next read comes
    /// from the device. A hint.</summary>
    void ForgetCached(long offset, long lengthBytes)
    {
    }

    /// <summary>
    /// Makes every write that returned before this call durable. After an error the state of all writes since the
    /// previous successful flush is unknown, and a later success does not cover them.
    /// </summary>
    /// <returns>None (always for a read-only device), or Io.</returns>
    Hammer2Error Flush();

    /// <summary>
    /// Tells the device that a range is no longer needed. Later reads of it may return any bytes. A device that cannot
    /// discard returns None and keeps the bytes: this is a hint and does not erase data.
    /// </summary>
    /// <returns>None, ReadOnly, or Io.</returns>
    Hammer2Error Discard(long offset, long lengthBytes);
}
