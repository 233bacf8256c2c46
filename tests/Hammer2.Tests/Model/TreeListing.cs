// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Hammer2.Cluster.Operations;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Model;

/// <summary>
/// A tree as text, one line an object, the same for the model and for the driver: two states are equal when their
/// listings are.
/// </summary>
internal static class TreeListing
{
    private const int PageBytes = 4096;

    /// <summary>The listing of a model.</summary>
    public static string Of(ModelNode root)
    {
        var text = new StringBuilder();
        Add(text, root, "/");
        return text.ToString();
    }

    /// <summary>The listing of what a driver shows below an object.</summary>
    public static string Of(VnodeOps ops, ulong inum)
    {
        var text = new StringBuilder();
        Add(text, ops, inum, "/");
        return text.ToString();
    }

    /// <summary>The first lines in which two listings differ.</summary>
    public static string Difference(string expected, string found)
    {
        string[] left = expected.Split('\n'), right = found.Split('\n');
        string[] missing = [.. left.Except(right).Take(5)], extra = [.. right.Except(left).Take(5)];
        return $"missing:\n{string.Join('\n', missing)}\nfound instead:\n{string.Join('\n', extra)}";
    }

    /// <summary>Adds what there is of one object, without names.</summary>
    public static void AddObject(StringBuilder text, ModelNode node)
    {
        Head(text, node.Type, node.Mode, node.LinkCount, node.Content.Length);
        AddAttributes(text, node.Attributes);
        if (node.Type is not (ObjectType.RegularFile or ObjectType.SoftLink)) return;
        foreach (long start in node.Content.PageStarts) Page(text, start, node.Content.HashAt(start));
    }

    /// <summary>The extended attributes that a driver shows of an object, by name.</summary>
    public static SortedDictionary<string, byte[]> AttributesOf(VnodeOps ops, ulong inum, string path)
    {
        var attributes = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        byte[] names = new byte[AttributeList.NamesBytesMax], value = new byte[AttributeList.ValueBytesMax];
        Expect(ops.ListExtendedAttributes(inum, showsTrusted: true, names, out int namesBytes), path);
        foreach (string name in Encoding.ASCII.GetString(names, 0, namesBytes).Split('\0')[..^1])
        {
            Expect(ops.GetExtendedAttribute(inum, Encoding.ASCII.GetBytes(name), value, out int bytes), path + name);
            attributes.Add(name, value[..bytes]);
        }
        return attributes;
    }

    /// <summary>Adds what a driver shows of one object, without names; returns its type.</summary>
    public static ObjectType AddObject(StringBuilder text, VnodeOps ops, ulong inum, string path)
    {
        Expect(ops.GetAttributes(inum, out VnodeAttributes at), path);
        Head(text, at.Type, at.Mode & UnixMode.PermissionBits, at.LinkCount, (long)at.SizeBytes);
        AddAttributes(text, AttributesOf(ops, inum, path));
        if (at.Type == ObjectType.RegularFile) AddContent(text, ops, inum, at.SizeBytes, path);
        if (at.Type != ObjectType.SoftLink) return at.Type;
        byte[] target = new byte[2 * PageBytes];
        Expect(ops.ReadLink(inum, target, out int bytes), path);
        for (int start = 0; start < bytes; start += PageBytes)
            Page(text, start, SparseBytes.HashOf(target.AsSpan(start, PageBytes)));
        return at.Type;
    }

    /// <summary>The entries of a directory by name, but "." and "..".</summary>
    public static IEnumerable<(string Name, ulong Inum)> EntriesOf(VnodeOps ops, ulong inum, string path)
    {
        var names = new Names([]);
        Expect(ops.ReadDirectory(inum, 0, ref names), path);
        return names.List.Where(entry => entry.Name is not ("." or ".."))
            .OrderBy(entry => entry.Name, StringComparer.Ordinal);
    }

    private static void Add(StringBuilder text, ModelNode node, string path)
    {
        _ = text.Append(path);
        AddObject(text, node);
        _ = text.Append('\n');
        foreach ((string name, ModelNode child) in node.Names) Add(text, child, $"{path}{name}/");
    }

    private static void Add(StringBuilder text, VnodeOps ops, ulong inum, string path)
    {
        _ = text.Append(path);
        ObjectType type = AddObject(text, ops, inum, path);
        _ = text.Append('\n');
        if (type != ObjectType.Directory) return;
        foreach ((string name, ulong child) in EntriesOf(ops, inum, path)) Add(text, ops, child, $"{path}{name}/");
    }

    private static void AddContent(StringBuilder text, VnodeOps ops, ulong inum, ulong size, string path)
    {
        byte[] block = new byte[Media.FileBlockBytes];
        ulong position = 0;
        while (position < size)
        {
            Errno error = ops.Seek(inum, position, SeekTarget.Data, out ulong data);
            if (error == Errno.ENXIO) break;
            Expect(error, path);
            position = data & ~(ulong)(Media.FileBlockBytes - 1);
            Array.Clear(block);
            Expect(ops.Read(inum, position, block, out _), path);
            for (int start = 0; start < block.Length; start += PageBytes)
                Page(text, (long)position + start, SparseBytes.HashOf(block.AsSpan(start, PageBytes)));
            position += Media.FileBlockBytes;
        }
    }

    private static void AddAttributes(StringBuilder text, SortedDictionary<string, byte[]> attributes)
    {
        foreach ((string name, byte[] value) in attributes)
        {
            ulong hash = CheckCode.Hash64(value);
            _ = text.Append(CultureInfo.InvariantCulture, $" {name}={value.Length}:{hash:x}");
        }
    }

    // Directories count as stored, which is not what the model keeps.
    private static void Head(StringBuilder text, ObjectType type, uint mode, ulong links, long size)
    {
        bool isDirectory = type == ObjectType.Directory;
        _ = text.Append(CultureInfo.InvariantCulture,
            $" {type} {mode:x} {(isDirectory ? 0 : links)} {(isDirectory ? 0 : size)}");
    }

    private static void Page(StringBuilder text, long start, ulong? hash)
    {
        if (hash is { } known) _ = text.Append(CultureInfo.InvariantCulture, $" {start:x}:{known:x}");
    }

    private static void Expect(Errno error, string path) =>
        Assert.True(error == Errno.None, $"{path}: {error}");

    private readonly record struct Names(List<(string Name, ulong Inum)> List) : IDirectorySink
    {
        public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition)
        {
            List.Add((Encoding.ASCII.GetString(name), inum));
            return true;
        }
    }
}
