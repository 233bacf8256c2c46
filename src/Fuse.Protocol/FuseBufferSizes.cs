// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>How long the buffers of a session are, in bytes.</summary>
/// <param name="RequestBytes">For any request.</param>
/// <param name="ReplyBytes">For any answer.</param>
internal readonly record struct FuseBufferSizes(int RequestBytes, int ReplyBytes)
{
    // Room for the headers before the data of a WRITE; the kernel asks for 8 KiB at least.
    private const int HeadBytes = 4096;
    private const int RequestBytesMin = 8192;

    // READDIR, xattrs and ioctls answer up to 64 KiB however short reads are.
    private const int ReplyBytesMin = 65536;

    /// <summary>What was agreed on WRITE and READ decides.</summary>
    public static FuseBufferSizes For(int maxWriteBytes, int maxReadBytes) =>
        new(Math.Max(maxWriteBytes + HeadBytes, RequestBytesMin), Math.Max(maxReadBytes, ReplyBytesMin));
}
