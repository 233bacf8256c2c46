// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Vnodes;

// Finds the object of a damaged block, for the log.
public sealed partial class VnodeOps
{
    private const int DepthMax = 256;
    private const int EntriesSearchedMax = 100_000;

    private readonly ReportedInodes _reportedDamage = new();

    /// <summary>Logs, once for each object, that an operation on it returned EIO, with the PFS and with its path if it
    /// can be found. The block was logged when it was read. The caller must hold no lock.</summary>
    /// <param name="inum">The object, or the directory that was searched.</param>
    /// <param name="name">The name that was searched in that directory; empty for the object itself.</param>
    public void ReportDamage(ulong inum, ReadOnlySpan<byte> name = default)
    {
        if (!_reportedDamage.IsFirst(name.IsEmpty ? inum : inum ^ DirectoryHash.Compute(name))) return;
        byte[]? path = PathOf(inum);
        if (path is not null && !name.IsEmpty) path = [.. path, .. path.Length > 1 ? "/"u8 : [], .. name];
        string label = ByteText.Decode(_pfs.Label.Span);
        if (path is not null) LogDamage(_logger, label, ByteText.Decode(path), inum);
        else LogDamageWithoutPath(_logger, label, inum);
    }

    /// <summary>The path of an object from the root; null when it cannot be found: a directory on the path cannot be
    /// read, is very long, or no longer has the entry.</summary>
    public byte[]? PathOf(ulong inum)
    {
        var names = new Stack<byte[]>();
        for (int depth = 0; inum != RootInum; depth++)
        {
            if (depth == DepthMax || ParentIfKnown(inum) is not { } parent) return null;
            if (NameIn(parent, inum) is not { } name) return null;
            names.Push(name);
            inum = parent;
        }
        if (names.Count == 0) return "/"u8.ToArray();
        var path = new List<byte>();
        foreach (byte[] name in names)
        {
            path.Add((byte)'/');
            path.AddRange(name);
        }
        return [.. path];
    }

    private ulong? ParentIfKnown(ulong inum)
    {
        using PfsWriter.ReadGuard guard = Hold(inum);
        return _pfs.GetInode(inum, out Cluster.Inode inode) == Hammer2Error.None ? inode.Meta.ParentInum : null;
    }

    private byte[]? NameIn(ulong directory, ulong inum)
    {
        using PfsWriter.ReadGuard guard = Hold(directory);
        if (GetDirectory(directory, out Cluster.Inode parent) != Errno.None) return null;
        var search = new NameSearch(inum);
        // An unreadable part may contain another entry; an entry that was found is valid.
        _ = NameOperations.ReadDirectory(parent, 0, ref search, out _);
        return search.Name;
    }

    private struct NameSearch(ulong inum) : IEntrySink
    {
        private int _searched;

        public byte[]? Name { get; private set; }

        public bool Add(scoped ReadOnlySpan<byte> name, scoped in DirectoryEntry entry)
        {
            if (entry.Inum == inum) Name = name.ToArray();
            return Name is null && ++_searched < EntriesSearchedMax;
        }
    }
}
