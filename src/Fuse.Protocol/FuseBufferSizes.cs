// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>Lengths of the buffers of a session in bytes.</summary>
/// <param name="RequestBytes">Length for requests.</param>
/// <param name="ReplyBytes">Length for replies.</param>
internal readonly record struct FuseBufferSizes(int RequestBytes, int ReplyBytes)
{
    // Space for the headers before the data of a WRITE; the kernel requires at least 8 KiB.
    private const int HeadBytes = 4096;
    private const int RequestBytesMin = 8192;

    // Replies of READDIR, xattrs and ioctls have up to 64 KiB however short reads are.
    private const int ReplyBytesMin = 65536;

    /// <summary>Sizes for the negotiated lengths of WRITE and READ.</summary>
    public static FuseBufferSizes For(int maxWriteBytes, int maxReadBytes) =>
        new(Math.Max(maxWriteBytes + HeadBytes, RequestBytesMin), Math.Max(maxReadBytes, ReplyBytesMin));
}
