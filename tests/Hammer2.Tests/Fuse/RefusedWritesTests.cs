// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Fuse;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Files whose writers must get an error because writeback by the kernel failed.</summary>
public sealed class RefusedWritesTests
{
    private readonly RefusedWrites _refused = new();

    [Fact]
    public void A_file_is_refused_with_its_last_error_until_the_error_is_gone()
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
    public void One_thread_notifies_the_kernel_of_all_files_and_the_next_refusal_starts_another()
    {
        Assert.True(_refused.Add(7, Errno.ENOSPC));
        Assert.False(_refused.Add(8, Errno.ENOSPC));
        Assert.False(_refused.Add(7, Errno.ENOSPC));
        Assert.Equal<ulong>([7, 8], Told());

        Assert.True(_refused.Add(7, Errno.ENOSPC));
        Assert.Equal<ulong>([7], Told());
    }

    [Fact]
    public void A_refusal_during_notification_is_notified_by_the_same_thread()
    {
        Assert.True(_refused.Add(7, Errno.ENOSPC));
        Assert.True(_refused.TryNextUnsent(out ulong first));
        Assert.False(_refused.Add(9, Errno.ENOSPC));
        Assert.Equal(7UL, first);
        Assert.Equal<ulong>([9], Told());
    }

    [Fact]
    public void Beyond_the_limit_the_oldest_files_are_forgotten_and_all_were_notified()
    {
        for (ulong inum = 1; inum <= 5000; inum++) _ = _refused.Add(inum, Errno.ENOSPC);
        Assert.Equal(Errno.ENOSPC, _refused.Of(5000));
        Assert.Equal(Errno.None, _refused.Of(1));
        Assert.Equal(5000, Told().Count);
    }

    private SortedSet<ulong> Told()
    {
        var told = new SortedSet<ulong>();
        while (_refused.TryNextUnsent(out ulong inum)) Assert.True(told.Add(inum));
        return told;
    }
}
