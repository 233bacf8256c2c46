// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Hammer2.Cluster.Operations;
using Hammer2.Format;
using Hammer2.Tests.Images;
using Hammer2.Vnodes;

namespace Hammer2.Tests.Mutation;

/// <summary>The result of a quick walk for one path.</summary>
/// <param name="Inum">Inode number from the directory entry.</param>
/// <param name="Digest">Hash of its attributes and of parts of its contents.</param>
/// <param name="Error">The first error; the digest is then undefined.</param>
/// <param name="Ancestors">Inode numbers of the directories above it.</param>
internal readonly record struct WalkedObject(ulong Inum, ulong Digest, Errno Error, ulong[] Ancestors);

/// <summary>
/// Walks a PFS that may be damaged in any way: skips a directory that is its own ancestor, reads every file at its
/// start, middle and end. Throws <see cref="WorkBoundException"/> when the walk may be endless.
/// </summary>
internal sealed class QuickWalk
{
    private const int EntriesAtOnce = 500;
    private const int EntriesMax = 200_000;

    private readonly VnodeOps _ops;
    private readonly Dictionary<string, WalkedObject> _found = new(StringComparer.Ordinal);
    private readonly Dictionary<ulong, (ulong Digest, Errno Error)> _digests = []; // by inode, for hard links
    private readonly byte[] _buffer = new byte[4096]; // reading any byte of a block verifies all of it

    private QuickWalk(VnodeOps ops) => _ops = ops;

    /// <summary>All objects by path.</summary>
    internal static Dictionary<string, WalkedObject> Read(VnodeOps ops)
    {
        var walk = new QuickWalk(ops);
        Errno error = ops.GetAttributes(VnodeOps.RootInum, out VnodeAttributes root);
        walk.Add("", VnodeOps.RootInum, error, root, []);
        return walk._found;
    }

    private void Add(string path, ulong inum, Errno error, in VnodeAttributes attributes, ulong[] ancestors)
    {
        if (_found.Count > EntriesMax)
            throw new WorkBoundException("a directory has far more entries than the media can hold");
        ulong digest = 0;
        if (error == Errno.None)
        {
            if (!_digests.TryGetValue(attributes.Inum, out (ulong Digest, Errno Error) known))
            {
                known.Digest = Digest(attributes, out known.Error);
                _digests.Add(attributes.Inum, known);
            }
            (digest, error) = known;
        }
        List<DirectorySink.Entry>? entries = null;
        // A directory may be its own ancestor; the kernel limits the length of a path.
        if (attributes.IsDirectory && Array.IndexOf(ancestors, attributes.Inum) < 0)
        {
            Errno listing = List(attributes.Inum, out entries);
            error = error == Errno.None ? listing : error;
        }
        _found[path] = new WalkedObject(inum, digest, error, ancestors);
        if (entries == null)
            return;
        ulong[] below = [.. ancestors, attributes.Inum];
        foreach (DirectorySink.Entry entry in entries)
        {
            if (entry.Name is "." or "..")
                continue;
            Errno lookup = _ops.Lookup(
                attributes.Inum, Encoding.Latin1.GetBytes(entry.Name), out VnodeAttributes found);
            Add($"{path}/{entry.Name}", entry.Inum, lookup, found, below);
        }
    }

    private Errno List(ulong directory, out List<DirectorySink.Entry> all)
    {
        all = [];
        ulong position = 0;
        while (true)
        {
            var sink = new DirectorySink(EntriesAtOnce);
            Errno error = _ops.ReadDirectory(directory, position, ref sink);
            if (error != Errno.None || sink.Entries.Count == 0)
                return error;
            foreach (DirectorySink.Entry entry in sink.Entries)
            {
                if (entry.NextPosition <= position)
                    throw new WorkBoundException($"directory 0x{directory:x} goes back from {position}");
                position = entry.NextPosition;
            }
            all.AddRange(sink.Entries);
            if (all.Count > EntriesMax)
                throw new WorkBoundException($"directory 0x{directory:x} does not end");
        }
    }

    private ulong Digest(in VnodeAttributes file, out Errno error)
    {
        error = Errno.None;
        ulong digest = Mix(Mix(file.Inum, file.Mode), Mix(file.SizeBytes, file.ModifyTime));
        digest = Mix(digest, Mix(Mix(file.UserId, file.GroupId), Mix(file.LinkCount, file.BirthTime)));
        switch (file.Type)
        {
            case ObjectType.SoftLink:
                error = _ops.ReadLink(file.Inum, _buffer, out int targetBytes);
                return Mix(digest, CheckCode.Hash64(_buffer.AsSpan(0, targetBytes)));
            case ObjectType.RegularFile:
                digest = AddRead(file.Inum, 0, digest, ref error);
                digest = AddRead(file.Inum, (file.SizeBytes / 2) | 1, digest, ref error);
                ulong tail = file.SizeBytes - Math.Min(file.SizeBytes, 5000);
                digest = AddRead(file.Inum, tail, digest, ref error);
                Errno seek = _ops.Seek(file.Inum, 1, SeekTarget.Hole, out ulong hole);
                error = error == Errno.None && seek != Errno.ENXIO ? seek : error;
                return Mix(digest, hole);
            default:
                return digest;
        }
    }

    private ulong AddRead(ulong inum, ulong position, ulong digest, ref Errno error)
    {
        Errno read = _ops.Read(inum, position, _buffer, out int readBytes);
        if (read == Errno.None)
            return Mix(digest, CheckCode.Hash64(_buffer.AsSpan(0, readBytes)));
        error = read;
        return digest;
    }

    private static ulong Mix(ulong left, ulong right) => (left * 0x9E3779B97F4A7C15) ^ (right + (left >> 29));
}
