// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>Sends replies to the kernel.</summary>
public interface IFuseSender
{
    /// <summary>
    /// Sends a header and its payload as one message; <see cref="FuseOutHeader.Length"/> counts both. Returns 0 or a
    /// positive error number: ENOENT when the caller does not wait for the reply any more.
    /// </summary>
    int Send(in FuseOutHeader header, ReadOnlySpan<byte> payload);
}
