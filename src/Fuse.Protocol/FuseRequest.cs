// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>
/// Reads one request. Every read checks the remaining length; the first failure is stored in <see cref="Fault"/>, and
/// all later reads return zeros, so that a handler reads everything it needs and checks once.
/// </summary>
/// <remarks>
/// Structs of the protocol grow only at their end and by negotiation, so bytes after the last known field are ignored;
/// missing ones are a fault.
/// </remarks>
public ref struct FuseRequest
{
    /// <summary>Bytes of the header that starts every request.</summary>
    public const int HeaderBytes = 40;

    private readonly ReadOnlySpan<byte> _body;
    private readonly ref readonly FuseInHeader _header;
    private int _next;

    private FuseRequest(ReadOnlySpan<byte> message, ReadOnlySpan<byte> body)
    {
        _header = ref MemoryMarshal.AsRef<FuseInHeader>(message);
        _body = body;
    }

    /// <summary>A description of the first fault; null while all reads succeeded.</summary>
    public string? Fault { get; private set; }

    /// <summary>The header.</summary>
    public readonly ref readonly FuseInHeader Header => ref _header;

    /// <summary>Bytes not read yet.</summary>
    public readonly int RemainingBytes => _body.Length - _next;

    /// <summary>
    /// Starts reading a message. False when its header or its lengths are malformed, with the reason in
    /// <paramref name="fault"/>; the header is then readable if the message is at least as long as one.
    /// </summary>
    public static bool TryOpen(ReadOnlySpan<byte> message, out FuseRequest request, out string? fault)
    {
        request = default;
        if (message.Length < HeaderBytes)
        {
            fault = "shorter than a header";
            return false;
        }
        request = new FuseRequest(message, default);
        if (request.Header.Length != message.Length)
        {
            fault = "its length field differs from its length";
            return false;
        }
        int extensionBytes = request.Header.ExtensionWords * 8;
        if (extensionBytes > message.Length - HeaderBytes)
        {
            fault = "its extensions are longer than itself";
            return false;
        }
        request = new FuseRequest(message, message[HeaderBytes..^extensionBytes]);
        fault = null;
        return true;
    }

    /// <summary>Reads a struct.</summary>
    public ref readonly T Record<T>()
        where T : unmanaged
    {
        if (typeof(T) == typeof(FuseNothing)) return ref Zero<T>.Record;
        int size = Unsafe.SizeOf<T>();
        if (Fault is not null || size > RemainingBytes) return ref Missing<T>("its record is cut short");
        ref readonly T record = ref MemoryMarshal.AsRef<T>(_body.Slice(_next, size));
        _next += size;
        return ref record;
    }

    /// <summary>Reads the first <paramref name="sizeBytes"/> of a struct that older kernels send shorter; the rest is
    /// zero.</summary>
    public T ShorterRecord<T>(int sizeBytes)
        where T : unmanaged
    {
        T record = default;
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<T>(ref record));
        Bytes((uint)sizeBytes).CopyTo(bytes);
        return record;
    }

    /// <summary>Reads a name without its terminating NUL. An empty name is a fault; the filesystem checks the maximum
    /// length.</summary>
    public ReadOnlySpan<byte> Name()
    {
        ReadOnlySpan<byte> rest = Fault is null ? _body[_next..] : default;
        int length = rest.IndexOf((byte)0);
        if (length <= 0)
        {
            Fault ??= length == 0 ? "its name is empty" : "its name has no end";
            return default;
        }
        _next += length + 1;
        return rest[..length];
    }

    /// <summary>Reads that many bytes.</summary>
    public ReadOnlySpan<byte> Bytes(uint count)
    {
        if (Fault is not null || count > (uint)RemainingBytes)
        {
            Fault ??= "its data is cut short";
            return default;
        }
        ReadOnlySpan<byte> bytes = _body.Slice(_next, (int)count);
        _next += (int)count;
        return bytes;
    }

    /// <summary>Marks the request as faulty, for a reason that only its handler can detect.</summary>
    public void Reject(string reason) => Fault ??= reason;

    private ref readonly T Missing<T>(string reason)
        where T : unmanaged
    {
        Fault ??= reason;
        return ref Zero<T>.Record;
    }

    private static class Zero<T>
        where T : unmanaged
    {
        public static readonly T Record;
    }
}
