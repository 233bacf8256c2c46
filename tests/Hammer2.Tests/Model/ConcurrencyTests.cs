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

namespace Hammer2.Tests.Model;

/// <summary>
/// Goal: threads that use a PFS at the same time do not disturb each other, and what they share stays sound.
/// Method: each thread plays a script of its own below a directory of its own, and between its steps makes, moves
/// and removes names and bytes in a directory that all share; they sync, reclaim space and read all of theirs. What
/// each thread did is drawn from the seed; how they met is not. HAMMER2_SEED=n replays the drawing.
/// </summary>
public sealed class ConcurrencyTests
{
    private const int ThreadsTotal = 4;
    private const int SharedNames = 12;
    private static readonly Credentials Owner = new(0, 0);

    // What may come of a race for a name or an object in the shared directory.
    private static readonly Errno[] s_raceResults =
    [
        Errno.None, Errno.ENOENT, Errno.EEXIST, Errno.ESTALE, Errno.EISDIR, Errno.ENOTDIR, Errno.ENOTEMPTY,
        Errno.EPERM, Errno.EINVAL,
    ];

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(3));

    [Theory, MemberData(nameof(Seeds))]
    public void Threads_on_one_node_stay_apart(ulong seed) =>
        Run(seed, [NewVolume.InMemory(seed: seed)], NewVolume.Label);

    [Theory, MemberData(nameof(Seeds))]
    public void Threads_on_three_nodes_stay_apart(ulong seed) =>
        Run(seed, NewVolume.ClusterInMemory(3, seed: seed), NewVolume.ClusterLabel);

    private static void Run(ulong seed, IBlockDevice[] disks, string label)
    {
        var players = new List<ScriptPlayer>();
        using (ClusterMount mount = ModelMount.Open(disks, label))
        {
            var writing = new PfsWriteOptions { Workers = 2, OpenBytesMax = 256 << 10 };
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(writing));
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            ulong shared = MakeDirectory(ops, "shared");
            var failures = new List<Exception>();
            var threads = new List<Thread>();
            for (int i = 0; i < ThreadsTotal; i++)
            {
                var random = new SeededRandom((seed * 100) + (ulong)i);
                var player = new ScriptPlayer(random);
                _ = ModelMount.MakeRoom(ops, player, $"own{i}");
                players.Add(player);
                threads.Add(Start(failures, () => Play(mount.Pfs.Writer!, ops, player, random, shared)));
            }
            foreach (Thread thread in threads) thread.Join();
            Assert.True(failures.Count == 0, $"seed {seed}: {string.Join('\n', failures.Take(3))}");
            foreach (ScriptPlayer player in players)
            {
                player.Compare(ops);
                player.ForgetAll(ops);
            }
            Assert.Equal(Errno.None, ops.Sync());
            // A worker counts a block until it has given the buffer back, a moment after the commit may have it.
            bool isAllWritten = SpinWait.SpinUntil(
                () => mount.Pfs.Writer!.UnwrittenBytes == 0, TimeSpan.FromSeconds(60));
            Assert.True(isAllWritten, $"seed {seed}: {mount.Pfs.Writer!.UnwrittenBytes} bytes wait for ever");
        }
        using (ClusterMount again = ModelMount.Open(disks, label))
        {
            var ops = new VnodeOps(again.Pfs, NullLogger<VnodeOps>.Instance);
            foreach (ScriptPlayer player in players) player.Compare(ops);
        }
        ModelMount.Judge(disks, seed);
    }

    private static Thread Start(List<Exception> failures, Action work)
    {
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception failure)
            {
                lock (failures) failures.Add(failure);
            }
        });
        thread.Start();
        return thread;
    }

    private static void Play(
        PfsWriter writer, VnodeOps ops, ScriptPlayer player, SeededRandom random, ulong shared)
    {
        for (int round = 0; round < 25; round++)
        {
            player.Play(ops, random.Below(12));
            for (int i = random.Below(12); i > 0; i--) Race(ops, random, shared);
            if (random.OneIn(4)) Assert.Equal(Errno.None, ops.Sync());
            if (random.OneIn(10)) Assert.Equal(Hammer2Error.None, writer.Reclaim(default, out _));
            if (random.OneIn(6)) player.Compare(ops);
        }
    }

    private static void Race(VnodeOps ops, SeededRandom random, ulong shared)
    {
        byte[] name = AnyName(random), other = AnyName(random);
        Errno error;
        ulong gone = 0;
        switch (random.Below(8))
        {
            case 0:
            case 1:
                ObjectType type = random.OneIn(4) ? ObjectType.Directory : ObjectType.RegularFile;
                error = ops.Create(shared, name, new NewObject(type, UnixMode.O755), Owner, out _);
                break;
            case 2:
                error = ops.Unlink(shared, name, out gone);
                break;
            case 3:
                error = ops.RemoveDirectory(shared, name, out gone);
                break;
            case 4:
                RenameFlags flags = random.Pick<RenameFlags>(
                    [RenameFlags.None, RenameFlags.NoReplace, RenameFlags.Exchange]);
                error = ops.Rename(shared, name, shared, other, flags, out gone);
                break;
            case 5:
                error = ops.Lookup(shared, name, out VnodeAttributes linked);
                if (error == Errno.None) error = ops.Link(linked.Inum, shared, other, out _);
                break;
            case 6:
                error = ops.Lookup(shared, name, out VnodeAttributes copied);
                if (error == Errno.None) error = CopyBytes(ops, shared, other, copied.Inum);
                break;
            default:
                error = ops.Lookup(shared, name, out VnodeAttributes written);
                if (error == Errno.None) error = WriteAndRead(ops, random, written.Inum);
                break;
        }
        Assert.Contains(error, s_raceResults);
        if (gone != 0 && error == Errno.None) _ = ops.Forget(gone);
    }

    private static Errno CopyBytes(VnodeOps ops, ulong shared, byte[] name, ulong source)
    {
        Errno error = ops.Lookup(shared, name, out VnodeAttributes target);
        return error != Errno.None
            ? error
            : ops.CopyRange(new FilePosition(source, 0), new FilePosition(target.Inum, 0), 1 << 20, false, out _);
    }

    // Every block of a shared file is of one byte's value in each 512 bytes: what is read is never torn.
    private static Errno WriteAndRead(VnodeOps ops, SeededRandom random, ulong inum)
    {
        byte[] data = new byte[random.Pick<int>([512, 65536, 131072])];
        Array.Fill(data, random.NextByte());
        Errno error = ops.Write(inum, (ulong)random.Below(4) * 65536, data, false);
        if (error != Errno.None) return error;
        byte[] back = new byte[512];
        error = ops.Read(inum, (ulong)random.Below(512) * 512, back, out int read);
        Assert.True(error != Errno.None || !back.AsSpan(0, read).ContainsAnyExcept(back[0]), "a torn read");
        return error;
    }

    private static byte[] AnyName(SeededRandom random) =>
        Encoding.ASCII.GetBytes($"{random.Below(SharedNames)}");

    private static ulong MakeDirectory(VnodeOps ops, string name)
    {
        Assert.Equal(Errno.None, ops.Create(
            VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), new NewObject(ObjectType.Directory, UnixMode.O755), Owner,
            out VnodeAttributes made));
        return made.Inum;
    }
}
