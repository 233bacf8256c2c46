// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>The extended attributes of an object, as they are stored: a sequence of names with values, each name
/// once.</summary>
/// <remarks>Each attribute: a byte with the <see cref="AttributeNamespace"/>, a byte with the length of the suffix,
/// three bytes with the length of the value, the suffix, the value. An addition of this driver.</remarks>
public readonly ref struct AttributeList
{
    /// <summary>Longest value in bytes: XATTR_SIZE_MAX of Linux.</summary>
    public const int ValueBytesMax = 65536;

    /// <summary>Longest list in bytes: the longest value and as much of others.</summary>
    public const int BytesMax = 2 * ValueBytesMax;

    /// <summary>Longest answer of listxattr(2) in bytes: XATTR_LIST_MAX of Linux.</summary>
    public const int NamesBytesMax = 65536;

    /// <summary>Bytes of an attribute before its name.</summary>
    public const int HeadBytes = 5;

    private AttributeList(ReadOnlySpan<byte> bytes) => Bytes = bytes;

    /// <summary>The bytes as they are stored.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>True without attributes.</summary>
    public bool IsEmpty => Bytes.IsEmpty;

    /// <summary>Length of all names in bytes, each with its NUL, as listxattr(2) answers them.</summary>
    public int NamesBytes
    {
        get
        {
            int total = 0;
            foreach (Attribute attribute in this) total += attribute.Name.Bytes + 1;
            return total;
        }
    }

    /// <summary>Attributes with a meaning for this driver that it has.</summary>
    public AttributeKinds Kinds
    {
        get
        {
            var kinds = AttributeKinds.None;
            if (Contains(AttributeName.AccessAcl)) kinds |= AttributeKinds.AccessAcl;
            if (Contains(AttributeName.DefaultAcl)) kinds |= AttributeKinds.DefaultAcl;
            if (Contains(AttributeName.Capability)) kinds |= AttributeKinds.Capability;
            return kinds;
        }
    }

    /// <summary>Checks bytes from media.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="list">Refers to them.</param>
    /// <returns>False when they are not a list of valid names and values.</returns>
    public static bool TryOpen(ReadOnlySpan<byte> bytes, out AttributeList list)
    {
        list = default;
        if (bytes.Length > BytesMax) return false;
        ReadOnlySpan<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            if (!TryTake(ref rest, out Attribute attribute) || !AttributeName.IsValid(attribute.Name)) return false;
            if (attribute.Value.Length > ValueBytesMax) return false;
        }
        list = new AttributeList(bytes);
        return true;
    }

    /// <summary>Finds an attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value, which may be empty.</param>
    /// <returns>False when there is none.</returns>
    public bool TryFind(in AttributeName name, out ReadOnlySpan<byte> value)
    {
        foreach (Attribute attribute in this)
        {
            if (!attribute.Name.IsSame(name)) continue;
            value = attribute.Value;
            return true;
        }
        value = default;
        return false;
    }

    /// <summary>True when it has an attribute.</summary>
    public bool Contains(in AttributeName name) => TryFind(name, out _);

    /// <summary>The list with an attribute set.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value, up to <see cref="ValueBytesMax"/>.</param>
    public byte[] With(in AttributeName name, ReadOnlySpan<byte> value)
    {
        byte[] kept = Without(name);
        byte[] bytes = new byte[kept.Length + HeadBytes + name.Suffix.Length + value.Length];
        kept.CopyTo(bytes, 0);
        Span<byte> added = bytes.AsSpan(kept.Length);
        added[0] = (byte)name.Space;
        added[1] = (byte)name.Suffix.Length;
        (added[2], added[3], added[4]) = ((byte)value.Length, (byte)(value.Length >> 8), (byte)(value.Length >> 16));
        name.Suffix.CopyTo(added[HeadBytes..]);
        value.CopyTo(added[(HeadBytes + name.Suffix.Length)..]);
        return bytes;
    }

    /// <summary>The list without an attribute.</summary>
    public byte[] Without(in AttributeName name)
    {
        ReadOnlySpan<byte> rest = Bytes;
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> before = rest;
            _ = TryTake(ref rest, out Attribute attribute);
            if (attribute.Name.IsSame(name)) return [.. Bytes[..^before.Length], .. rest];
        }
        return Bytes.ToArray();
    }

    /// <summary>Walks over the attributes.</summary>
    public Enumerator GetEnumerator() => new(Bytes);

    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, out Attribute attribute)
    {
        attribute = default;
        if (rest.Length < HeadBytes) return false;
        int suffixBytes = rest[1];
        int valueBytes = rest[2] | (rest[3] << 8) | (rest[4] << 16);
        if (rest.Length < HeadBytes + suffixBytes + valueBytes) return false;
        attribute = new Attribute(
            new AttributeName((AttributeNamespace)rest[0], rest.Slice(HeadBytes, suffixBytes)),
            rest.Slice(HeadBytes + suffixBytes, valueBytes));
        rest = rest[(HeadBytes + suffixBytes + valueBytes)..];
        return true;
    }

    /// <summary>One attribute.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    public readonly ref struct Attribute(AttributeName name, ReadOnlySpan<byte> value)
    {
        /// <summary>Its name.</summary>
        public AttributeName Name { get; } = name;

        /// <summary>Its value.</summary>
        public ReadOnlySpan<byte> Value { get; } = value;
    }

    /// <summary>Walks over the attributes of a list.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;
        private Attribute _current;

        internal Enumerator(ReadOnlySpan<byte> bytes) => _rest = bytes;

        /// <summary>The attribute.</summary>
        public readonly Attribute Current => _current;

        /// <summary>Steps to the next one.</summary>
        public bool MoveNext() => !_rest.IsEmpty && TryTake(ref _rest, out _current);
    }
}
