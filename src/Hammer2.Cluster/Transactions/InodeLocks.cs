// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Locks of the objects of a writable PFS, rank 30. Objects share a fixed set of locks by inode number, so that an
/// untouched object uses no memory; two objects may therefore share one lock, and an operation that needs several
/// acquires them all at once, in the order of the set.
/// </summary>
internal sealed class InodeLocks : IDisposable
{
    /// <summary>Most objects in one operation: two directories and two children of a rename.</summary>
    public const int AtOnceMax = 4;

    private const int StripesTotal = 1024;

    private readonly RankedReaderWriterLock[] _stripes = new RankedReaderWriterLock[StripesTotal];

    public InodeLocks()
    {
        for (int i = 0; i < StripesTotal; i++) _stripes[i] = new RankedReaderWriterLock(LockRank.Inodes, order: i);
    }

    /// <summary>Entry: no inode lock held. Exit: the object may be read.</summary>
    public Guard Read(ulong inum)
    {
        int stripe = StripeOf(inum);
        _stripes[stripe].EnterShared();
        return new Guard(this, stripe, isRead: true);
    }

    /// <summary>Entry: no inode lock held. Exit: the object may be changed.</summary>
    public Guard Write(ulong inum)
    {
        int stripe = StripeOf(inum);
        _stripes[stripe].EnterExclusive();
        return new Guard(this, stripe, isRead: false);
    }

    /// <summary>Entry: no inode lock held. Exit: the objects may be changed.</summary>
    public Guard Write(LockedInodes objects)
    {
        Span<int> stripes = stackalloc int[AtOnceMax];
        int count = 0;
        foreach (ulong inum in (
            ReadOnlySpan<ulong>)[objects.First, objects.Second, objects.Third, objects.Fourth])
        {
            if (inum == 0 || stripes[..count].Contains(StripeOf(inum))) continue;
            stripes[count++] = StripeOf(inum);
        }
        stripes = stripes[..count];
        stripes.Sort();
        foreach (int stripe in stripes) _stripes[stripe].EnterExclusive();
        return new Guard(this, stripes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RankedReaderWriterLock stripe in _stripes) stripe.Dispose();
    }

    private static int StripeOf(ulong inum) => (int)(inum % StripesTotal);

    /// <summary>A held lock; disposing of it releases the lock.</summary>
    public ref struct Guard : IDisposable
    {
        private readonly InodeLocks _locks;
        private readonly bool _isRead;
        private readonly int _count;
        private readonly int _first, _second, _third, _fourth;

        internal Guard(InodeLocks locks, int stripe, bool isRead)
        {
            _locks = locks;
            _isRead = isRead;
            _first = stripe;
            _count = 1;
        }

        internal Guard(InodeLocks locks, scoped ReadOnlySpan<int> stripes)
        {
            _locks = locks;
            _count = stripes.Length;
            _first = stripes[0];
            _second = _count > 1 ? stripes[1] : 0;
            _third = _count > 2 ? stripes[2] : 0;
            _fourth = _count > 3 ? stripes[3] : 0;
        }

        /// <inheritdoc/>
        public readonly void Dispose()
        {
            if (_count == 0) return;
            if (_isRead)
            {
                _locks._stripes[_first].ExitShared();
                return;
            }
            if (_count > 3) _locks._stripes[_fourth].ExitExclusive();
            if (_count > 2) _locks._stripes[_third].ExitExclusive();
            if (_count > 1) _locks._stripes[_second].ExitExclusive();
            _locks._stripes[_first].ExitExclusive();
        }
    }
}

/// <summary>The inodes whose locks an operation holds; 0 stands for none.</summary>
internal readonly record struct LockedInodes(ulong First, ulong Second, ulong Third, ulong Fourth);
