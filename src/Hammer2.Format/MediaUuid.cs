// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>A UUID in media order: the first three fields are little-endian, as in <see cref="Guid"/>.</summary>
/// <remarks>Source: <c>struct uuid</c>. libuuid and RFC text order differ.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct MediaUuid : IEquatable<MediaUuid>
{
    [FieldOffset(0x00)] public ulong Low;
    [FieldOffset(0x08)] public ulong High;

    /// <summary>A user or group number: bytes 12 to 15.</summary>
    [FieldOffset(0x0C)] public uint UnixId;

    /// <summary>The same value as a <see cref="Guid"/>, which prints it the usual way.</summary>
    public readonly Guid ToGuid() => new(MemoryMarshal.AsBytes(new ReadOnlySpan<MediaUuid>(in this)));

    /// <summary>Converts a <see cref="Guid"/>.</summary>
    public static MediaUuid From(Guid value)
    {
        MediaUuid result = default;
        _ = value.TryWriteBytes(MemoryMarshal.AsBytes(new Span<MediaUuid>(ref result)));
        return result;
    }

    /// <summary>The stored form of a user or group number: bytes 12 to 15, the rest zero.</summary>
    public static MediaUuid FromUnixId(uint id) => new() { UnixId = id };

    /// <summary>True when no bit is set.</summary>
    public readonly bool IsZero => (Low | High) == 0;

    /// <inheritdoc/>
    public readonly bool Equals(MediaUuid other) => Low == other.Low && High == other.High;

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is MediaUuid other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(Low, High);

    /// <summary>Equality of all 16 bytes.</summary>
    public static bool operator ==(MediaUuid left, MediaUuid right) => left.Equals(right);

    /// <summary>Inequality of any byte.</summary>
    public static bool operator !=(MediaUuid left, MediaUuid right) => !left.Equals(right);

    /// <inheritdoc/>
    public override readonly string ToString() => ToGuid().ToString();
}
