// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Testing;
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

    public LinuxFileFlags Flags { get; set; }

    /// <summary>True while it never had a name.</summary>
    public bool IsLinkable { get; set; }

    public bool IsImmutable => Flags.HasFlag(LinuxFileFlags.Immutable);

    public bool IsAppend => Flags.HasFlag(LinuxFileFlags.Append);

    public bool IsFixed => IsImmutable || IsAppend;

    /// <summary>Content of a file, target of a link.</summary>
    public SparseBytes Content { get; init; } = new();

    /// <summary>Extended attributes.</summary>
    public SortedDictionary<string, byte[]> Attributes { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Names in a directory.</summary>
    public SortedDictionary<string, ModelNode> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>The number that the driver gave it.</summary>
    public ulong Inum { get; set; }

    /// <summary>A copy without names.</summary>
    public ModelNode CopyAlone() => new(Type, Mode)
    {
        LinkCount = LinkCount,
        UserId = UserId,
        ModifyTime = ModifyTime,
        Flags = Flags,
        IsLinkable = IsLinkable,
        Inum = Inum,
        Content = Content.Copy(),
        Attributes = new SortedDictionary<string, byte[]>(Attributes, StringComparer.Ordinal),
    };
}

/// <summary>What a filesystem is expected to do: dictionaries in place of media.</summary>
internal sealed class ModelFileSystem
{
    // How a directory's files are stored is handed down.
    public const LinuxFileFlags Inherited = LinuxFileFlags.Compress | LinuxFileFlags.NoCompress;

    public ModelNode Root { get; init; } = new(ObjectType.Directory, UnixMode.O755) { Inum = VnodeOps.RootInum };

    public static Errno Create(
        ModelNode directory, string name, ObjectType type, uint mode, out ModelNode? made)
    {
        made = null;
        if (directory.IsImmutable) return Errno.EPERM;
        if (directory.Names.ContainsKey(name)) return Errno.EEXIST;
        // A directory that gives its group to what is made in it gives that to new directories as well.
        if (type == ObjectType.Directory) mode |= directory.Mode & UnixMode.O2000;
        made = new ModelNode(type, mode) { Flags = directory.Flags & Inherited };
        directory.Names.Add(name, made);
        return Errno.None;
    }

    public static Errno Remove(ModelNode directory, string name, bool isDirectory)
    {
        if (!directory.Names.TryGetValue(name, out ModelNode? node)) return Errno.ENOENT;
        if (directory.IsImmutable) return Errno.EPERM;
        Errno refused = MayRemove(directory, node, isDirectory);
        if (refused != Errno.None) return refused;
        _ = directory.Names.Remove(name);
        node.LinkCount--;
        return Errno.None;
    }

    public static Errno Link(ModelNode node, ModelNode directory, string name)
    {
        if (directory.IsImmutable || node.Type == ObjectType.Directory || node.IsFixed) return Errno.EPERM;
        if (node.LinkCount == 0 && !node.IsLinkable) return Errno.ENOENT;
        if (directory.Names.ContainsKey(name)) return Errno.EEXIST;
        directory.Names.Add(name, node);
        node.IsLinkable = false;
        node.LinkCount++;
        return Errno.None;
    }

    public static Errno Rename(
        ModelNode source, string name, ModelNode target, string newName, RenameFlags flags)
    {
        if (!source.Names.TryGetValue(name, out ModelNode? moved)) return Errno.ENOENT;
        if (source.IsImmutable || target.IsImmutable) return Errno.EPERM;
        bool isTaken = target.Names.TryGetValue(newName, out ModelNode? old);
        if (isTaken && flags == RenameFlags.NoReplace) return Errno.EEXIST;
        if (!isTaken && flags == RenameFlags.Exchange) return Errno.ENOENT;
        if (moved.IsFixed || source.IsAppend) return Errno.EPERM;
        if (moved == old) return Errno.None;
        if (flags == RenameFlags.Exchange)
        {
            if (old!.IsFixed || target.IsAppend) return Errno.EPERM;
            (source.Names[name], target.Names[newName]) = (old, moved);
            return Errno.None;
        }
        if (isTaken)
        {
            Errno refused = MayRemove(target, old!, moved.Type == ObjectType.Directory);
            if (refused != Errno.None) return refused;
            old!.LinkCount--;
        }
        _ = source.Names.Remove(name);
        target.Names[newName] = moved;
        return Errno.None;
    }

    private static Errno MayRemove(ModelNode parent, ModelNode node, bool isDirectory)
    {
        bool isNodeDirectory = node.Type == ObjectType.Directory;
        if (isDirectory != isNodeDirectory) return isDirectory ? Errno.ENOTDIR : Errno.EISDIR;
        if (parent.IsAppend || node.IsFixed) return Errno.EPERM;
        return node.Names.Count > 0 ? Errno.ENOTEMPTY : Errno.None;
    }
}
