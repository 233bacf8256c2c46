// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using System.Text.Json;
using Fuse.Protocol;
using Hammer2.Fuse.Administration.Doors;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Tracing;

/// <summary>An open file of the requests that are served from then on: a line of JSON for each.</summary>
internal sealed class TraceReader : LineReader
{
    private readonly FuseTrace _trace;
    private readonly TracePaths _paths;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;
    private ulong _next;
    private Action? _wake;

    /// <summary>Begins with the next request of a mount.</summary>
    public TraceReader(AdministeredMount mount)
    {
        _trace = mount.Trace;
        _paths = new TracePaths(node => VirtualNodes.IsVirtual(node) ? null : mount.PathOf(node));
        _json = new Utf8JsonWriter(_buffer);
        _next = _trace.Join();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _trace.Leave(_wake);
        _json.Dispose();
    }

    /// <inheritdoc/>
    protected override void Begin() => _paths.Renew();

    /// <inheritdoc/>
    protected override bool PollSource(Action? wake)
    {
        bool isThere = _trace.Poll(_next, _wake, wake);
        _wake = isThere ? null : wake;
        return isThere;
    }

    /// <inheritdoc/>
    protected override bool TryTakeLine(out ReadOnlyMemory<byte> line)
    {
        line = default;
        if (!_trace.TryRead(_next, out FuseTraceEntry entry, out ulong lost)) return false;
        _next = entry.Number + 1;
        Write(in entry, lost, _paths.Of(in entry));
        line = _buffer.WrittenMemory;
        return true;
    }

    private void Write(in FuseTraceEntry entry, ulong lost, string? path)
    {
        _buffer.ResetWrittenCount();
        _json.Reset(_buffer);
        _json.WriteStartObject();
        _json.WriteNumber("number", entry.Number);
        _json.WriteNumber("lost", lost);
        _json.WriteString("time", entry.Time);
        _json.WriteString("operation", entry.Opcode.ToString());
        _json.WriteNumber("microseconds", entry.Microseconds);
        _json.WriteNumber("errno", entry.Error);
        _json.WriteString("error", NameOf(entry.Error));
        _json.WriteNumber("pid", entry.ProcessId);
        _json.WriteNumber("uid", entry.Uid);
        _json.WriteNumber("node", entry.NodeId);
        if (path is not null) _json.WriteString("path", ByteText.ToPrintable(path));
        if (!entry.Name.IsEmpty)
        {
            string name = ByteText.ToPrintable(ByteText.Decode(entry.Name));
            _json.WriteString("name", entry.IsNameCut ? name + "..." : name);
        }
        if (entry.Position is { } position) _json.WriteNumber("position", position);
        if (entry.SizeBytes is { } size) _json.WriteNumber("size", size);
        _json.WriteEndObject();
        _json.Flush();
        _buffer.Write("\n"u8);
    }

    // Operations on objects never answer the one that FUSE has for what a filesystem lacks.
    private static string NameOf(int error) => error switch
    {
        FuseErrno.None => "",
        FuseErrno.ENOSYS => nameof(FuseErrno.ENOSYS),
        _ => ((Errno)error).ToString(),
    };
}
