// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>A commit says that there are orphans exactly when an inode without a link is left in use.</summary>
public sealed class OrphanSetTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(10));

    [Theory, MemberData(nameof(Seeds))]
    public void There_are_orphans_while_an_inode_without_links_is_not_deleted(ulong seed)
    {
        var random = new SeededRandom(seed);
        var orphans = new OrphanSet();
        var links = new Dictionary<ulong, ulong>();
        for (int step = 0; step < 2000; step++)
        {
            ulong inum = 1024 + (ulong)random.Below(5);
            ulong count = (ulong)random.Below(3);
            bool isDeleted = count == 0 && random.OneIn(2);
            orphans.Note(inum, count, isDeleted);
            if (isDeleted) _ = links.Remove(inum);
            else links[inum] = count;
            Assert.True(links.ContainsValue(0UL) == orphans.HasAny, $"seed {seed}, step {step}");
        }
    }

    [Fact]
    public void The_root_of_a_PFS_is_no_orphan()
    {
        var orphans = new OrphanSet();
        orphans.Note(Media.PfsRootInum, linkCount: 0, isDeleted: false);
        Assert.False(orphans.HasAny);
    }

    [Fact]
    public void What_a_crash_left_may_be_orphans_until_it_is_known()
    {
        var orphans = new OrphanSet { IsUnknown = true };
        Assert.True(orphans.HasAny);
        orphans.Note(1024, linkCount: 1, isDeleted: false);
        Assert.True(orphans.HasAny);
        orphans.IsUnknown = false;
        Assert.False(orphans.HasAny);
    }
}
