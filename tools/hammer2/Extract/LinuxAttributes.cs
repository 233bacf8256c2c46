// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Hammer2.Tool.Extract;

/// <summary>Extended attributes of objects of the host. Symbolic links are not followed. Methods return 0 or a Linux error
/// number.</summary>
internal static unsafe partial class LinuxAttributes
{
    private const int ErrorRange = 34;
    private const int ListBytesMax = 65536;  // XATTR_LIST_MAX
    private const int ValueBytesMax = 65536; // XATTR_SIZE_MAX

    [LibraryImport("libc", SetLastError = true)]
    private static partial int lsetxattr(byte* path, byte* name, byte* value, nint valueBytes, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsetxattr(int descriptor, byte* name, byte* value, nint valueBytes, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fremovexattr(int descriptor, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint lgetxattr(byte* path, byte* name, byte* value, nint valueBytes);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint llistxattr(byte* path, byte* names, nint namesBytes);

    /// <summary>A path to a name in an open directory, whose own path may have changed; with an empty name, to the
    /// directory.</summary>
    public static byte[] PathOf(int directory, byte[] name)
    {
        string start = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{directory}/");
        return [.. Encoding.ASCII.GetBytes(start), .. name.Length == 0 ? "."u8 : name];
    }

    /// <summary>Names of the attributes of an object, ordered by their bytes; none when it cannot have any.</summary>
    public static List<byte[]> List(byte[] path)
    {
        byte[] buffer = new byte[4096];
        var names = new List<byte[]>();
        for (; ; )
        {
            nint count;
            fixed (byte* text = Terminated(path))
            fixed (byte* target = buffer) count = llistxattr(text, target, buffer.Length);
            if (count < 0)
            {
                if (Marshal.GetLastPInvokeError() != ErrorRange || buffer.Length > ListBytesMax) return names;
                buffer = new byte[buffer.Length * 2];
                continue;
            }
            foreach (Range part in buffer.AsSpan(0, (int)count).Split((byte)0))
                if (buffer[part].Length > 0) names.Add(buffer[part]);
            names.Sort(static (left, right) => left.AsSpan().SequenceCompareTo(right));
            return names;
        }
    }

    /// <summary>Reads an attribute.</summary>
    public static int Read(byte[] path, byte[] name, out byte[] value)
    {
        byte[] buffer = new byte[ValueBytesMax];
        nint count;
        fixed (byte* text = Terminated(path))
        fixed (byte* attribute = Terminated(name))
        fixed (byte* target = buffer) count = lgetxattr(text, attribute, target, buffer.Length);
        value = count < 0 ? [] : buffer[..(int)count];
        return count < 0 ? Marshal.GetLastPInvokeError() : 0;
    }

    /// <summary>Sets an attribute.</summary>
    public static int Set(byte[] path, byte[] name, byte[] value)
    {
        fixed (byte* text = Terminated(path))
        fixed (byte* attribute = Terminated(name))
        fixed (byte* bytes = Terminated(value))
            return Result(lsetxattr(text, attribute, bytes, value.Length, 0));
    }

    /// <summary>Sets an attribute of an open object.</summary>
    public static int Set(int descriptor, byte[] name, byte[] value)
    {
        fixed (byte* attribute = Terminated(name))
        fixed (byte* bytes = Terminated(value))
            return Result(fsetxattr(descriptor, attribute, bytes, value.Length, 0));
    }

    /// <summary>Removes an attribute of an open object.</summary>
    public static int Remove(int descriptor, ReadOnlySpan<byte> name)
    {
        fixed (byte* attribute = Terminated(name)) return Result(fremovexattr(descriptor, attribute));
    }

    private static byte[] Terminated(ReadOnlySpan<byte> text) => [.. text, 0];

    private static int Result(int result) => result == 0 ? 0 : Marshal.GetLastPInvokeError();
}
