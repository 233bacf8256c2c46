// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Threading;
using Fuse.Protocol;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>The kernel's queues in memory: the test adds requests to one of them and reads replies of all.</summary>
internal sealed class MemoryQueues : IFuseQueues
{
    private readonly ConcurrentQueue<byte[]>[] _requests;
    private readonly BlockingCollection<byte[]> _answers = [];
    private readonly object _change = new();
    private volatile bool _isUnmounted;
    private int _entries;

    public MemoryQueues(int queues)
    {
        _requests = new ConcurrentQueue<byte[]>[queues];
        for (int queue = 0; queue < queues; queue++) _requests[queue] = new ConcurrentQueue<byte[]>();
    }

    public int QueuesTotal => _requests.Length;

    /// <summary>Entries that were opened.</summary>
    public int EntriesTotal => Volatile.Read(ref _entries);

    /// <summary>Fails opening an entry; null for none.</summary>
    public FuseException? OpenError { get; set; }

    /// <summary>The error number of the first exchange of each entry.</summary>
    public int RegisterError { get; set; }

    /// <summary>Adds a request to a queue.</summary>
    public void Ask(int queue, byte[] request)
    {
        _requests[queue].Enqueue(request);
        Tell();
    }

    /// <summary>All later exchanges return ENODEV.</summary>
    public void Unmount()
    {
        _isUnmounted = true;
        Tell();
    }

    /// <summary>The next reply; fails the test when none arrives.</summary>
    public FuseOutHeader Answer()
    {
        Assert.True(_answers.TryTake(out byte[]? answer, TimeSpan.FromSeconds(60)), "no answer within 60 s");
        var header = MemoryMarshal.Read<FuseOutHeader>(answer);
        Assert.Equal((uint)answer.Length, header.Length);
        return header;
    }

    /// <summary>True when there is no unread reply.</summary>
    public bool IsQuiet => _answers.Count == 0;

    public IFuseQueueEntry OpenEntry(int queue)
    {
        if (OpenError is not null) throw OpenError;
        Interlocked.Increment(ref _entries);
        return new Entry(this, queue);
    }

    private void Tell()
    {
        lock (_change) Monitor.PulseAll(_change);
    }

    private sealed class Entry(MemoryQueues queues, int queue) : IFuseQueueEntry
    {
        private readonly byte[] _reply = new byte[1 << 20];
        private readonly int _thread = Environment.CurrentManagedThreadId;
        private byte[] _request = [];
        private byte[]? _answer;
        private bool _isRegistered;
        private volatile bool _isInterrupted, _isAnswered;

        public ReadOnlySpan<byte> Request => _request;

        public Span<byte> ReplyBuffer => _reply;

        public bool IsAnswered => _isAnswered;

        public int Exchange()
        {
            while (true)
            {
                int got = TryExchange();
                if (got != -FuseErrno.EAGAIN) return got;
                if (_isInterrupted) return -FuseErrno.EINTR;
                lock (queues._change) _ = Monitor.Wait(queues._change, 2);
            }
        }

        public int TryExchange()
        {
            Assert.Equal(_thread, Environment.CurrentManagedThreadId);
            if (!_isRegistered && queues.RegisterError != 0) return -queues.RegisterError;
            if (_isRegistered && _answer is not null) queues._answers.Add(_answer);
            _isRegistered = true;
            _answer = null;
            if (queues._isUnmounted) return -FuseErrno.ENODEV;
            if (!queues._requests[queue].TryDequeue(out byte[]? request)) return -FuseErrno.EAGAIN;
            _request = request;
            _isAnswered = false;
            return 0;
        }

        public bool TryRunElsewhere() => true;

        public void RunAtQueue()
        {
        }

        public int Send(in FuseOutHeader header, ReadOnlySpan<byte> payload)
        {
            Assert.False(_isAnswered, "answered twice");
            var message = new byte[16 + payload.Length];
            MemoryMarshal.Write(message, in header);
            payload.CopyTo(message.AsSpan(16));
            _answer = message;
            _isAnswered = true;
            queues.Tell();
            return 0;
        }

        public void AwaitAnswer()
        {
            lock (queues._change)
            {
                if (!_isAnswered && !_isInterrupted) _ = Monitor.Wait(queues._change, 2);
            }
        }

        public void Interrupt()
        {
            _isInterrupted = true;
            queues.Tell();
        }

        public void Dispose()
        {
        }
    }
}
