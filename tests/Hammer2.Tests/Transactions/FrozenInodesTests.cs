// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>The way of an inode through a group: opened, changed, frozen, then installed or reverted.</summary>
public sealed class FrozenInodesTests : IDisposable
{
    private const ulong NewTime = 77;

    private readonly MemoryBlockDevice _disk = NewVolume.InMemory();
    private readonly ClusterMount _mount;
    private readonly InodeLocks _locks = new();
    private readonly TransactionGate _gate = new();
    private readonly DirtyMemory _memory = new();
    private readonly InodeCache _inodes;
    private readonly FrozenInodes _images;
    private readonly BlockWriteBack _writeBack;
    private readonly InodeReversal _reversal;

    public FrozenInodesTests()
    {
        _mount = ModelMount.Open([_disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting());
        ClusterNodes nodes = _mount.Pfs.ClusterNodes;
        var failStop = new FailStop(NullLogger.Instance, "test", new QuorumPolicySetting());
        var memory = new BlockMemory(new SpaceReserve(nodes.View), _memory);
        var store = new BlockStore(nodes, new NodeFencing(nodes, failStop), new Deduplication(isOn: false));
        _inodes = new InodeCache(nodes, _gate, new InodeNumbers(nodes), _memory);
        _images = new FrozenInodes(nodes, _locks, _inodes);
        var queue = new WriteBackQueue();
        var sealer = new BlockSealer(memory, _locks, queue, openBytesMax: 1 << 20);
        _writeBack = new BlockWriteBack(
            sealer, new BatchWriter(store, memory, failStop), memory, queue, workers: 0);
        _reversal = new InodeReversal(_locks, _inodes, _writeBack);
    }

    private ClusterView View => _mount.Pfs.View;

    public void Dispose()
    {
        _writeBack.Dispose();
        _mount.Dispose();
        _locks.Dispose();
        _gate.Dispose();
        _disk.Dispose();
    }

    [Fact]
    public void Images_are_by_number_and_an_inode_that_an_operation_froze_keeps_its_image()
    {
        DirtyInode root = OpenRoot(), first = Make(root), second = Make(root);
        foreach (DirtyInode inode in new[] { second, root, first }) Assert.True(_gate.TryAdd(inode));
        TransactionGroup closed = _gate.Close();
        // The next group changes the second before the commit came to it.
        Assert.Equal(Hammer2Error.None, _inodes.Open(View, second.Inum, out DirtyInode? again));
        Assert.Same(second, again);
        FrozenInode early = second.Frozen!;
        second.Meta.ModifyTime = NewTime;
        List<FrozenInode> images = _images.Freeze(closed);
        Assert.Equal([root.Inum, first.Inum, second.Inum], images.Select(image => image.Inode.Inum));
        Assert.Same(early, images[2]);
        Assert.NotEqual(NewTime, images[2].Meta.ModifyTime);
        Assert.All(images, image => Assert.Same(image, image.Inode.Frozen));
    }

    [Fact]
    public void An_installed_inode_is_forgotten_unless_it_is_dirty_again()
    {
        DirtyInode root = OpenRoot();
        Assert.True(_gate.TryAdd(root));
        List<FrozenInode> images = _images.Freeze(_gate.Close());
        Assert.True(_gate.TryAdd(root));
        _images.Install(images);
        Assert.Null(root.Frozen);
        Assert.True(_inodes.TryGet(root.Inum, out _));
        _images.Install(_images.Freeze(_gate.Close()));
        Assert.True(_inodes.IsEmpty);
        Assert.Equal(0, _memory.Inodes);
    }

    [Fact]
    public void What_cannot_be_read_back_stays_as_it_was_written_and_is_tried_again()
    {
        DirtyInode made = Make(OpenRoot());
        Assert.True(_gate.TryAdd(made));
        // No commit has it.
        List<FrozenInode> images = _images.Freeze(_gate.Close());
        for (int attempt = 0; attempt < 2; attempt++)
        {
            if (attempt == 0) _images.Install(images);
            else _images.InstallUnreadable();
            Assert.Same(images[0], made.Frozen);
            Assert.True(_inodes.TryGet(made.Inum, out _));
        }
        made.IsDeleted = true;
        Assert.True(_gate.TryAdd(made));
        _images.Install(_images.Freeze(_gate.Close()));
        Assert.False(_inodes.TryGet(made.Inum, out _));
    }

    [Fact]
    public void A_reverted_inode_has_the_last_commit_and_its_lost_entries_are_named()
    {
        DirtyInode root = OpenRoot();
        ulong before = root.Meta.ModifyTime;
        Change(root, key: 5, "syncing");
        FrozenInode image = Assert.Single(_images.Freeze(_gate.Close()));
        Change(root, key: 6, name: null);
        LeftOutInode lost = _reversal.Revert(root, image);
        Assert.Equal([6UL, 5UL], lost.Entries.Select(entry => entry.Key));
        Assert.Null(lost.Entries[0].Name);
        Assert.Equal("syncing"u8, lost.Entries[1].Name!.Value.Span);
        Assert.Equal((before, false), (root.Meta.ModifyTime, root.IsDirty));
        Assert.True(_inodes.IsEmpty);
    }

    [Fact]
    public void What_only_the_open_group_changed_goes_back_to_the_image_of_the_syncing_group()
    {
        DirtyInode root = OpenRoot();
        Change(root, key: 5, "syncing");
        FrozenInode image = Assert.Single(_images.Freeze(_gate.Close()));
        Change(root, key: 6, "open");
        root.Meta.ModifyTime++;
        LeftOutInode lost = _reversal.Revert(root, image: null);
        Assert.Equal([6UL], lost.Entries.Select(entry => entry.Key));
        Assert.Same(image, root.Frozen);
        Assert.Equal((NewTime, false), (root.Meta.ModifyTime, root.IsDirty));
        Assert.True(_inodes.TryGet(root.Inum, out _));
    }

    [Fact]
    public void A_new_inode_that_is_reverted_never_was()
    {
        DirtyInode made = Make(OpenRoot());
        Change(made, key: 5, "entry");
        _ = _reversal.Revert(made, image: null);
        Assert.True(made.IsDeleted);
        Assert.False(_inodes.TryGet(made.Inum, out _));
    }

    private DirtyInode OpenRoot()
    {
        Assert.Equal(Hammer2Error.None, _inodes.Open(View, Media.PfsRootInum, out DirtyInode? root));
        return root!;
    }

    private DirtyInode Make(DirtyInode directory) =>
        _inodes.Create(View, new InodeMeta { Type = ObjectType.Directory }, directory);

    private void Change(DirtyInode directory, ulong key, string? name)
    {
        _ = _gate.TryAdd(directory);
        directory.Meta.ModifyTime = NewTime;
        byte[]? bytes = name is null ? null : System.Text.Encoding.ASCII.GetBytes(name);
        directory.Changes.Entries.Set(key, new DirentDelta(bytes, 0, ObjectType.RegularFile, 1));
    }
}
