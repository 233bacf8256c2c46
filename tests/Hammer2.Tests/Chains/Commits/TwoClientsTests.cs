// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Freemap;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Xunit;

namespace Hammer2.Tests.Chains.Commits;

/// <summary>
/// Goal: two PFSs of one device that are written at once each keep what they committed, and what they committed only,
/// whatever the other does, and whenever power fails.
/// Method: drawn scripts of two clients, alternating on one thread or on two, each state read back from the media.
/// HAMMER2_SEED=n replays one.
/// </summary>
public sealed class TwoClientsTests
{
    private const int Script = 60;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(6));

    public static TheoryData<ulong, long> Volumes
    {
        get
        {
            var volumes = new TheoryData<ulong, long>();
            foreach (ulong seed in SeededRandom.Seeds(2))
            {
                volumes.Add(seed, CommitterVolume.SmallBytes);
                volumes.Add(seed, CommitterVolume.TwoHeadersBytes);
            }
            return volumes;
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Both_are_as_committed_after_each_commit_of_either(ulong seed)
    {
        var random = new SeededRandom(seed);
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var volume = new CommitterVolume(disk);
        for (int step = 0; step < Script; step++)
        {
            CommitterClient client = random.OneIn(2) ? volume.A : volume.B;
            for (int change = random.Below(6); change >= 0; change--)
                CommitterVolume.Change(random, random.OneIn(2) ? volume.A : volume.B);
            if (random.OneIn(5)) client.Abandon(isPrepared: random.OneIn(2));
            string next = client.Next;
            Assert.Equal(Hammer2Error.None, client.Commit());
            Assert.Equal(next, client.Committed);
            volume.AssertBothAsCommitted($"seed {seed}, step {step}");
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Both_are_as_committed_when_two_threads_commit_and_a_third_runs_bulkfree(ulong seed)
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var volume = new CommitterVolume(disk);
        int running = 2;
        var failures = new List<Exception>();
        Thread[] threads =
        [
            Start(() => Play(new SeededRandom(seed), volume.A)),
            Start(() => Play(new SeededRandom(seed + 1), volume.B)),
            Start(() =>
            {
                do
                {
                    Assert.Equal(Hammer2Error.None, Bulkfree.Run(
                        [volume.Committer], new BulkfreeOptions(Discards: true), out _));
                }
                while (Volatile.Read(ref running) > 0);
            }),
        ];
        foreach (Thread thread in threads) thread.Join();
        Assert.Empty(failures);
        volume.AssertBothAsCommitted($"seed {seed}");

        void Play(SeededRandom random, CommitterClient client)
        {
            try
            {
                for (int step = 0; step < Script; step++)
                {
                    for (int change = random.Below(6); change >= 0; change--)
                        CommitterVolume.Change(random, client);
                    Assert.Equal(Hammer2Error.None, client.Commit());
                    Assert.Equal(client.Committed, client.Read());
                }
            }
            finally
            {
                _ = Interlocked.Decrement(ref running);
            }
        }

        Thread Start(Action body)
        {
            var thread = new Thread(() =>
            {
                try
                {
                    body();
                }
                catch (Exception failure)
                {
                    lock (failures) failures.Add(failure);
                }
            });
            thread.Start();
            return thread;
        }
    }

    [Theory, MemberData(nameof(Volumes))]
    public void Power_that_fails_at_any_event_leaves_each_its_last_or_its_next_commit(ulong seed, long bytes)
    {
        var random = new SeededRandom(seed);
        using MemoryBlockDevice disk = NewVolume.InMemory(bytes);
        var history = new WriteHistory(disk);
        var states = new Dictionary<string, List<string>> { ["A"] = [""], ["B"] = [""] };
        Record(random, history, states);
        var cuts = new PowerCuts(history);
        for (int position = 0; position <= history.Events.Count; position++)
        {
            cuts.AdvanceTo(position);
            string place = $"seed {seed}, cut after event {position} of {history.Events.Count}";
            using OverlayBlockDevice left = Assert.Single(cuts.Cut(random));
            MediaAudit.AssertSound(left, place);
            using MediaDevice device = CommitterVolume.Open(left);
            AssertAllowed("A", CommitterVolume.First);
            AssertAllowed("B", CommitterVolume.Second);
            if (random.OneIn(8)) WriteOn(left, random, place);

            void AssertAllowed(string client, string label)
            {
                string found = CommitterClient.Read(device, device.RootChain, label);
                Assert.True(Allowed(history, states[client], client, position).Contains(found), $"{place}: {client}");
            }
        }
    }

    // Marks say which commit of which client begins, and which is acknowledged.
    private static void Record(SeededRandom random, WriteHistory history, Dictionary<string, List<string>> states)
    {
        using var volume = new CommitterVolume(history.Open()[0]);
        for (int step = 0; step < Script / 2; step++)
        {
            for (int change = random.Below(3); change >= 0; change--)
                CommitterVolume.Change(random, random.OneIn(2) ? volume.A : volume.B);
            if (random.OneIn(8))
            {
                // Each client commits first.
                Begin("A");
                Begin("B");
                Assert.Equal(Hammer2Error.None, Bulkfree.Run(
                    [volume.Committer], new BulkfreeOptions(Discards: random.OneIn(2)), out _));
                End("A");
                End("B");
                continue;
            }
            string client = random.OneIn(2) ? "A" : "B";
            if (random.OneIn(6)) ClientOf(client).Abandon(isPrepared: random.OneIn(2));
            Begin(client);
            Assert.Equal(Hammer2Error.None, ClientOf(client).Commit());
            End(client);
        }

        CommitterClient ClientOf(string client) => client == "A" ? volume.A : volume.B;

        void Begin(string client)
        {
            states[client].Add(ClientOf(client).Next);
            history.Mark($"begin {client}");
        }

        void End(string client) => history.Mark($"end {client}");
    }

    private static IEnumerable<string> Allowed(
        WriteHistory history, List<string> states, string client, int position)
    {
        int begun = 0, ended = 0;
        foreach (HistoryEvent what in history.Events.Take(position))
        {
            if (what.Mark == $"begin {client}") begun++;
            if (what.Mark == $"end {client}") ended++;
        }
        return states.Take(begun + 1).Skip(ended);
    }

    private static void WriteOn(OverlayBlockDevice disk, SeededRandom random, string place)
    {
        using MediaDevice device = CommitterVolume.Open(disk);
        Assert.Equal(Hammer2Error.None, device.OpenForWriting());
        string untouched = CommitterClient.Read(device, device.RootChain, CommitterVolume.Second);
        Chain root = CommitterClient.FindRoot(device, device.RootChain, CommitterVolume.First);
        using (CommitTurn.Enter(device.Committer!))
        {
            Assert.Equal(Hammer2Error.None, device.Committer!.RemovePfsRoot(root.Reference.Key));
            Assert.Equal(Hammer2Error.NoEntry, device.Committer.RemovePfsRoot(random.NextUInt64() | 1));
            Assert.Equal(Hammer2Error.None, device.Committer.Prepare(default, out PreparedCommit? prepared));
            Assert.Equal(Hammer2Error.None, device.Committer.Publish(prepared!));
        }
        Assert.Equal(Hammer2Error.None, Bulkfree.Run([device.Committer!], default, out _));
        Assert.Equal(untouched, CommitterClient.Read(device, device.RootChain, CommitterVolume.Second));
        MediaAudit.AssertSound(disk, string.Create(CultureInfo.InvariantCulture, $"{place}, without the first PFS"));
    }
}
