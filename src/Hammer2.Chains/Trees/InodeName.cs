// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Chains.Trees;

/// <summary>What is in the name area of an inode, 256 bytes together.</summary>
/// <param name="name">The label of a PFS root, or the inode number in hexadecimal.</param>
/// <param name="after">What follows it: the holds and members of a PFS, the extended attributes of an object.</param>
public readonly ref struct InodeName(ReadOnlySpan<byte> name, ReadOnlySpan<byte> after)
{
    /// <summary>The name.</summary>
    public ReadOnlySpan<byte> Name { get; } = name;

    /// <summary>The bytes after it; the rest of the area is zero.</summary>
    public ReadOnlySpan<byte> After { get; } = after;

    /// <summary>A name alone.</summary>
    public static implicit operator InodeName(ReadOnlySpan<byte> name) => new(name, default);

    /// <summary>A name alone.</summary>
    public static implicit operator InodeName(Span<byte> name) => new(name, default);

    /// <summary>A name alone.</summary>
    public static InodeName FromReadOnlySpan(ReadOnlySpan<byte> name) => name;

    /// <summary>A name alone.</summary>
    public static InodeName FromSpan(Span<byte> name) => name;
}
