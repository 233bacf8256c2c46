// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Fuse;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>An orphan is deleted with the kernel's last reference to it and not before.</summary>
public sealed class NodeTableTests
{
    private const ulong Node = 1029;

    private readonly NodeTable _table = new();

    [Fact]
    public void An_object_with_a_link_is_never_removed()
    {
        _table.Add(Node);
        Assert.False(_table.Drop(Node, 1));
        Assert.Empty(_table.TakePossibleOrphans());
    }

    [Fact]
    public void An_orphan_is_removed_with_the_last_reference()
    {
        for (int lookup = 0; lookup < 3; lookup++) _table.Add(Node);
        Assert.False(_table.MarkPossibleOrphan(Node));
        Assert.False(_table.Drop(Node, 1));
        Assert.False(_table.Drop(Node, 1));
        Assert.True(_table.Drop(Node, 1));
        Assert.False(_table.Drop(Node, 1));
    }

    [Fact]
    public void References_dropped_together_are_subtracted_together()
    {
        for (int lookup = 0; lookup < 5; lookup++) _table.Add(Node);
        _ = _table.MarkPossibleOrphan(Node);
        Assert.False(_table.Drop(Node, 4));
        _table.Add(Node);
        Assert.True(_table.Drop(Node, 2));
    }

    [Fact]
    public void An_orphan_without_references_is_removed_at_once() => Assert.True(_table.MarkPossibleOrphan(Node));

    [Fact]
    public void A_possible_orphan_is_marked_until_its_last_reference_is_dropped()
    {
        _table.Add(Node);
        Assert.False(_table.MayBeOrphan(Node));
        _ = _table.MarkPossibleOrphan(Node);
        _ = _table.MarkPossibleOrphan(Node);
        Assert.True(_table.MayBeOrphan(Node));
        Assert.False(_table.MayBeOrphan(Node + 1));
        _ = _table.Drop(Node, 1);
        _table.Add(Node);
        Assert.False(_table.MayBeOrphan(Node));
    }

    [Fact]
    public void Possible_orphans_left_at_the_end_are_returned_once()
    {
        for (ulong node = 2; node < 300; node++) _table.Add(node);
        _ = _table.MarkPossibleOrphan(7);
        _ = _table.MarkPossibleOrphan(200);
        Assert.False(_table.Drop(8, 1));
        Assert.Equal([7ul, 200ul], [.. System.Linq.Enumerable.Order(_table.TakePossibleOrphans())]);
        Assert.Empty(_table.TakePossibleOrphans());
        Assert.True(_table.MarkPossibleOrphan(9));
    }

    [Fact]
    public void The_root_is_not_counted()
    {
        _table.Add(1);
        Assert.False(_table.Drop(1, 1));
        Assert.Empty(_table.TakePossibleOrphans());
    }
}
