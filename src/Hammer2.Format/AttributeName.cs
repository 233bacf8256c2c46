// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>The name of an extended attribute: its namespace and what follows that.</summary>
/// <param name="space">The namespace.</param>
/// <param name="suffix">The rest of the name.</param>
public readonly ref struct AttributeName(AttributeNamespace space, ReadOnlySpan<byte> suffix)
{
    /// <summary>Longest name in bytes, with its namespace: XATTR_NAME_MAX of Linux.</summary>
    public const int BytesMax = 255;

    /// <summary>Its namespace.</summary>
    public AttributeNamespace Space { get; } = space;

    /// <summary>What follows the namespace; empty for ACLs, else 1 to 250 bytes.</summary>
    public ReadOnlySpan<byte> Suffix { get; } = suffix;

    /// <summary>Length of the whole name in bytes.</summary>
    public int Bytes => PrefixOf(Space).Length + Suffix.Length;

    /// <summary>The ACL that says who may access an object.</summary>
    public static AttributeName AccessAcl => new(AttributeNamespace.AccessAcl, default);

    /// <summary>The ACL that objects made in a directory get.</summary>
    public static AttributeName DefaultAcl => new(AttributeNamespace.DefaultAcl, default);

    /// <summary>The capabilities of a program, <c>security.capability</c>.</summary>
    public static AttributeName Capability => new(AttributeNamespace.Security, "capability"u8);

    /// <summary>Takes a name apart.</summary>
    /// <param name="name">As in setxattr(2).</param>
    /// <param name="parsed">Refers to it.</param>
    /// <returns>False for a namespace that is not stored, and for a name of a wrong length or with a NUL.</returns>
    public static bool TryParse(ReadOnlySpan<byte> name, out AttributeName parsed)
    {
        for (AttributeNamespace space = AttributeNamespace.User; space <= AttributeNamespace.Security; space++)
        {
            ReadOnlySpan<byte> prefix = PrefixOf(space);
            if (!name.StartsWith(prefix)) continue;
            parsed = new AttributeName(space, name[prefix.Length..]);
            return IsValid(parsed);
        }
        parsed = default;
        return false;
    }

    /// <summary>True when it can be stored.</summary>
    public static bool IsValid(in AttributeName name)
    {
        if (name.Space is AttributeNamespace.AccessAcl or AttributeNamespace.DefaultAcl) return name.Suffix.IsEmpty;
        return name.Space is >= AttributeNamespace.User and <= AttributeNamespace.Security
            && !name.Suffix.IsEmpty && name.Bytes <= BytesMax && !name.Suffix.Contains((byte)0);
    }

    /// <summary>Writes the whole name.</summary>
    /// <param name="destination">At least <see cref="Bytes"/> long.</param>
    public void CopyTo(Span<byte> destination)
    {
        ReadOnlySpan<byte> prefix = PrefixOf(Space);
        prefix.CopyTo(destination);
        Suffix.CopyTo(destination[prefix.Length..]);
    }

    /// <summary>True for the same name.</summary>
    public bool IsSame(in AttributeName other) => Space == other.Space && Suffix.SequenceEqual(other.Suffix);

    private static ReadOnlySpan<byte> PrefixOf(AttributeNamespace space) => space switch
    {
        AttributeNamespace.User => "user."u8,
        AttributeNamespace.AccessAcl => "system.posix_acl_access"u8,
        AttributeNamespace.DefaultAcl => "system.posix_acl_default"u8,
        AttributeNamespace.Trusted => "trusted."u8,
        AttributeNamespace.Security => "security."u8,
        _ => default,
    };
}
