// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Fuse.Protocol;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Goal: each reader of a trace gets every request once, with what it was about, as far as memory keeps it,
/// and nothing is kept or allocated while nothing reads. Method: messages as the kernel sends them, readers that come,
/// wait, are late and leave.</summary>
public sealed class FuseTraceTests
{
    private readonly FuseTrace _trace = new(TimeProvider.System) { UntracedNode = 77 };

    [Fact]
    public void A_reader_gets_what_was_served_since_it_joined()
    {
        Add(FuseMessage.StatFs(1));
        Assert.False(_trace.IsRead);
        ulong next = _trace.Join();
        Assert.True(_trace.IsRead);
        Add(FuseMessage.Read(1), error: FuseErrno.EIO, microseconds: 250);
        Assert.True(_trace.TryRead(next, out FuseTraceEntry entry, out ulong lost));
        Assert.Equal((FuseOpcode.Read, FuseErrno.EIO, 250L, 2UL, 4242U, 1000U, 0UL),
            (entry.Opcode, entry.Error, entry.Microseconds, entry.NodeId, entry.ProcessId, entry.Uid, lost));
        Assert.Equal((0UL, 4096UL), (entry.Position, entry.SizeBytes));
        Assert.False(_trace.TryRead(entry.Number + 1, out _, out _));
        _trace.Leave(null);
        Assert.False(_trace.IsRead);
    }

    [Fact]
    public void A_reader_that_is_late_is_told_how_many_it_lost()
    {
        ulong next = _trace.Join();
        for (int i = 0; i < FuseTrace.EntriesMax + 5; i++) Add(FuseMessage.StatFs(1));
        Assert.True(_trace.TryRead(next, out FuseTraceEntry entry, out ulong lost));
        Assert.Equal((5UL, next + 5), (lost, entry.Number));
        Assert.True(_trace.TryRead(entry.Number + 1, out _, out lost));
        Assert.Equal(0UL, lost);
    }

    [Fact]
    public void The_next_request_wakes_once_and_only_readers_that_wait()
    {
        ulong next = _trace.Join();
        int first = 0, second = 0;
        Action one = () => first++, two = () => second++;
        Assert.False(_trace.Poll(next, null, one));
        Assert.False(_trace.Poll(next, one, two));
        Add(FuseMessage.StatFs(1));
        Add(FuseMessage.StatFs(1));
        Assert.Equal((0, 1), (first, second));
        Assert.True(_trace.Poll(next, null, one));
        Assert.False(_trace.Poll(next + 2, null, one));
        _ = _trace.Join();
        _trace.Leave(one);
        Add(FuseMessage.StatFs(1));
        Assert.Equal((0, 1), (first, second));
    }

    [Fact]
    public void Requests_by_which_the_trace_is_read_are_left_out()
    {
        ulong next = _trace.Join();
        Add(FuseMessage.Request(15, node: 77, "00"));
        Assert.False(_trace.TryRead(next, out _, out _));
    }

    [Fact]
    public void Requests_have_their_names_and_the_objects_of_their_answers()
    {
        (FuseOpcode Opcode, string Body)[] named =
        [
            (FuseOpcode.Lookup, ""), (FuseOpcode.Unlink, ""), (FuseOpcode.RmDir, ""), (FuseOpcode.Symlink, ""),
            (FuseOpcode.RemoveXAttr, ""), (FuseOpcode.MkNod, Zeros(16)), (FuseOpcode.MkDir, Zeros(8)),
            (FuseOpcode.Create, Zeros(16)), (FuseOpcode.Link, Zeros(8)), (FuseOpcode.Rename, Zeros(8)),
            (FuseOpcode.Rename2, Zeros(16)), (FuseOpcode.GetXAttr, Zeros(8)),
        ];
        ulong next = _trace.Join();
        foreach ((FuseOpcode opcode, string body) in named)
        {
            Add(FuseMessage.Request((uint)opcode, node: 2, body + " \"some name\" 00 \"other\" 00"), Entry(node: 9));
            Assert.True(_trace.TryRead(next++, out FuseTraceEntry entry, out _));
            Assert.Equal("some name", Encoding.UTF8.GetString(entry.Name));
            bool hasResult = opcode is FuseOpcode.Lookup or FuseOpcode.Symlink or FuseOpcode.MkNod or FuseOpcode.MkDir
                or FuseOpcode.Create or FuseOpcode.Link;
            Assert.Equal((opcode, hasResult ? 9UL : 0), (entry.Opcode, entry.ResultNodeId));
        }
        Add(FuseMessage.Request((uint)FuseOpcode.Lookup, node: 2, "\"missing\" 00"), Entry(node: 0));
        Assert.True(_trace.TryRead(next++, out FuseTraceEntry missing, out _));
        Assert.Equal(FuseErrno.ENOENT, missing.Error);
        Add(FuseMessage.Request((uint)FuseOpcode.Lookup, node: 2, $"\"{new string('n', 200)}\" 00"));
        Assert.True(_trace.TryRead(next, out FuseTraceEntry cut, out _));
        Assert.Equal((FuseTraceEntry.NameBytesMax, true), (cut.Name.Length, cut.IsNameCut));
    }

    [Fact]
    public void Whatever_the_kernel_sends_is_traced()
    {
        ulong next = _trace.Join();
        foreach (FuseWireCase wire in FuseWireCases.All)
        {
            byte[] message = FuseMessage.Request(wire.Opcode, node: 2, wire.Body);
            Add(message);
            Assert.True(_trace.TryRead(next++, out FuseTraceEntry whole, out _));
            Assert.Equal(wire.Opcode, (uint)whole.Opcode);
            for (int length = 40; length < message.Length; length += 3)
            {
                byte[] cut = message[..length];
                _ = BitConverter.TryWriteBytes(cut, length);
                Add(cut);
                Assert.True(_trace.TryRead(next++, out _, out _));
            }
        }
    }

    [Fact]
    public void A_request_that_is_traced_allocates_nothing()
    {
        _ = _trace.Join();
        byte[] message = FuseMessage.Request((uint)FuseOpcode.Lookup, node: 2, "\"name\" 00"), answer = Entry(node: 9);
        Add(message, answer);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) Add(message, answer);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Zeros(int bytes) => string.Concat(Enumerable.Repeat("00 ", bytes));

    private static byte[] Entry(ulong node)
    {
        var entry = new FuseEntryOut { NodeId = node };
        return MemoryMarshal.AsBytes(new ReadOnlySpan<FuseEntryOut>(in entry)).ToArray();
    }

    private void Add(byte[] message, byte[]? answer = null, int error = 0, long microseconds = 1) => _trace.Add(
        message, in MemoryMarshal.AsRef<FuseInHeader>(message), answer, error, microseconds);
}
