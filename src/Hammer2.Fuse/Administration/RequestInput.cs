// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Runtime.InteropServices;
using Linux.Text;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Fuse.Administration;

/// <summary>A file or pipe that a request names, read on the thread of the request. Reading ends when the request is
/// cancelled, also while nothing comes.</summary>
internal sealed unsafe partial class RequestInput : Stream
{
    private const int ReadOnly = 0;
    private const int NonBlocking = 0x800;          // O_NONBLOCK
    private const int CloseOnExec = 0x80000;        // O_CLOEXEC
    private const int Interrupted = 4;              // EINTR
    private const int TryAgain = 11;                // EAGAIN
    private const short Readable = 1;               // POLLIN
    private const int WaitMilliseconds = 200;
    private const int SeekStart = 0;                // SEEK_SET
    private const int SeekEnd = 2;                  // SEEK_END

    private readonly SafeFileHandle _file;
    private readonly RequestContext _context;
    private readonly long _totalBytes;              // 0 for a pipe
    private long _readBytes;

    private RequestInput(SafeFileHandle file, RequestContext context)
    {
        (_file, _context) = (file, context);
        long end = SeekTo(file, 0, SeekEnd);
        _totalBytes = Math.Max(end, 0);
        if (end > 0) _ = SeekTo(file, 0, SeekStart);
    }

    /// <summary>Opens a path.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="context">The request, which is told how much was read.</param>
    /// <param name="reason">Why it cannot be opened.</param>
    /// <returns>Null when it cannot be opened.</returns>
    public static RequestInput? TryOpen(string path, RequestContext context, out string reason)
    {
        reason = "";
        int descriptor = Open(path, ReadOnly | NonBlocking | CloseOnExec, 0);
        if (descriptor >= 0) return new RequestInput(new SafeFileHandle(descriptor, ownsHandle: true), context);
        reason = Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
        return null;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads what is there, or waits for more; 0 at the end, and once it is cancelled.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (!_context.IsCancelled())
        {
            nint got;
            fixed (byte* first = buffer) got = ReadSome(_file, first, buffer.Length);
            if (got >= 0)
            {
                _readBytes += got;
                _context.Report(_readBytes, _totalBytes);
                return (int)got;
            }
            int error = Marshal.GetLastPInvokeError();
            if (error != TryAgain && error != Interrupted)
                throw new IOException(Marshal.GetPInvokeErrorMessage(error));
            Wait();
        }
        return 0;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush() => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _file.Dispose();
        base.Dispose(disposing);
    }

    private void Wait()
    {
        bool isHeld = false;
        try
        {
            _file.DangerousAddRef(ref isHeld);
            var request = new PollRequest { Descriptor = (int)_file.DangerousGetHandle(), Wanted = Readable };
            _ = Poll(&request, 1, WaitMilliseconds);
        }
        finally
        {
            if (isHeld) _file.DangerousRelease();
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadSome(SafeFileHandle file, byte* buffer, nint bytes);

    [LibraryImport("libc", EntryPoint = "lseek")]
    private static partial long SeekTo(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollRequest* requests, nuint count, int milliseconds);

    // struct pollfd
    private struct PollRequest
    {
        public int Descriptor;
        public short Wanted;
        public short Happened;
    }
}
