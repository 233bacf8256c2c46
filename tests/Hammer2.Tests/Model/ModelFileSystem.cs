// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Tests.Model;

/// <summary>An object of the model.</summary>
internal sealed class ModelNode(ObjectType type, uint mode)
{
    public ObjectType Type { get; } = type;

    public uint Mode { get; set; } = mode;

    public uint LinkCount { get; set; } = 1;

    public uint UserId { get; set; }

    public ulong ModifyTime { get; set; }

    /// <summary>Content of a file, target of a link.</summary>
    public SparseBytes Content { get; } = new();

    /// <summary>Names in a directory.</summary>
    public SortedDictionary<string, ModelNode> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>The number that the driver gave it.</summary>
    public ulong Inum { get; set; }
}

/// <summary>Bytes of which most are zeros: 4 KiB pages that were written.</summary>
internal sealed class SparseBytes
{
    private const int PageBytes = 4096;
    private readonly SortedDictionary<long, byte[]> _pages = [];

    public long Length { get; private set; }

    public void Write(long position, ReadOnlySpan<byte> data)
    {
        Length = Math.Max(Length, position + data.Length);
        while (data.Length > 0)
        {
            int start = (int)(position % PageBytes);
            int part = Math.Min(PageBytes - start, data.Length);
            if (!_pages.TryGetValue(position / PageBytes, out byte[]? page))
                _pages.Add(position / PageBytes, page = new byte[PageBytes]);
            data[..part].CopyTo(page.AsSpan(start));
            position += part;
            data = data[part..];
        }
    }

    public void Read(long position, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int start = (int)(position % PageBytes);
            int part = Math.Min(PageBytes - start, destination.Length);
            if (_pages.TryGetValue(position / PageBytes, out byte[]? page))
                page.AsSpan(start, part).CopyTo(destination);
            else destination[..part].Clear();
            position += part;
            destination = destination[part..];
        }
    }

    public void Resize(long length)
    {
        Clear(length, Length);
        Length = length;
    }

    public void Clear(long from, long to)
    {
        if (from >= to) return;
        foreach (long index in _pages.Keys.Where(
            key => (key + 1) * PageBytes > from && key * PageBytes < to).ToArray())
        {
            int begin = (int)Math.Max(0, from - (index * PageBytes));
            int end = (int)Math.Min(PageBytes, to - (index * PageBytes));
            if (begin == 0 && end == PageBytes) _ = _pages.Remove(index);
            else _pages[index].AsSpan(begin, end - begin).Clear();
        }
    }

    /// <summary>Ranges that may differ from zero.</summary>
    public IEnumerable<long> PageStarts => _pages.Keys.Select(key => key * PageBytes);
}

/// <summary>What a filesystem is expected to do: dictionaries in place of media.</summary>
internal sealed class ModelFileSystem
{
    public ModelNode Root { get; } = new(ObjectType.Directory, 0x1ED) { Inum = VnodeOps.RootInum };

    public static Errno Create(
        ModelNode directory, string name, ObjectType type, uint mode, out ModelNode? made)
    {
        made = null;
        if (directory.Names.ContainsKey(name)) return Errno.EEXIST;
        // A directory that gives its group to what is made in it gives that to new directories as well.
        if (type == ObjectType.Directory) mode |= directory.Mode & 0x400;
        made = new ModelNode(type, mode);
        directory.Names.Add(name, made);
        return Errno.None;
    }

    public static Errno Remove(ModelNode directory, string name, bool isDirectory)
    {
        if (!directory.Names.TryGetValue(name, out ModelNode? node)) return Errno.ENOENT;
        Errno refused = MayRemove(node, isDirectory);
        if (refused != Errno.None) return refused;
        _ = directory.Names.Remove(name);
        node.LinkCount--;
        return Errno.None;
    }

    public static Errno Link(ModelNode node, ModelNode directory, string name)
    {
        if (node.Type == ObjectType.Directory) return Errno.EPERM;
        if (directory.Names.ContainsKey(name)) return Errno.EEXIST;
        directory.Names.Add(name, node);
        node.LinkCount++;
        return Errno.None;
    }

    public static Errno Rename(
        ModelNode source, string name, ModelNode target, string newName, RenameFlags flags)
    {
        if (!source.Names.TryGetValue(name, out ModelNode? moved)) return Errno.ENOENT;
        bool isTaken = target.Names.TryGetValue(newName, out ModelNode? old);
        if (isTaken && flags == RenameFlags.NoReplace) return Errno.EEXIST;
        if (!isTaken && flags == RenameFlags.Exchange) return Errno.ENOENT;
        if (moved == old) return Errno.None;
        if (flags == RenameFlags.Exchange)
        {
            (source.Names[name], target.Names[newName]) = (old!, moved);
            return Errno.None;
        }
        if (isTaken)
        {
            Errno refused = MayRemove(old!, moved.Type == ObjectType.Directory);
            if (refused != Errno.None) return refused;
            old!.LinkCount--;
        }
        _ = source.Names.Remove(name);
        target.Names[newName] = moved;
        return Errno.None;
    }

    private static Errno MayRemove(ModelNode node, bool isDirectory)
    {
        bool isNodeDirectory = node.Type == ObjectType.Directory;
        if (isDirectory != isNodeDirectory) return isDirectory ? Errno.ENOTDIR : Errno.EISDIR;
        return node.Names.Count > 0 ? Errno.ENOTEMPTY : Errno.None;
    }
}
