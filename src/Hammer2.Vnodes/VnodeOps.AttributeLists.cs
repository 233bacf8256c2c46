// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

// Where extended attributes are: in the inode, or in a file of a hidden directory. The inode of the root directory
// has no room; its attributes are always in a file, which is found by its name.
public sealed partial class VnodeOps
{
    private const uint PrivateMode = 0x1C0;         // 0700

    private readonly ReportedInodes _reportedAttributes = new();

    // The name is hidden in the root directory, and cannot be made or removed there.
    private static bool IsHidden(ulong directory, ReadOnlySpan<byte> name) =>
        directory == RootInum && name.SequenceEqual(AttributeFile.DirectoryName);

    private Errno ReadAttributes(ulong inum, out StoredAttributes stored)
    {
        if (inum == RootInum) return ReadRootAttributes(out stored);
        stored = default;
        byte[]? before = null;
        for (int round = 0; round < ChaseMax; round++)
        {
            Errno error = ReadAfterName(inum, out byte[]? afterName);
            stored = new StoredAttributes(afterName, 0, []);
            if (error != Errno.None || afterName is null) return error;
            if (!AttributeRecord.TryRead(afterName, inum, out AttributeRecord record))
                return AttributeRecord.IsPresent(afterName) ? IgnoreAttributes(inum) : Errno.None;
            if (record.File == 0)
            {
                if (!AttributeList.TryOpen(record.List, out _)) return IgnoreAttributes(inum);
                stored = stored with { List = record.List.ToArray() };
                return Errno.None;
            }
            error = ReadAttributeFile(record.File, inum, out byte[]? list);
            if (error is not (Errno.None or Errno.ESTALE)) return error;
            if (list is not null && record.IsListOfFile(list))
            {
                stored = new StoredAttributes(afterName, record.File, list);
                return Errno.None;
            }
            // It may have been changed between the two reads; what stays so is not its list.
            if (before is not null && before.AsSpan().SequenceEqual(afterName)) return IgnoreAttributes(inum);
            before = afterName;
        }
        return Errno.EAGAIN;
    }

    private Errno ReadAfterName(ulong inum, out byte[]? afterName)
    {
        using PfsWriter.ReadGuard guard = Hold(inum);
        Errno error = GetInode(inum, out Inode inode);
        bool isAny = error == Errno.None && inode.AfterName.ContainsAnyExcept((byte)0);
        afterName = isAny ? inode.AfterName.ToArray() : null;
        return error;
    }

    private Errno ReadRootAttributes(out StoredAttributes stored)
    {
        stored = new StoredAttributes(null, 0, []);
        Errno error = FindAttributeFile(RootInum, out _, out ulong file);
        if (error != Errno.None) return error == Errno.ENOENT ? Errno.None : error;
        error = ReadAttributeFile(file, RootInum, out byte[]? list);
        if (error == Errno.ESTALE) return Errno.None;
        if (error != Errno.None) return error;
        if (list is null) return IgnoreAttributes(RootInum);
        stored = new StoredAttributes(null, file, list);
        return Errno.None;
    }

    // The file of an object by its name; ENOENT without one. The directory counts only as root's with mode 0700.
    private Errno FindAttributeFile(ulong inum, out ulong directory, out ulong file)
    {
        file = 0;
        Errno error = FindAttributeDirectory(out directory);
        if (error != Errno.None) return error;
        Span<byte> name = stackalloc byte[AttributeFile.NameBytes];
        AttributeFile.WriteName(inum, name);
        return FindName(directory, name, out file);
    }

    private Errno FindAttributeDirectory(out ulong directory)
    {
        directory = 0;
        DirectoryEntry entry;
        using (PfsWriter.ReadGuard guard = Hold(RootInum))
        {
            Errno error = GetDirectory(RootInum, out Inode root);
            if (error != Errno.None) return error;
            Hammer2Error found = NameOperations.FindEntry(root, AttributeFile.DirectoryName, out entry);
            if (found != Hammer2Error.None) return found.ToErrno();
        }
        using (PfsWriter.ReadGuard guard = Hold(entry.Inum))
        {
            Errno error = GetInode(entry.Inum, out Inode inode);
            if (error != Errno.None) return error;
            if (!AttributeFile.IsTrusted(inode.Meta, ObjectType.Directory))
            {
                if (_reportedAttributes.IsFirst(entry.Inum)) LogUntrusted(_logger);
                return Errno.ENOENT;
            }
        }
        directory = entry.Inum;
        return Errno.None;
    }

    // The list of a file; null when it is not that object's. ESTALE when there is no such file.
    private Errno ReadAttributeFile(ulong file, ulong owner, out byte[]? list)
    {
        list = null;
        using PfsWriter.ReadGuard guard = Hold(file);
        Errno error = GetInode(file, out Inode inode);
        if (error != Errno.None) return error;
        if (!AttributeFile.IsPossible(inode.Meta)) return Errno.None;
        byte[] content = new byte[inode.Meta.Size];
        error = DataOperations.Read(inode, 0, content, out _).ToErrno();
        if (error != Errno.None) return error;
        if (AttributeFile.TryRead(content, file, inode.Meta.BirthTime, owner, out AttributeList read))
            list = read.Bytes.ToArray();
        return Errno.None;
    }

    // What is not this object's, or is damaged, is as if it were not there.
    private Errno IgnoreAttributes(ulong inum)
    {
        if (_reportedAttributes.IsFirst(inum)) LogIgnored(_logger, inum);
        return Errno.None;
    }

    /// <summary>Removes files with attributes of objects that do not exist any more, which other drivers leave when
    /// they delete an object.</summary>
    /// <param name="removed">How many.</param>
    /// <returns>What kept the directory from being read; EROFS.</returns>
    public Errno RemoveStrayAttributes(out int removed)
    {
        removed = 0;
        Errno error = FindAttributeDirectory(out ulong directory);
        if (error == Errno.ENOENT) return Errno.None;
        var sink = new FileSink();
        if (error == Errno.None) error = ReadDirectory(directory, 0, ref sink);
        if (error != Errno.None) return error;
        Span<byte> name = stackalloc byte[AttributeFile.NameBytes];
        foreach ((ulong owner, ulong file) in sink.Files)
        {
            if (!IsStray(owner, file)) continue;
            AttributeFile.WriteName(owner, name);
            error = Unlink(directory, name, out ulong gone);
            if (error == Errno.None) error = Forget(gone);
            if (error is not (Errno.None or Errno.ENOENT)) return error;
            removed++;
        }
        return Errno.None;
    }

    // True when the object of a file does not exist, or has its attributes elsewhere.
    private bool IsStray(ulong owner, ulong file)
    {
        if (owner == RootInum) return false;
        Errno error = ReadAfterName(owner, out byte[]? afterName);
        if (error == Errno.ESTALE) return true;
        // What cannot be read may name it.
        if (error != Errno.None) return false;
        return !AttributeRecord.TryRead(afterName, owner, out AttributeRecord record) || record.File != file;
    }

    private struct FileSink() : IDirectorySink
    {
        public List<(ulong Owner, ulong File)> Files { get; } = [];

        public readonly bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition)
        {
            if (AttributeFile.TryReadName(name, out ulong owner)) Files.Add((owner, inum));
            return true;
        }
    }
}
