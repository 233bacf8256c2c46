// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json;
using Fuse.Protocol;
using Hammer2.Format;
using Hammer2.Fuse.Administration.Tracing;
using Hammer2.Testing;
using Hammer2.Tool.Mounts;
using Hammer2.Vnodes;
using Linux.Text;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration.Tracing;

/// <summary>Goal: a reader of the file <c>trace</c> gets a line for each request, with a path where it is cheap; the
/// command shows those that were asked for. Method: requests on a filesystem in memory, read in pieces.</summary>
public sealed class TraceReaderTests : IDisposable
{
    private readonly AdministeredVolume _volume = new();
    private readonly TraceReader _reader;

    public TraceReaderTests() => _reader = new TraceReader(_volume.Mount);

    public void Dispose()
    {
        _reader.Dispose();
        _volume.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(4096)]
    public void Lines_are_whole_whatever_is_read_at_once(int roomBytes)
    {
        for (int i = 0; i < 20; i++) Add(Named(FuseOpcode.Lookup, VnodeOps.RootInum, $"name{i}"));
        Add(FuseMessage.Read(1));
        TracedRequest[] lines = Lines(roomBytes);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"name{i}").Append(null), lines.Select(line => line.Name));
        Assert.All(lines[..20], line => Assert.Equal("/", line.Path));
        Assert.Empty(Lines(roomBytes));
        Assert.False(_reader.Poll(null));
    }

    [Fact]
    public void Paths_are_found_and_learned_and_forgotten_when_something_is_renamed()
    {
        Assert.Equal(Errno.None, _volume.Vnodes.Create(VnodeOps.RootInum, "dir\u00E9"u8,
            new NewObject(ObjectType.Directory, UnixMode.O755), default, out VnodeAttributes directory));
        Add(FuseMessage.Request((uint)FuseOpcode.GetAttr, directory.Inum, ""));
        // A node that does not exist: its path can only be that of the lookup.
        Add(Named(FuseOpcode.Lookup, directory.Inum, "learned"), result: 12345);
        Add(FuseMessage.Request((uint)FuseOpcode.GetAttr, 12345, ""));
        Add(Named(FuseOpcode.Unlink, VnodeOps.RootInum, "other"));
        const string NewDirectory = "00 00 00 00 00 00 00 00";
        Add(FuseMessage.Request((uint)FuseOpcode.Rename, VnodeOps.RootInum, NewDirectory + " \"a\" 00 \"b\" 00"));
        Add(FuseMessage.Request((uint)FuseOpcode.GetAttr, 12345, ""));
        Assert.Equal(["/dir\u00E9", "/dir\u00E9", "/dir\u00E9/learned", "/", "/", null],
            Lines().Select(line => line.Path));
    }

    [Fact]
    public void Few_paths_are_searched_for_in_a_read()
    {
        int searches = 0;
        var paths = new TracePaths(node =>
        {
            searches++;
            return null;
        });
        for (int round = 1; round <= 2; round++)
        {
            paths.Renew();
            for (ulong node = 0; node < 100; node++) _ = paths.Of(EntryOf(node));
            Assert.Equal(32 * round, searches);
        }
    }

    [Fact]
    public void Names_that_are_no_text_are_shown_escaped()
    {
        Add(FuseMessage.Request((uint)FuseOpcode.Lookup, VnodeOps.RootInum, "FF \"<b>\" 1B 0A 22 00"));
        TracedRequest line = Assert.Single(Lines());
        Assert.Equal("\\xff<b>\\x1b\\x0a\"", line.Name);
        Assert.DoesNotContain('\n', line.ToText());
        Assert.EndsWith("/\\xff<b>\\x1b\\x0a\"", line.ToText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5us", 5L)]
    [InlineData("1.5ms", 1500L)]
    [InlineData("2s", 2_000_000L)]
    [InlineData("2", null)]
    [InlineData("ms", null)]
    [InlineData("-1s", null)]
    [InlineData("1e3s", null)]
    public void Durations_have_a_unit(string text, long? microseconds) =>
        Assert.Equal(microseconds, TraceFilter.DurationOf(text));

    [Fact]
    public void A_filter_shows_what_fits_all_that_was_asked_for()
    {
        Add(FuseMessage.Read(1), error: FuseErrno.EIO, microseconds: 3000);
        TracedRequest line = Assert.Single(Lines());
        HashSet<string> none = [], reads = new(StringComparer.OrdinalIgnoreCase) { "read" };
        Assert.True(new TraceFilter(none, null, ErrorsOnly: false, null).Shows(line));
        Assert.True(new TraceFilter(reads, 2999, ErrorsOnly: true, 4242).Shows(line));
        Assert.False(new TraceFilter(reads, 3000, ErrorsOnly: true, 4242).Shows(line));
        Assert.False(new TraceFilter(reads, 2999, ErrorsOnly: true, 4243).Shows(line));
        Assert.False(new TraceFilter(new HashSet<string> { "Write" }, null, ErrorsOnly: false, null).Shows(line));
        Assert.False(new TraceFilter(none, null, ErrorsOnly: true, null).Shows(line with { ErrorNumber = 0 }));
        Assert.Contains("3.0 ms Read          EIO       pid 4242", line.ToText(), StringComparison.Ordinal);
    }

    private static FuseTraceEntry EntryOf(ulong node)
    {
        var trace = new FuseTrace(TimeProvider.System);
        ulong next = trace.Join();
        byte[] message = FuseMessage.Request((uint)FuseOpcode.GetAttr, node, "");
        trace.Add(message, in MemoryMarshal.AsRef<FuseInHeader>(message), default, 0, 0);
        Assert.True(trace.TryRead(next, out FuseTraceEntry entry, out _));
        return entry;
    }

    private static byte[] Named(FuseOpcode opcode, ulong node, string name) =>
        FuseMessage.Request((uint)opcode, node, $"\"{name}\" 00");

    private void Add(byte[] message, ulong result = 0, int error = 0, long microseconds = 1)
    {
        var entry = new FuseEntryOut { NodeId = result };
        ReadOnlySpan<byte> whole = MemoryMarshal.AsBytes(new ReadOnlySpan<FuseEntryOut>(in entry));
        ReadOnlySpan<byte> answer = result == 0 ? default : whole;
        _volume.Mount.Trace.Add(
            message, in MemoryMarshal.AsRef<FuseInHeader>(message), answer, error, microseconds);
    }

    private TracedRequest[] Lines(int roomBytes = 4096)
    {
        var all = new MemoryStream();
        byte[] room = new byte[roomBytes];
        while (_reader.Read(room) is var bytes and > 0) all.Write(room, 0, bytes);
        string[] lines = ByteText.Decode(all.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (string line in lines) using (JsonDocument.Parse(line)) continue;
        return [.. lines.Select(TracedRequest.Parse)];
    }
}
