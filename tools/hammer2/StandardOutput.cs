// SPDX-License-Identifier: BSD-3-Clause
using System.IO;

namespace Hammer2.Tool;

/// <summary>Wraps standard output so that its errors are IOExceptions that name standard output. The runtime throws
/// three types of exceptions, with messages about a path.</summary>
internal sealed class StandardOutput(Stream below) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
        try
        {
            below.Flush();
        }
        catch (Exception failure) when (IsOfOutput(failure))
        {
            throw Named(failure);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            below.Write(buffer);
        }
        catch (Exception failure) when (IsOfOutput(failure))
        {
            throw Named(failure);
        }
    }

    private static bool IsOfOutput(Exception failure) =>
        failure is IOException or UnauthorizedAccessException or NotSupportedException;

    // The runtime reports EBADF as UnauthorizedAccessException, with the reason as inner exception.
    private static IOException Named(Exception failure)
    {
        string reason = failure is NotSupportedException
            ? "Bad file descriptor" : failure.InnerException?.Message ?? failure.Message;
        return new IOException("standard output: " + reason, failure.HResult);
    }
}
