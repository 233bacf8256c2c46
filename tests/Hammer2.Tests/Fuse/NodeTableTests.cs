// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Fuse;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>When an object without a name may go: with the kernel's last reference and not before.</summary>
public sealed class NodeTableTests
{
    private const ulong Node = 1029;

    private readonly NodeTable _table = new();

    [Fact]
    public void An_object_with_a_name_is_nobodys_to_remove()
    {
        _table.Add(Node);
        Assert.False(_table.Drop(Node, 1));
        Assert.Empty(_table.TakeNameless());
    }

    [Fact]
    public void An_object_without_a_name_goes_with_the_last_reference()
    {
        for (int lookup = 0; lookup < 3; lookup++) _table.Add(Node);
        Assert.False(_table.MarkNameless(Node));
        Assert.False(_table.Drop(Node, 1));
        Assert.False(_table.Drop(Node, 1));
        Assert.True(_table.Drop(Node, 1));
        Assert.False(_table.Drop(Node, 1));
    }

    [Fact]
    public void References_given_back_together_count_together()
    {
        for (int lookup = 0; lookup < 5; lookup++) _table.Add(Node);
        _ = _table.MarkNameless(Node);
        Assert.False(_table.Drop(Node, 4));
        _table.Add(Node);
        Assert.True(_table.Drop(Node, 2));
    }

    [Fact]
    public void What_the_kernel_never_heard_of_goes_at_once() => Assert.True(_table.MarkNameless(Node));

    [Fact]
    public void What_may_be_without_a_name_is_known_as_long_as_the_kernel_knows_it()
    {
        _table.Add(Node);
        Assert.False(_table.MayBeNameless(Node));
        _ = _table.MarkNameless(Node);
        _ = _table.MarkNameless(Node);
        Assert.True(_table.MayBeNameless(Node));
        Assert.False(_table.MayBeNameless(Node + 1));
        _ = _table.Drop(Node, 1);
        _table.Add(Node);
        Assert.False(_table.MayBeNameless(Node));
    }

    [Fact]
    public void At_the_end_everything_without_a_name_is_left_over_once()
    {
        for (ulong node = 2; node < 300; node++) _table.Add(node);
        _ = _table.MarkNameless(7);
        _ = _table.MarkNameless(200);
        Assert.False(_table.Drop(8, 1));
        Assert.Equal([7ul, 200ul], [.. System.Linq.Enumerable.Order(_table.TakeNameless())]);
        Assert.Empty(_table.TakeNameless());
        Assert.True(_table.MarkNameless(9));
    }

    [Fact]
    public void The_root_is_not_counted()
    {
        _table.Add(1);
        Assert.False(_table.Drop(1, 1));
        Assert.Empty(_table.TakeNameless());
    }
}
