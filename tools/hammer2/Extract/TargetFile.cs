// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using static Hammer2.Tool.Extract.LinuxFiles;

namespace Hammer2.Tool.Extract;

/// <summary>
/// A regular file that is being written. All operations use the descriptor that created it, so that changes of its name
/// do not matter. Methods return 0 or a Linux error number.
/// </summary>
internal sealed unsafe class TargetFile(int descriptor) : IDisposable
{
    private const int EINTR = 4;

    private bool _isClosed;

    /// <summary>Writes all bytes at a position.</summary>
    public int Write(ulong position, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint written;
            fixed (byte* source = bytes) written = pwrite(descriptor, source, bytes.Length, (long)position);
            if (written < 0)
            {
                if (Marshal.GetLastPInvokeError() == EINTR) continue;
                return Marshal.GetLastPInvokeError();
            }
            bytes = bytes[(int)written..];
            position += (ulong)written;
        }
        return 0;
    }

    /// <summary>Sets the size; unwritten ranges are holes.</summary>
    public int SetSize(ulong size) => Result(ftruncate(descriptor, (long)size));

    /// <summary>Sets owner, permissions, extended attributes and times.</summary>
    public int SetAttributes(in TargetAttributes attributes)
    {
        // The owner is set first, because chown(2) clears set-id bits and capabilities.
        int error = attributes.Owner is { } owner ? Result(fchown(descriptor, owner.User, owner.Group)) : 0;
        if (error == 0) attributes.Extended?.Set(descriptor, isAcl: false);
        if (error == 0) error = Result(fchmod(descriptor, attributes.Mode));
        if (error == 0) attributes.Extended?.Set(descriptor, isAcl: true);
        if (error != 0 || attributes.Times is not { } times) return error;
        TimeSpec* pair = stackalloc TimeSpec[2];
        pair[0] = TimeSpec.OfMicroseconds(times.Access);
        pair[1] = TimeSpec.OfMicroseconds(times.Modify);
        return Result(futimens(descriptor, pair));
    }

    /// <summary>Closes the file; some filesystems report write errors only then.</summary>
    public int Close()
    {
        if (_isClosed) return 0;
        _isClosed = true;
        return Result(close(descriptor));
    }

    /// <summary>Closes a file that is abandoned.</summary>
    public void Dispose() => _ = Close();

    private static int Result(int result) => result == 0 ? 0 : Marshal.GetLastPInvokeError();
}
