// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.WriteBack;

/// <summary>Buffers are long enough, have one owner at a time, and spares are bounded.</summary>
public sealed class ContentBuffersTests
{
    [Fact]
    public void A_buffer_is_the_shortest_that_is_long_enough()
    {
        var buffers = new ContentBuffers(sparesMax: 1);
        foreach ((int least, int bytes) in new[]
        {
            (0, 4096), (1, 4096), (4096, 4096), (4097, 16384), (16384, 16384), (16385, 65536), (65536, 65536),
        })
            Assert.Equal(bytes, buffers.Rent(least).Length);
    }

    [Theory, InlineData(4096, 16), InlineData(16384, 4), InlineData(Media.FileBlockBytes, 1)]
    public void Spares_of_each_length_have_as_many_bytes_at_most(int bytes, int sparesMax)
    {
        var buffers = new ContentBuffers(sparesMax: 1);
        byte[][] returned = [.. Enumerable.Range(0, sparesMax + 3).Select(_ => buffers.Rent(bytes))];
        foreach (byte[] buffer in returned) buffers.Return(buffer);
        byte[][] rented = [.. Enumerable.Range(0, sparesMax + 3).Select(_ => buffers.Rent(bytes))];
        Assert.Equal(sparesMax, rented.Count(returned.Contains));
        Assert.Equal(rented.Length, rented.Distinct().Count());
    }

    [Fact]
    public void Threads_never_own_the_same_buffer()
    {
        var buffers = new ContentBuffers(sparesMax: 4);
        int violations = 0;
        Thread[] threads = [.. Enumerable.Range(1, 4).Select(number => new Thread(() =>
        {
            var random = new SeededRandom((ulong)number);
            var owned = new List<byte[]>();
            for (int i = 0; i < 5000; i++)
            {
                if (owned.Count < 4)
                {
                    byte[] rented = buffers.Rent(random.Pick<int>([4096, 16384, Media.FileBlockBytes]));
                    rented[0] = (byte)number;
                    owned.Add(rented);
                    continue;
                }
                int index = random.Below(owned.Count);
                if (owned[index][0] != number) _ = Interlocked.Increment(ref violations);
                buffers.Return(owned[index]);
                owned.RemoveAt(index);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal(0, violations);
    }
}
