// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace Linux.Text;

/// <summary>Passes strings of <see cref="ByteText"/> to C functions, as their bytes and a NUL.</summary>
[CustomMarshaller(typeof(string), MarshalMode.ManagedToUnmanagedIn, typeof(ByteTextMarshaller))]
public static unsafe class ByteTextMarshaller
{
    /// <summary>Copies the bytes and a NUL to unmanaged memory, which <see cref="Free"/> releases; null for
    /// null.</summary>
    public static byte* ConvertToUnmanaged(string? text)
    {
        if (text is null) return null;
        byte[] bytes = ByteText.Encode(text);
        byte* copy = (byte*)NativeMemory.Alloc((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(copy, bytes.Length));
        copy[bytes.Length] = 0;
        return copy;
    }

    /// <summary>Releases memory from <see cref="ConvertToUnmanaged"/>.</summary>
    public static void Free(byte* text) => NativeMemory.Free(text);
}
