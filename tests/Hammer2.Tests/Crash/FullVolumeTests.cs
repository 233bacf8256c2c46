// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: a full volume says so when something is to be added, never in a commit; what was acknowledged stays whole;
/// removing is always possible and frees the space.
/// Method: small volumes are filled in a drawn manner, written over, emptied in part and filled again.
/// HAMMER2_SEED=n replays one case; with HAMMER2_LONG=1 there are 50 instead of 16.
/// </summary>
public sealed partial class FullVolumeTests
{
    private static readonly Credentials Caller = new(0, 0);

    private static bool IsLong => Environment.GetEnvironmentVariable("HAMMER2_LONG") is { Length: > 0 };

    private enum Filling
    {
        Mixed,
        Tiny,
        LongNames,
        Deep,
        Big,
    }

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(IsLong ? 50 : 16));

    [Theory, MemberData(nameof(Seeds))]
    public void A_full_volume_loses_nothing_and_can_be_emptied(ulong seed)
    {
        var random = new SeededRandom(seed);
        IBlockDevice[] devices = MakeDevices(random, out string label);
        var files = new Files(random, seed);
        using (ClusterMount mount = RecordedScript.Mount(devices, label))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            files.Ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            files.Fill(random.Pick<Filling>(
                [Filling.Mixed, Filling.Mixed, Filling.Tiny, Filling.LongNames, Filling.Deep, Filling.Big]));
            files.Compare();
            files.Overwrite(60);
            files.Compare();
            files.RemoveSome(50);
            files.Compare();
            files.Fill(Filling.Mixed);
            files.Compare();
        }
        foreach (IBlockDevice device in devices) MediaAudit.AssertSound(device, $"seed {seed}", allowsOrphans: false);
        using (ClusterMount mount = RecordedScript.Mount(devices, label))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            files.Ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            files.Compare();
            files.RemoveSome(100);
            Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Reclaim(default, out _));
            PfsSpace space = mount.Pfs.GetSpace();
            Assert.True(space.FreeBytes + (5UL << 20) >= Math.Min(space.TotalBytes, files.FreeAtStart),
                $"seed {seed}: {space.FreeBytes} of {space.TotalBytes} free, {files.FreeAtStart} at first");
            Assert.False(mount.Pfs.Writer.IsStopped);
        }
        foreach (IBlockDevice device in devices) device.Dispose();
    }

    // Where nearly nothing fits, refusing is all that is asked.
    [Theory]
    [InlineData(32), InlineData(40), InlineData(48)]
    public void A_volume_with_hardly_any_room_refuses_and_stays_sound(int mebibytes)
    {
        using MemoryBlockDevice device = NewVolume.InMemory((long)mebibytes << 20);
        var files = new Files(new SeededRandom(1), 1);
        using (ClusterMount mount = RecordedScript.Mount([device], NewVolume.Label))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            files.Ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            files.Fill(Filling.Mixed);
            files.Compare();
            files.RemoveSome(100);
        }
        MediaAudit.AssertSound(device, "afterwards", allowsOrphans: false);
    }

    // The first writer frees removed blocks; writers that come meanwhile wait for that and do not fail.
    [Fact]
    public void Several_who_write_at_once_find_the_room_that_removing_made()
    {
        const int WritersTotal = 8;
        using MemoryBlockDevice device = NewVolume.InMemory(64L << 20);
        using ClusterMount mount = MountFilled(device, out Files files);
        VnodeOps ops = files.Ops;
        files.RemoveSome(100);
        var made = new ulong[WritersTotal];
        for (int i = 0; i < made.Length; i++)
        {
            Errno error = ops.Create(VnodeOps.RootInum, Encoding.ASCII.GetBytes($"w{i}"),
                new NewObject(ObjectType.RegularFile, UnixMode.O644), Caller, out VnodeAttributes attributes);
            Assert.Equal(Errno.None, error);
            made[i] = attributes.Inum;
        }
        var errors = new Errno[WritersTotal];
        Thread[] threads = [.. Enumerable.Range(0, WritersTotal).Select(i => new Thread(() =>
        {
            byte[] data = new byte[128 << 10];
            new SeededRandom((ulong)i).Fill(data);
            for (int part = 0; part < 8 && errors[i] == Errno.None; part++)
                errors[i] = ops.Write(made[i], (ulong)(part * data.Length), data, dropsPrivileges: false);
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.All(errors, error => Assert.Equal(Errno.None, error));
        Assert.Equal(Errno.None, ops.Sync());
    }

    // Its second walk sees it as removed, and its first one did not: it is not free yet.
    [Fact]
    public void What_is_removed_while_space_is_reclaimed_makes_room_for_who_writes_next()
    {
        using MemoryBlockDevice device = NewVolume.InMemory(64L << 20);
        using ClusterMount mount = MountFilled(device, out Files files);
        ReclaimAfter(mount, () => files.RemoveSome(100));
        AssertHasRoom(files.Ops, 30 << 20);
    }

    [Fact]
    public void What_is_written_over_while_space_is_reclaimed_makes_room_for_who_writes_next()
    {
        using MemoryBlockDevice device = NewVolume.InMemory(64L << 20);
        using ClusterMount mount = MountFilled(device, out Files files);
        files.RemoveSome(40);
        Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Reclaim(default, out _));
        ReclaimAfter(mount, () =>
        {
            while (mount.Pfs.GetSpace().FreeBytes > 3 << 20) files.Overwrite(1);
        });
        AssertHasRoom(files.Ops, 8 << 20);
    }

    private static ClusterMount MountFilled(MemoryBlockDevice device, out Files files)
    {
        files = new Files(new SeededRandom(1), 1);
        ClusterMount mount = RecordedScript.Mount([device], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        files.Ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        files.Fill(Filling.Big);
        return mount;
    }

    // Once the first walk began.
    private static void ReclaimAfter(ClusterMount mount, Action changes)
    {
        bool isDone = false;
        bool Change()
        {
            if (!isDone) changes();
            isDone = true;
            return false;
        }
        Assert.Equal(Hammer2Error.None,
            mount.Pfs.Writer!.Reclaim(new ReclaimOptions(IsCancelled: Change), out ReclaimResult result));
        Assert.True(isDone);
        Assert.True(result.StagedBytes > 8 << 20);
    }

    private static void AssertHasRoom(VnodeOps ops, int bytes)
    {
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, "more"u8,
            new NewObject(ObjectType.RegularFile, UnixMode.O644), Caller, out VnodeAttributes made));
        byte[] part = new byte[128 << 10];
        for (int at = 0; at < bytes; at += part.Length)
        {
            new SeededRandom((ulong)at).Fill(part);
            Assert.Equal(Errno.None, ops.Write(made.Inum, (ulong)at, part, dropsPrivileges: false));
        }
        Assert.Equal(Errno.None, ops.Sync());
    }

    private static IBlockDevice[] MakeDevices(SeededRandom random, out string label)
    {
        long bytes = (long)(40 + (8 * random.Below(2))) << 20;
        if (!random.OneIn(4))
        {
            label = NewVolume.Label;
            return [NewVolume.InMemory(bytes)];
        }
        label = NewVolume.ClusterLabel;
        var devices = new IBlockDevice[3];
        for (int node = 0; node < devices.Length; node++)
        {
            // One node may be smaller than the others: what does not fit there is refused everywhere.
            long own = node == 1 && random.OneIn(2) ? bytes : bytes + (8L << 20);
            devices[node] = new MemoryBlockDevice(own, $"n{node}");
            NewVolume.Format([devices[node]], NewVolume.Describe(1, node, 3));
        }
        return devices;
    }

    private sealed partial class Files(SeededRandom random, ulong seed)
    {
        private readonly SortedDictionary<string, (ulong Directory, ulong Inum, byte[] Content)> _files =
            new(StringComparer.Ordinal);

        private readonly List<(ulong Parent, string Name, ulong Inum)> _directories = [];
        private VnodeOps _ops = null!;
        private int _made;

        public ulong FreeAtStart { get; private set; }

        public VnodeOps Ops
        {
            get => _ops;
            set
            {
                _ops = value;
                if (FreeAtStart == 0) FreeAtStart = value.GetSpace().FreeBytes;
            }
        }

        /// <summary>Adds until there is no room, and says so.</summary>
        public void Fill(Filling filling)
        {
            ulong directory = VnodeOps.RootInum;
            int refused = 0;
            while (refused < 3)
            {
                Errno error;
                if (filling == Filling.Deep && random.OneIn(3))
                {
                    error = MakeDirectory(directory, out ulong made);
                    if (error == Errno.None) directory = made;
                }
                else error = MakeFile(directory, filling);
                if (error != Errno.None)
                {
                    Assert.True(error == Errno.ENOSPC, $"seed {seed}: {error}");
                    refused++;
                }
                if (random.OneIn(filling == Filling.Tiny ? 300 : 20)) Sync();
            }
            Sync();
        }

        /// <summary>Writes over what is there: it may be refused, but the old or the new bytes stand.</summary>
        public void Overwrite(int count)
        {
            string[] names = [.. _files.Keys];
            while (names.Length > 0 && count-- > 0)
            {
                string name = random.Pick<string>(names);
                (_, ulong inum, byte[] content) = _files[name];
                if (content.Length == 0) continue;
                int at = random.Below(content.Length);
                byte[] data = new byte[Math.Min(content.Length - at, 1 + random.Below(100_000))];
                random.Fill(data);
                Errno error = Ops.Write(inum, (ulong)at, data, dropsPrivileges: false);
                if (error == Errno.None) data.CopyTo(content.AsSpan(at));
                else Assert.True(error == Errno.ENOSPC, $"seed {seed}: {error}");
                if (random.OneIn(10)) Sync();
            }
            Sync();
        }

        public void RemoveSome(int percent)
        {
            foreach (string name in _files.Keys.Where(_ => random.Chance(percent)).ToArray())
            {
                Errno error = Ops.Unlink(_files[name].Directory, Encoding.ASCII.GetBytes(name), out ulong inum);
                Assert.True(error == Errno.None, $"seed {seed}: removing {name}: {error}");
                Assert.Equal(Errno.None, Ops.Forget(inum));
                _ = _files.Remove(name);
            }
            for (int i = _directories.Count - 1; percent == 100 && i >= 0; i--)
            {
                (ulong parent, string name, _) = _directories[i];
                Errno error = Ops.RemoveDirectory(parent, Encoding.ASCII.GetBytes(name), out ulong inum);
                Assert.True(error == Errno.None, $"seed {seed}: removing {name}: {error}");
                Assert.Equal(Errno.None, Ops.Forget(inum));
            }
            Sync();
        }

        public void Compare()
        {
            byte[] found = new byte[2 << 20];
            foreach ((string name, (ulong directory, ulong inum, byte[] content)) in _files)
            {
                Assert.Equal(Errno.None, Ops.Lookup(directory, Encoding.ASCII.GetBytes(name), out VnodeAttributes at));
                Assert.Equal((inum, (ulong)content.Length), (at.Inum, at.SizeBytes));
                Assert.Equal(Errno.None, Ops.Read(inum, 0, found, out int read));
                Assert.True(found.AsSpan(0, read).SequenceEqual(content), $"seed {seed}: {name} differs");
            }
        }

        private void Sync()
        {
            Errno error = Ops.Sync();
            Assert.True(error == Errno.None, $"seed {seed}: a commit failed: {error}");
        }

        private Errno MakeDirectory(ulong parent, out ulong inum)
        {
            string name = NextName(isLong: false);
            Errno error = Ops.Create(parent, Encoding.ASCII.GetBytes(name),
                new NewObject(ObjectType.Directory, UnixMode.O755), Caller, out VnodeAttributes made);
            inum = made.Inum;
            if (error == Errno.None) _directories.Add((parent, name, inum));
            return error;
        }

        private Errno MakeFile(ulong directory, Filling filling)
        {
            string name = NextName(filling == Filling.LongNames);
            int length = filling switch
            {
                Filling.Big => 1 << 20,
                Filling.Tiny or Filling.LongNames => _files.Count < 1500 ? random.Below(2000) : 1 << 19,
                _ => random.Below(random.Pick<int>([600, 5000, 70_000, 300_000, 1 << 20])),
            };
            Errno error = Ops.Create(directory, Encoding.ASCII.GetBytes(name),
                new NewObject(ObjectType.RegularFile, UnixMode.O644), Caller, out VnodeAttributes made);
            if (error != Errno.None) return error;
            byte[] content = new byte[length];
            if (random.OneIn(2)) random.Fill(content);
            else for (int i = 0; i < length; i += 1 + random.Below(4000)) content[i] = random.NextByte();
            int written = 0;
            while (written < length && error == Errno.None)
            {
                int part = Math.Min(length - written, 128 << 10);
                error = Ops.Write(made.Inum, (ulong)written, content.AsSpan(written, part), dropsPrivileges: false);
                if (error == Errno.None) written += part;
            }
            _files.Add(name, (directory, made.Inum, content[..written]));
            return error;
        }

        private string NextName(bool isLong) =>
            isLong ? $"{_made++}".PadRight(255, 'x') : $"f{_made++}";
    }
}
