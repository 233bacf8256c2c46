// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Recovery;

/// <summary>
/// A drawn history of commits in which files and directories are made, changed, renamed, linked and deleted, with what
/// each of them was in its last commit.
/// </summary>
internal sealed class DeletedHistory
{
    private const long LengthBytes = 256L << 20;

    private static readonly Credentials Caller = new(1000, 100);

    private readonly SeededRandom _random;
    private readonly List<Node> _all = [];
    private readonly Node _root = new(VnodeOps.RootInum, ObjectType.Directory);
    private VnodeOps _ops = null!;
    private int _names;

    private DeletedHistory(ulong seed) => _random = new SeededRandom(seed);

    /// <summary>The filesystem.</summary>
    public IBlockDevice Disk { get; private set; } = null!;

    /// <summary>Objects that were committed and deleted since, by inode number.</summary>
    public Dictionary<ulong, Node> Deleted => _all
        .Where(node => node.IsDeleted && node.Committed.Count > 0).ToDictionary(node => node.Inum);

    /// <summary>The inode numbers of the objects that exist.</summary>
    public HashSet<ulong> Existing => [.. _all.Where(node => !node.IsDeleted).Select(node => node.Inum)];

    /// <summary>Plays a history.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="steps">Number of operations.</param>
    /// <param name="reclaims">True to run bulkfree between some commits, so that blocks are used again.</param>
    public static DeletedHistory Play(ulong seed, int steps, bool reclaims = false)
    {
        var history = new DeletedHistory(seed) { Disk = NewVolume.InMemory(LengthBytes, seed) };
        using ClusterMount mount = ModelMount.Open([history.Disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        history._ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        for (int step = 0; step < steps; step++)
        {
            history.Step();
            if (history._random.OneIn(12)) history.Commit();
            if (reclaims && history._random.OneIn(40)) history.Reclaim(mount);
        }
        history.Commit();
        return history;
    }

    private void Step()
    {
        switch (_random.Below(10))
        {
            case 0:
                Make(ObjectType.Directory);
                break;
            case 1 or 2 or 3:
                Write(Make(ObjectType.RegularFile));
                break;
            case 4 or 5:
                if (Pick(node => node.Type == ObjectType.RegularFile) is { } file) Write(file);
                break;
            case 6:
                if (Pick(_ => true) is { } moved) Rename(moved);
                break;
            case 7:
                if (Pick(node => node.Type == ObjectType.RegularFile) is { } linked) Link(linked);
                break;
            default:
                if (Pick(node => node.Type != ObjectType.Directory || !HasChildren(node)) is { } gone) Delete(gone);
                break;
        }
    }

    private Node Make(ObjectType type)
    {
        Node directory = PickDirectory();
        byte[] name = NewName();
        Assert.Equal(Errno.None, _ops.Create(
            directory.Inum, name, new NewObject(type, UnixMode.O644), Caller, out VnodeAttributes made));
        var node = new Node(made.Inum, type);
        node.Names.Add((directory, name));
        _all.Add(node);
        return node;
    }

    private void Write(Node node)
    {
        byte[] data = new byte[1 + _random.Below(_random.Pick<int>([100, 512, 3000, 200_000, 700_000]))];
        if (_random.OneIn(2)) _random.Fill(data);
        else Array.Fill(data, (byte)(1 + _random.Below(255)));
        int position = _random.OneIn(3) ? _random.Below(node.Content.Length + 1) : 0;
        Assert.Equal(Errno.None, _ops.Write(node.Inum, (ulong)position, data, false));
        byte[] after = new byte[Math.Max(node.Content.Length, position + data.Length)];
        node.Content.CopyTo(after, 0);
        data.CopyTo(after, position);
        node.Content = after;
    }

    private void Rename(Node node)
    {
        Node target = PickDirectory();
        for (Node? above = target; above is not null; above = above.Names.Count == 0 ? null : above.Names[0].Directory)
            if (above == node) return;
        byte[] name = NewName();
        (Node directory, byte[] old) = node.Names[0];
        Assert.Equal(Errno.None, _ops.Rename(directory.Inum, old, target.Inum, name, RenameFlags.NoReplace, out _));
        node.Names[0] = (target, name);
    }

    private void Link(Node node)
    {
        Node directory = PickDirectory();
        byte[] name = NewName();
        Assert.Equal(Errno.None, _ops.Link(node.Inum, directory.Inum, name, out _));
        node.Names.Add((directory, name));
    }

    private void Delete(Node node)
    {
        int which = _random.Below(node.Names.Count);
        (Node directory, byte[] name) = node.Names[which];
        Errno error = node.Type == ObjectType.Directory
            ? _ops.RemoveDirectory(directory.Inum, name, out ulong inum)
            : _ops.Unlink(directory.Inum, name, out inum);
        Assert.Equal(Errno.None, error);
        Assert.Equal(Errno.None, _ops.Forget(inum));
        node.Names.RemoveAt(which);
        node.IsDeleted = node.Names.Count == 0;
    }

    private void Commit()
    {
        Assert.Equal(Errno.None, _ops.Sync());
        foreach (Node node in _all)
        {
            if (node.IsDeleted) continue;
            node.Committed.Add(node.Content);
            node.CommittedNames = [.. node.Names];
        }
    }

    private void Reclaim(ClusterMount mount)
    {
        Commit();
        Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Reclaim(default, out _));
    }

    private bool HasChildren(Node directory) =>
        _all.Exists(node => node.Names.Exists(name => name.Directory == directory));

    private Node? Pick(Predicate<Node> which)
    {
        List<Node> some = _all.FindAll(node => !node.IsDeleted && which(node));
        return some.Count == 0 ? null : some[_random.Below(some.Count)];
    }

    private Node PickDirectory() =>
        _random.OneIn(3) ? _root : Pick(node => node.Type == ObjectType.Directory) ?? _root;

    private byte[] NewName()
    {
        string name = $"n{_names++}.{_random.Below(1000)}";
        return Encoding.ASCII.GetBytes(_random.OneIn(5) ? name.PadRight(65 + _random.Below(190), 'x') : name);
    }

    /// <summary>An object of the history.</summary>
    internal sealed class Node(ulong inum, ObjectType type)
    {
        public ulong Inum { get; } = inum;

        public ObjectType Type { get; } = type;

        public bool IsDeleted { get; set; }

        public byte[] Content { get; set; } = [];

        public List<(Node Directory, byte[] Name)> Names { get; } = [];

        /// <summary>The content at each commit.</summary>
        public List<byte[]> Committed { get; } = [];

        /// <summary>The names at the last commit.</summary>
        public List<(Node Directory, byte[] Name)> CommittedNames { get; set; } = [];

        /// <summary>The paths at the last commit, below the directories as they were in theirs.</summary>
        public IEnumerable<string> Paths => CommittedNames.Select(name =>
        {
            string above = name.Directory.CommittedNames.Count == 0 ? "" : name.Directory.Paths.Single() + "/";
            return above + Encoding.ASCII.GetString(name.Name);
        });
    }
}
