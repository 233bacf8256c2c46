// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixWriteList
{
    private const int ListedTotal = 400;
    private const int ListersTotal = 6;
    private const int ChangesEach = 1500;
    private const int NamesEach = 200;

    private static IReadOnlyList<PosixBehaviour<string>> Listings =>
    [
        new("a listing begun after a change shows it though an older listing ends meanwhile",
            Listing_beside_an_older_one),
        new("six threads that make, rename and remove names list exactly their own", Listing_by_six_threads),
    ];

    // A FUSE kernel that keeps listings compares them with the directory only where a listing begins: the second
    // descriptor begins with entries from the server and must not go on with those that the first one gathered.
    private static void Listing_beside_an_older_one(string root)
    {
        var names = new HashSet<string>([".", ".."]);
        for (int i = 0; i < ListedTotal; i++)
        {
            _ = names.Add($"{i:d20}");
            _ = Make($"{root}/{i:d20}");
        }
        for (int round = 0; round < 3; round++)
        {
            // A change, so that the older listing is gathered anew.
            _ = names.Add($"before{round}");
            _ = Make($"{root}/before{round}");
            using PosixFile older = Open(root, PosixCalls.Directory);
            List<PosixEntry> seen = [];
            byte[] large = new byte[1 << 16], small = new byte[1 << 10];
            while (seen.Count < names.Count) Split(older, large, seen);     // all entries, and the end not yet

            string removed = seen[^1].Name, made = $"new{round}";
            Done(PosixCalls.Unlink($"{root}/{removed}"), "unlink");
            _ = names.Remove(removed);
            _ = Make($"{root}/{made}");
            _ = names.Add(made);

            using PosixFile newer = Open(root, PosixCalls.Directory);
            List<PosixEntry> found = [];
            Split(newer, small, found);
            Assert.Equal(0, PosixCalls.GetDirectoryEntries(older.Id, large));
            found.AddRange(PosixTree.Entries(newer.Id));
            Assert.Equal(names.Order(), found.Select(entry => entry.Name).Order());
        }
    }

    private static void Listing_by_six_threads(string root)
    {
        var failures = new ConcurrentBag<string>();
        var threads = new List<Thread>();
        for (int number = 0; number < ListersTotal; number++)
        {
            string prefix = $"t{number}-";
            var random = new SeededRandom((ulong)(number + 1));
            threads.Add(new Thread(() =>
            {
                try
                {
                    ChangeAndList(root, prefix, random);
                }
                catch (Exception failure)
                {
                    failures.Add(failure.ToString());
                }
            }));
        }
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Empty(failures);
    }

    private static void ChangeAndList(string root, string prefix, SeededRandom random)
    {
        var names = new HashSet<string>();
        for (int change = 0; change < ChangesEach; change++)
        {
            string name = prefix + random.Below(NamesEach), other = prefix + random.Below(NamesEach);
            if (random.OneIn(10))
            {
                IEnumerable<string> listed = PosixTree.Entries(root)
                    .Select(entry => entry.Name).Where(entry => entry.StartsWith(prefix, StringComparison.Ordinal));
                Assert.Equal(names.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
            }
            else if (names.Add(name)) _ = Make($"{root}/{name}");
            else if (random.OneIn(2))
            {
                Done(PosixCalls.Unlink($"{root}/{name}"), "unlink");
                _ = names.Remove(name);
            }
            else if (name != other)
            {
                Done(PosixCalls.Rename($"{root}/{name}", $"{root}/{other}"), "rename");
                _ = names.Remove(name);
                _ = names.Add(other);
            }
        }
    }

    private static void Split(PosixFile directory, byte[] buffer, List<PosixEntry> entries)
    {
        long got = PosixCalls.GetDirectoryEntries(directory.Id, buffer);
        Assert.True(got > 0, $"getdents64 answered {got}");
        PosixTree.Split(buffer.AsSpan(0, (int)got), entries);
    }
}
