// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Threading;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Trees;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Chains.Commits;

/// <summary>
/// A small PFS above a committer: files of one block in the root directory, written as the cluster layer writes them.
/// It knows what it committed, and reads back what is on the media.
/// </summary>
internal sealed class CommitterClient : IMediaClient
{
    private readonly Lock _lock = new();
    private readonly MediaDevice _device;
    private readonly MediaCommitter _committer;
    private readonly SortedDictionary<string, PlacedFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PlacedFile?> _dirty = new(StringComparer.Ordinal);
    private Chain _root;
    private ulong _tid;
    private ulong _lastInum;

    /// <summary>Opens the PFS with a label, which must be empty, and attaches.</summary>
    public CommitterClient(MediaDevice device, string label)
    {
        _device = device;
        _committer = device.Committer!;
        Label = label;
        _root = FindRoot(device, device.RootChain, label);
        _tid = _root.Reference.ModifyTid;
        _lastInum = Math.Max(_root.Meta.PfsInum, Media.InumFirst) - 1;
        _committer.Attach(this);
    }

    public string Label { get; }

    public ulong Key => _root.Reference.Key;

    /// <summary>Called within the turn, before the root is handed over.</summary>
    public Action? InTurn { get; set; }

    /// <summary>What the last successful commit holds.</summary>
    public string Committed { get; private set; } = "";

    /// <summary>What the next commit will hold.</summary>
    public string Next
    {
        get
        {
            lock (_lock) return Describe(Merged());
        }
    }

    /// <summary>Writes a file's block at once, as write-back does. Its commit comes later.</summary>
    public Hammer2Error Put(string name, byte[] content)
    {
        lock (_lock)
        {
            var reference = new Blockref
            {
                Type = BlockrefType.Data,
                KeyBits = Media.BufferRadix,
                Methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None),
                ModifyTid = ++_tid,
            };
            CheckCode.Store(ref reference, content);
            Hammer2Error error = _committer.Writer.Allocate(ref reference, content.Length);
            if (error == Hammer2Error.None)
                error = _committer.Writer.WriteAllocated(reference, content, isReadHere: true);
            if (error != Hammer2Error.None) return error;
            // What was replaced before a commit led to it is free at once.
            PlacedFile? replaced = _dirty.GetValueOrDefault(name);
            if (replaced is not null) _committer.Writer.Free(replaced.Data);
            ulong inum = replaced is null && !_files.ContainsKey(name) ? ++_lastInum : InumOf(name);
            _dirty[name] = new PlacedFile(inum, reference, Hash(content));
            return error;
        }
    }

    public void Remove(string name)
    {
        lock (_lock)
        {
            if (_dirty.GetValueOrDefault(name) is { } dirty) _committer.Writer.Free(dirty.Data);
            if (_files.ContainsKey(name)) _dirty[name] = null;
            else _ = _dirty.Remove(name);
        }
    }

    /// <summary>Commits all that is dirty, in a turn of its own.</summary>
    public Hammer2Error Commit()
    {
        lock (_lock)
        {
            if (_dirty.Count == 0) return Hammer2Error.None;
            using var turn = CommitTurn.Enter(_committer);
            Hammer2Error error = Build(out Blockref root, out Chain? written);
            InTurn?.Invoke();
            if (error == Hammer2Error.None) error = _committer.PutPfsRoot(root);
            PreparedCommit? prepared = null;
            if (error == Hammer2Error.None) error = _committer.Prepare(default, out prepared);
            if (error == Hammer2Error.None) error = _committer.Publish(prepared!);
            if (error == Hammer2Error.None) Finish(_committer.Writer.RememberAs(written!, root));
            return error;
        }
    }

    /// <summary>Builds a commit and gives it up, prepared or not.</summary>
    public void Abandon(bool isPrepared)
    {
        lock (_lock)
        {
            using var turn = CommitTurn.Enter(_committer);
            Assert.Equal(Hammer2Error.None, Build(out Blockref root, out _));
            Assert.Equal(Hammer2Error.None, _committer.PutPfsRoot(root));
            if (isPrepared) Assert.Equal(Hammer2Error.None, _committer.Prepare(default, out _));
        }
    }

    public Hammer2Error CommitForReclaim() => Commit();

    /// <summary>What the PFS holds below the references of a volume header: each file's name and a hash of its
    /// content, which is read and verified.</summary>
    public static string Read(MediaDevice device, Chain top, string label)
    {
        Chain root = FindRoot(device, top, label);
        var names = new Dictionary<ulong, string>();
        foreach (Blockref entry in Leaves(device, root, BlockrefType.Dirent))
            names.Add(entry.Dirent.Inum, Encoding.ASCII.GetString(entry.CheckRead[..entry.Dirent.NameBytes]));
        var files = new SortedDictionary<string, PlacedFile>(StringComparer.Ordinal);
        foreach (Blockref inode in Leaves(device, root, BlockrefType.Inode))
        {
            Assert.Equal(Hammer2Error.None, device.Load(inode, out Chain? file));
            Blockref data = Assert.Single(Leaves(device, file!, BlockrefType.Data));
            byte[] content = new byte[data.Data.SizeBytes];
            Assert.Equal(Hammer2Error.None, device.ReadStored(data, content));
            files.Add(names[inode.Key], new PlacedFile(inode.Key, data, Hash(content)));
        }
        Assert.Equal(names.Count, files.Count);
        return Describe(files);
    }

    public string Read() => Read(_device, _device.RootChain, Label);

    public static Chain FindRoot(MediaDevice device, Chain top, string label)
    {
        Blockref superRoot = Assert.Single(Leaves(device, top, BlockrefType.Inode));
        Assert.Equal(Hammer2Error.None, device.Load(superRoot, out Chain? above));
        foreach (Blockref reference in Leaves(device, above!, BlockrefType.Inode))
        {
            Assert.Equal(Hammer2Error.None, device.Load(reference, out Chain? root));
            if (root!.InodeName.SequenceEqual(Encoding.ASCII.GetBytes(label))) return root;
        }
        throw new InvalidOperationException($"there is no PFS {label}");
    }

    private static List<Blockref> Leaves(MediaDevice device, Chain above, BlockrefType type)
    {
        var found = new List<Blockref>();
        var cursor = new ChainCursor(device, above, 0, ulong.MaxValue);
        Hammer2Error error;
        while ((error = cursor.MoveNext()) == Hammer2Error.None)
            if (cursor.Current.Type == type) found.Add(cursor.Current);
        Assert.Equal(Hammer2Error.NoEntry, error);
        return found;
    }

    private Hammer2Error Build(out Blockref root, out Chain? written)
    {
        root = _root.Reference;
        written = null;
        ulong mirrorTid = _committer.MirrorTid;
        var index = new TreeEditor(
            _device, TreeShape.OfInode(ObjectType.Directory, CheckMethod.XxHash64), _root.Table);
        foreach ((string name, PlacedFile? file) in _dirty)
        {
            Hammer2Error error = file is null ? RemoveFile(index, name) : PutFile(index, name, file, mirrorTid);
            if (error != Hammer2Error.None) return error;
        }
        InodeMeta meta = _root.Meta;
        meta.PfsInum = _lastInum + 1;
        root.ModifyTid = _tid;
        return InodeWriter.Write(
            _committer.Writer, mirrorTid, meta, _root.InodeName, index, ref root, out written);
    }

    private Hammer2Error RemoveFile(TreeEditor index, string name)
    {
        Hammer2Error error = index.Remove(_files[name].Inum);
        return error == Hammer2Error.None ? index.Remove(EntryKey(name)) : error;
    }

    private Hammer2Error PutFile(TreeEditor index, string name, PlacedFile file, ulong mirrorTid)
    {
        var methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None);
        var content = new TreeEditor(
            _device, TreeShape.OfInode(ObjectType.RegularFile, CheckMethod.XxHash64), table: default);
        Blockref data = file.Data;
        data.MirrorTid = mirrorTid;
        Hammer2Error error = content.Put(data);
        if (error != Hammer2Error.None) return error;
        var meta = new InodeMeta
        {
            Version = InodeMeta.CurrentVersion,
            Type = ObjectType.RegularFile,
            Mode = 0x1A4,
            Inum = file.Inum,
            Size = (ulong)data.Data.SizeBytes,
            LinkCount = 1,
            ParentInum = Media.PfsRootInum,
            NameKey = file.Inum,
            CheckPolicy = (byte)CheckMethod.XxHash64,
        };
        var inode = new Blockref
        {
            Type = BlockrefType.Inode,
            Key = file.Inum,
            Methods = methods,
            ModifyTid = data.ModifyTid,
        };
        byte[] inodeName = Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"0x{file.Inum:x16}"));
        error = InodeWriter.Write(_committer.Writer, mirrorTid, meta, inodeName, content, ref inode);
        if (error == Hammer2Error.None) error = index.Put(inode);
        return error == Hammer2Error.None ? index.Put(Entry(name, file, mirrorTid)) : error;
    }

    private static Blockref Entry(string name, PlacedFile file, ulong mirrorTid)
    {
        var entry = new Blockref
        {
            Type = BlockrefType.Dirent,
            Methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None),
            Key = EntryKey(name),
            ModifyTid = file.Data.ModifyTid,
            MirrorTid = mirrorTid,
        };
        entry.Dirent.Inum = file.Inum;
        entry.Dirent.NameBytes = (ushort)name.Length;
        entry.Dirent.Type = ObjectType.RegularFile;
        Encoding.ASCII.GetBytes(name).CopyTo(entry.Check);
        return entry;
    }

    private void Finish(Chain root)
    {
        _root = root;
        foreach ((string name, PlacedFile? file) in _dirty)
        {
            if (file is null) _ = _files.Remove(name);
            else _files[name] = file;
        }
        _dirty.Clear();
        Committed = Describe(_files);
    }

    private ulong InumOf(string name) =>
        _dirty.GetValueOrDefault(name)?.Inum ?? _files[name].Inum;

    private SortedDictionary<string, PlacedFile> Merged()
    {
        var merged = new SortedDictionary<string, PlacedFile>(_files, StringComparer.Ordinal);
        foreach ((string name, PlacedFile? file) in _dirty)
        {
            if (file is null) _ = merged.Remove(name);
            else merged[name] = file;
        }
        return merged;
    }

    private static string Describe(SortedDictionary<string, PlacedFile> files)
    {
        var text = new StringBuilder();
        foreach ((string name, PlacedFile file) in files)
            _ = text.Append(CultureInfo.InvariantCulture, $"{name} {file.Hash:x}\n");
        return text.ToString();
    }

    private static ulong EntryKey(string name) => DirectoryHash.Compute(Encoding.ASCII.GetBytes(name)) + 1;

    private static ulong Hash(byte[] content) => CheckCode.Hash64(content);

    private sealed record PlacedFile(ulong Inum, Blockref Data, ulong Hash);
}
