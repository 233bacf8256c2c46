// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Fuse;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Files whose writers are to be told that the kernel could not write out.</summary>
public sealed class RefusedWritesTests
{
    private readonly RefusedWrites _refused = new();

    [Fact]
    public void A_file_is_refused_with_its_last_reason_until_that_is_gone()
    {
        Assert.False(_refused.IsAny);
        Assert.Equal(Errno.None, _refused.Of(7));
        _ = _refused.Add(7, Errno.EIO);
        _ = _refused.Add(7, Errno.ENOSPC);
        Assert.True(_refused.IsAny);
        Assert.Equal(Errno.ENOSPC, _refused.Of(7));
        Assert.Equal(Errno.None, _refused.Of(8));
        _refused.Remove(8);
        Assert.True(_refused.IsAny);
        _refused.Remove(7);
        Assert.False(_refused.IsAny);
        Assert.Equal(Errno.None, _refused.Of(7));
    }

    [Fact]
    public void One_tells_the_kernel_of_all_files_and_the_next_refusal_is_for_another_to_tell()
    {
        Assert.True(_refused.Add(7, Errno.ENOSPC));
        Assert.False(_refused.Add(8, Errno.ENOSPC));
        Assert.False(_refused.Add(7, Errno.ENOSPC));
        Assert.Equal<ulong>([7, 8], Told());

        Assert.True(_refused.Add(7, Errno.ENOSPC));
        Assert.Equal<ulong>([7], Told());
    }

    [Fact]
    public void What_comes_while_the_kernel_is_told_is_told_by_the_same()
    {
        Assert.True(_refused.Add(7, Errno.ENOSPC));
        Assert.True(_refused.TryNextUntold(out ulong first));
        Assert.False(_refused.Add(9, Errno.ENOSPC));
        Assert.Equal(7UL, first);
        Assert.Equal<ulong>([9], Told());
    }

    [Fact]
    public void Of_very_many_files_the_first_are_forgotten_and_all_are_told()
    {
        for (ulong inum = 1; inum <= 5000; inum++) _ = _refused.Add(inum, Errno.ENOSPC);
        Assert.Equal(Errno.ENOSPC, _refused.Of(5000));
        Assert.Equal(Errno.None, _refused.Of(1));
        Assert.Equal(5000, Told().Count);
    }

    private SortedSet<ulong> Told()
    {
        var told = new SortedSet<ulong>();
        while (_refused.TryNextUntold(out ulong inum)) Assert.True(told.Add(inum));
        return told;
    }
}
