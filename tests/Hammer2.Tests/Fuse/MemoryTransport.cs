// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Collections.Generic;
using Fuse.Protocol;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>A kernel in memory: the test adds requests and reads replies.</summary>
internal sealed class MemoryTransport : IFuseTransport
{
    private readonly BlockingCollection<byte[]> _requests = [];
    private readonly BlockingCollection<byte[]> _answers = [];
    private readonly object _change = new();

    /// <summary>Channels that were opened and not yet disposed of.</summary>
    public List<MemoryChannel> Open { get; } = [];

    /// <summary>The error that sending returns; ENOENT means that the caller of the request no longer waits.</summary>
    public int SendError { get; set; }

    /// <summary>Queues beside the device; null for none.</summary>
    public MemoryQueues? Queues { get; init; }

    public IFuseQueues? TryOpenQueues(FuseConnection connection, out string? failure)
    {
        failure = null;
        return Queues;
    }

    /// <summary>Adds a request.</summary>
    public void Ask(byte[] request)
    {
        _requests.Add(request);
        TellChange();
    }

    /// <summary>All later reads return ENODEV.</summary>
    public void Unmount()
    {
        _requests.CompleteAdding();
        TellChange();
    }

    /// <summary>The next reply; fails the test when none arrives.</summary>
    public byte[] Answer()
    {
        Assert.True(_answers.TryTake(out byte[]? answer, TimeSpan.FromSeconds(60)), "no answer within 60 s");
        return answer;
    }

    /// <summary>True when there is no unread reply.</summary>
    public bool IsQuiet => _answers.Count == 0;

    // A waiter also wakes after a short timeout: a change may come just before the wait.
    private void AwaitChange()
    {
        lock (_change) _ = System.Threading.Monitor.Wait(_change, 2);
    }

    private void TellChange()
    {
        lock (_change) System.Threading.Monitor.PulseAll(_change);
    }

    public IFuseChannel OpenChannel()
    {
        var channel = new MemoryChannel(this);
        lock (Open) Open.Add(channel);
        return channel;
    }

    public void Dispose()
    {
        // The collections stay usable: tests read replies after the session has ended.
    }

    internal sealed class MemoryChannel(MemoryTransport transport) : IFuseChannel
    {
        private volatile bool _isInterrupted;

        public int TryReceive(Span<byte> request)
        {
            if (transport._requests.IsCompleted) return -FuseErrno.ENODEV;
            if (!transport._requests.TryTake(out byte[]? bytes)) return -FuseErrno.EAGAIN;
            if (bytes.Length > request.Length) return -FuseErrno.EINVAL;
            bytes.CopyTo(request);
            return bytes.Length;
        }

        public int WaitForRequest()
        {
            while (!_isInterrupted)
            {
                if (transport._requests.IsCompleted || transport._requests.Count > 0) return FuseErrno.None;
                transport.AwaitChange();
            }
            _isInterrupted = false;
            return FuseErrno.EINTR;
        }

        public int Send(in FuseOutHeader header, ReadOnlySpan<byte> payload)
        {
            if (transport.SendError != 0 && header.Error == 0) return transport.SendError;
            var message = new byte[16 + payload.Length];
            Assert.Equal((uint)message.Length, header.Length);
            System.Runtime.InteropServices.MemoryMarshal.Write(message, in header);
            payload.CopyTo(message.AsSpan(16));
            transport._answers.Add(message);
            return 0;
        }

        public void Interrupt()
        {
            _isInterrupted = true;
            transport.TellChange();
        }

        public void Dispose()
        {
            lock (transport.Open) transport.Open.Remove(this);
        }
    }
}
