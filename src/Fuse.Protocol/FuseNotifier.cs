// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>
/// Invalidates entries, attributes and data in the kernel's caches. From any thread, but never from inside a request on
/// the same node or directory: the kernel may hold a lock during the request that it needs to invalidate.
/// </summary>
/// <remarks>Every method returns 0 or an error number; ENOENT means that nothing was cached, which is no
/// failure.</remarks>
public sealed class FuseNotifier
{
    private readonly IFuseChannel _channel;

    /// <summary>Sends notifications over the channel of a session.</summary>
    public FuseNotifier(FuseSession session) => _channel = session.MainChannel;

    internal FuseNotifier(IFuseChannel channel) => _channel = channel;

    /// <summary>Drops cached attributes of a node, and cached data from a position on.</summary>
    /// <param name="nodeId">The node.</param>
    /// <param name="position">First byte; negative drops attributes only.</param>
    /// <param name="lengthBytes">0 means up to the end.</param>
    public int InvalidateInode(ulong nodeId, long position, long lengthBytes)
    {
        var record = new FuseNotifyInvalidateInodeOut
        {
            NodeId = nodeId,
            Position = position,
            LengthBytes = lengthBytes,
        };
        return Send(FuseNotifyCode.InvalidateInode, MemoryMarshal.AsBytes(
            new ReadOnlySpan<FuseNotifyInvalidateInodeOut>(in record)));
    }

    /// <summary>Drops a cached entry or negative entry.</summary>
    /// <param name="directory">The directory's node.</param>
    /// <param name="name">1 to 255 bytes.</param>
    /// <param name="onlyExpires">True to look the name up again before its next use instead (needs
    /// HAS_EXPIRE_ONLY).</param>
    public int InvalidateEntry(ulong directory, ReadOnlySpan<byte> name, bool onlyExpires = false)
    {
        int head = Unsafe.SizeOf<FuseNotifyInvalidateEntryOut>();
        Span<byte> message = stackalloc byte[head + NameBytesMax + 1];
        if (name.IsEmpty || name.Length > NameBytesMax) return FuseErrno.EINVAL;
        var record = new FuseNotifyInvalidateEntryOut
        {
            Directory = directory,
            NameBytes = (uint)name.Length,
            Flags = onlyExpires ? FuseRequestFlags.ExpireOnly : 0,
        };
        MemoryMarshal.Write(message, in record);
        name.CopyTo(message[head..]);
        message[head + name.Length] = 0;
        return Send(FuseNotifyCode.InvalidateEntry, message[..(head + name.Length + 1)]);
    }

    /// <summary>Wakes the callers of poll(2) for a file that became ready.</summary>
    /// <param name="kernelHandle">From the request <see cref="FusePollIn"/>.</param>
    public int WakePoll(ulong kernelHandle)
    {
        var record = new FuseNotifyPollOut { KernelHandle = kernelHandle };
        return Send(
            FuseNotifyCode.Poll, MemoryMarshal.AsBytes(new ReadOnlySpan<FuseNotifyPollOut>(in record)));
    }

    private const int NameBytesMax = 255;

    private int Send(FuseNotifyCode code, ReadOnlySpan<byte> payload)
    {
        var header = new FuseOutHeader
        {
            Length = (uint)(Unsafe.SizeOf<FuseOutHeader>() + payload.Length),
            Error = (int)code,
            Unique = 0,
        };
        return _channel.Send(in header, payload);
    }
}
