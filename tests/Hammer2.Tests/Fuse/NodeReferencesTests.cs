// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Fuse;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Goal: references are counted exactly, few and many, of neighbours and of nodes far apart. Method: drawn
/// calls against a dictionary.</summary>
public sealed class NodeReferencesTests
{
    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void References_are_counted_as_in_a_dictionary(int seed)
    {
        var random = new Random(seed);
        var references = new NodeReferences();
        var expected = new Dictionary<ulong, ulong>();
        ulong[] nodes = [.. Enumerable.Range(0, 40).Select(index => (ulong)index),
            .. Enumerable.Range(0, 40).Select(_ => (ulong)random.NextInt64())];
        for (int step = 0; step < 50_000; step++)
        {
            ulong node = nodes[random.Next(nodes.Length)];
            ulong before = expected.GetValueOrDefault(node);
            Assert.Equal(before > 0, references.Has(node));
            if (random.Next(100) < 98)
            {
                references.Add(node);
                expected[node] = before + 1;
                continue;
            }
            ulong dropped = random.Next(4) == 0 ? ulong.MaxValue : (ulong)random.Next(300);
            bool isLast = references.Drop(node, dropped);
            Assert.Equal(before > 0 && before <= dropped, isLast);
            if (before <= dropped) _ = expected.Remove(node);
            else expected[node] = before - dropped;
        }
        var left = new List<ulong>();
        references.CopyTo(left);
        Assert.Equal(expected.Keys.Order(), left.Order());
        references.Clear();
        Assert.DoesNotContain(nodes, references.Has);
    }
}
