// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Snapshots.Diff;

/// <summary>The extended attributes of the objects of a tree. What a mount ignores is as if it were not
/// there.</summary>
internal sealed class TreeAttributes
{
    private readonly PfsTree _tree;

    /// <param name="tree">The tree.</param>
    public TreeAttributes(PfsTree tree)
    {
        _tree = tree;
        Error = FindEntry(tree.Root, AttributeFile.DirectoryName, out ulong directory);
        if (Error == Hammer2Error.NoEntry) Error = Hammer2Error.None;
        Directory = directory;
    }

    /// <summary>The directory with files that have attributes; 0 for none.</summary>
    public ulong Directory { get; }

    /// <summary>What kept it from being found.</summary>
    public Hammer2Error Error { get; }

    /// <summary>True for the directory and what is in it, which a mount does not show.</summary>
    /// <param name="directory">The number of the directory.</param>
    /// <param name="inode">An inode of the tree.</param>
    public static bool IsHidden(ulong directory, Chain inode) =>
        directory != 0 && (inode.Meta.Inum == directory || inode.Meta.ParentInum == directory);

    /// <summary>True when two lists have the same attributes, in any order.</summary>
    public static bool IsSame(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.SequenceEqual(right)) return true;
        if (left.Length != right.Length || !AttributeList.TryOpen(left, out AttributeList first)
            || !AttributeList.TryOpen(right, out AttributeList second)) return false;
        foreach (AttributeList.Attribute attribute in first)
        {
            if (!second.TryFind(attribute.Name, out ReadOnlySpan<byte> value) || !value.SequenceEqual(attribute.Value))
                return false;
        }
        return true;
    }

    /// <summary>Reads the list of an object but the root directory.</summary>
    /// <returns>None, also without attributes; what kept them from being read.</returns>
    public Hammer2Error Read(Chain inode, out byte[] list)
    {
        list = [];
        if (!AttributeRecord.TryRead(inode.AfterInodeName, inode.Meta.Inum, out AttributeRecord record))
            return Hammer2Error.None;
        if (record.File == 0)
        {
            if (AttributeList.TryOpen(record.List, out _)) list = record.List.ToArray();
            return Hammer2Error.None;
        }
        Hammer2Error error = _tree.FindInode(record.File, out Chain? file);
        if (error == Hammer2Error.NoEntry) return Hammer2Error.None;
        if (error == Hammer2Error.None) error = ReadFile(file!, inode.Meta.Inum, out list);
        if (!record.IsListOfFile(list)) list = [];
        return error;
    }

    /// <summary>Finds the file with the attributes of the root directory.</summary>
    /// <param name="file">Its inode; null when there is none.</param>
    public Hammer2Error FindRootFile(out Chain? file)
    {
        file = null;
        if (Directory == 0) return Error;
        Hammer2Error error = _tree.FindInode(Directory, out Chain? directory);
        ulong inum = 0;
        if (error == Hammer2Error.None && AttributeFile.IsTrusted(directory!.Meta, ObjectType.Directory))
        {
            Span<byte> name = stackalloc byte[AttributeFile.NameBytes];
            AttributeFile.WriteName(Media.PfsRootInum, name);
            error = FindEntry(directory, name, out inum);
        }
        if (error == Hammer2Error.None && inum != 0) error = _tree.FindInode(inum, out file);
        return error == Hammer2Error.NoEntry ? Hammer2Error.None : error;
    }

    /// <summary>Reads a file with the attributes of an object.</summary>
    public Hammer2Error ReadFile(Chain file, ulong owner, out byte[] list)
    {
        list = [];
        if (!AttributeFile.IsPossible(file.Meta)) return Hammer2Error.None;
        byte[] content = new byte[file.Meta.Size];
        if (file.Meta.HasDirectData) file.EmbeddedData[..content.Length].CopyTo(content);
        else if (ReadBlocks(file, content) is var error and not Hammer2Error.None) return error;
        if (AttributeFile.TryRead(content, file.Meta.Inum, file.Meta.BirthTime, owner, out AttributeList found))
            list = found.Bytes.ToArray();
        return Hammer2Error.None;
    }

    private Hammer2Error ReadBlocks(Chain file, byte[] content)
    {
        byte[] block = new byte[Media.FileBlockBytes];
        var cursor = new ChainCursor(_tree.Device, file, 0, (ulong)content.Length - 1);
        Hammer2Error error;
        while ((error = cursor.MoveNext()) == Hammer2Error.None)
        {
            error = _tree.Device.ReadData(cursor.Current, 0, block, isWhole: true);
            if (error != Hammer2Error.None) return error;
            int at = (int)cursor.Current.Key;
            block.AsSpan(0, Math.Min(block.Length, content.Length - at)).CopyTo(content.AsSpan(at));
        }
        return error == Hammer2Error.NoEntry ? Hammer2Error.None : error;
    }

    private Hammer2Error FindEntry(Chain directory, ReadOnlySpan<byte> name, out ulong inum)
    {
        inum = 0;
        ulong hash = DirectoryHash.Compute(name);
        var cursor = new ChainCursor(_tree.Device, directory, hash, hash | Media.EntryCollisionMask);
        var faults = Hammer2Error.None;
        Hammer2Error error;
        while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            faults |= error;
            if (error != Hammer2Error.None || cursor.Current.Type != BlockrefType.Dirent) continue;
            faults |= EntryName.Read(_tree.Device, cursor.Current, out byte[] found);
            if (!name.SequenceEqual(found)) continue;
            inum = cursor.Current.Dirent.Inum;
            return Hammer2Error.None;
        }
        return faults == Hammer2Error.None ? Hammer2Error.NoEntry : faults;
    }
}
