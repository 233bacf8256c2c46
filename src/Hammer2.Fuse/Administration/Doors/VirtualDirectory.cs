// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using Fuse.Protocol;
using Hammer2.Fuse.Administration.Events;
using Hammer2.Fuse.Administration.Metrics;
using Hammer2.Fuse.Administration.Tracing;

namespace Hammer2.Fuse.Administration.Doors;

/// <summary>The objects of the virtual directory: the directory, the control file, files with answers as JSON,
/// metrics, and requests as they are served.</summary>
internal sealed class VirtualDirectory
{
    /// <summary>As of sysfs: what a file is read to is its end, and not its size.</summary>
    private const uint ControlBytes = 4096;

    private const uint DirectoryMode = 0x4000 | 0x140;      // 0500
    private const uint OpenDirectoryMode = 0x4000 | 0x16D;  // 0555
    private const uint ControlMode = 0x8000 | 0x180;        // 0600
    private const uint ContentMode = 0x8000 | 0x100;        // 0400

    private const string ControlName = "control";
    private const string EventsName = "events";
    private const string MetricsName = "metrics";
    private const string TraceName = "trace";
    private const string SnapshotsName = "snapshots";
    private const string HeadersName = "headers";

    private static readonly (string Name, string Request)[] Contents =
        [("status", "status"), ("pfs", "pfs-list"), ("volumes", "volume-list"), ("stats", "stats")];

    private readonly RequestTable _table;
    private readonly AdministeredMount _mount;
    private readonly VirtualNodes _nodes = new();
    private readonly ConcurrentDictionary<ulong, ControlConversation> _conversations = new();
    private readonly ConcurrentDictionary<ulong, LineReader> _readers = new();
    private readonly long _mountedAt;
    private ulong _lastHandle;

    /// <summary>A directory with the answers of a table about a mount.</summary>
    public VirtualDirectory(RequestTable table, AdministeredMount mount)
    {
        _table = table;
        _mount = mount;
        _mountedAt = mount.Time.GetUtcNow().ToUnixTimeSeconds();
    }

    /// <summary>Its name in the root directory.</summary>
    public static ReadOnlySpan<byte> Name => ".hammer2"u8;

    /// <summary>The names in it. Requests are followed by an open reader, and the kernel does not tell of one where it
    /// opens files by itself.</summary>
    public IReadOnlyList<string> Names =>
    [
        ControlName, SnapshotsName, .. _mount.Options.ShowsHeaders ? [HeadersName] : Array.Empty<string>(),
        EventsName, MetricsName, .. HasNoOpen ? Array.Empty<string>() : [TraceName],
        .. Array.ConvertAll(Contents, row => row.Name),
    ];

    /// <summary>True when a name is that of a directory.</summary>
    public static bool IsDirectoryName(string name) => name is SnapshotsName or HeadersName;

    /// <summary>True for users that may use it.</summary>
    public bool IsFor(uint user) => _mount.CallerOf(user).IsOwner;

    /// <summary>True for users that may use a directory of it: with <c>snapdirs</c> all may come to the
    /// snapshots.</summary>
    public bool IsFor(uint user, ulong directory) => IsFor(user) || IsForAll(directory);

    /// <summary>True when the kernel opens files without a request: then each lookup of the events is of those that
    /// there are, as for the other files.</summary>
    public bool HasNoOpen { get; set; }

    /// <summary>Fills the entry of the directory itself.</summary>
    public void FillDirectory(ref FuseEntryOut entry) => FillEntry(VirtualNodes.Directory, ref entry);

    /// <summary>Fills the entry of the directory of snapshots.</summary>
    public void FillSnapshots(ref FuseEntryOut entry) => FillEntry(VirtualNodes.Snapshots, ref entry);

    /// <summary>Fills the entry of the directory of older headers.</summary>
    public void FillHeaders(ref FuseEntryOut entry) => FillEntry(VirtualNodes.Headers, ref entry);

    /// <summary>Finds a name in it; makes the content of a file.</summary>
    /// <returns>ENOENT; EACCES for other users.</returns>
    public int Lookup(uint user, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        bool isForAll = IsForAll(VirtualNodes.Directory)
            && (name.SequenceEqual("."u8) || name.SequenceEqual("snapshots"u8));
        if (!isForAll && !IsFor(user)) return FuseErrno.EACCES;
        if (name.SequenceEqual("."u8)) FillEntry(VirtualNodes.Directory, ref entry);
        else if (name.SequenceEqual("control"u8)) FillEntry(VirtualNodes.Control, ref entry);
        else if (name.SequenceEqual("snapshots"u8)) FillSnapshots(ref entry);
        else if (_mount.Options.ShowsHeaders && name.SequenceEqual("headers"u8)) FillHeaders(ref entry);
        else if (name.SequenceEqual("events"u8))
            FillEntry(HasNoOpen ? _nodes.Add(AllEvents()) : VirtualNodes.Events, ref entry);
        else if (System.Text.Ascii.Equals(TraceName, name) && !HasNoOpen) FillEntry(VirtualNodes.Trace, ref entry);
        else if (System.Text.Ascii.Equals(MetricsName, name))
            FillEntry(_nodes.Add(OpenMetricsText.Encode(MetricFacts.Of(_mount), MetricTable.Rows)), ref entry);
        else if (RequestOf(name) is { } request) FillEntry(_nodes.Add(Answer(user, request)), ref entry);
        else return FuseErrno.ENOENT;
        return FuseErrno.None;
    }

    /// <summary>Forgets a node.</summary>
    public void Forget(ulong node) => _nodes.Forget(node);

    /// <summary>Fills the attributes of a node.</summary>
    /// <returns>ESTALE for one that was forgotten.</returns>
    public int FillAttributes(ulong node, ref FuseAttr attributes)
    {
        byte[]? content = _nodes.ContentOf(node);
        bool isDirectory = IsDirectory(node);
        if (content is null && !isDirectory && !IsStream(node)) return FuseErrno.ESTALE;
        attributes.Inode = node;
        uint directoryMode = IsForAll(node) ? OpenDirectoryMode : DirectoryMode;
        attributes.Mode = isDirectory ? directoryMode : node == VirtualNodes.Control ? ControlMode : ContentMode;
        attributes.SizeBytes = node == VirtualNodes.Control ? ControlBytes : (ulong)(content?.Length ?? 0);
        attributes.LinkCount = 1;
        attributes.Uid = _mount.OwnerId;
        attributes.ATime = attributes.MTime = attributes.CTime = _mountedAt;
        return FuseErrno.None;
    }

    /// <summary>Opens a file.</summary>
    /// <returns>EACCES for other users, and for writing to a file that is not the control file; ESTALE.</returns>
    public int Open(uint user, ulong node, bool writes, ref FuseOpenOut answer)
    {
        if (!IsFor(user) || (writes && node != VirtualNodes.Control)) return FuseErrno.EACCES;
        answer.OpenFlags = FuseOpenFlags.DirectIo;
        if (!IsStream(node)) return _nodes.ContentOf(node) is null ? FuseErrno.ESTALE : FuseErrno.None;
        answer.Handle = Interlocked.Increment(ref _lastHandle);
        // Without a position: each read continues where the last one ended, and begins anew with each request.
        answer.OpenFlags |= FuseOpenFlags.Stream | FuseOpenFlags.NonSeekable | FuseOpenFlags.ParallelDirectWrites;
        if (node == VirtualNodes.Events) _ = _readers.TryAdd(answer.Handle, new EventReader(_mount.Events));
        else if (node == VirtualNodes.Trace) _ = _readers.TryAdd(answer.Handle, new TraceReader(_mount));
        else _ = _conversations.TryAdd(answer.Handle, new ControlConversation(_table, _mount));
        return FuseErrno.None;
    }

    /// <summary>The open control file of a handle; null for other handles.</summary>
    public ControlConversation? ConversationOf(ulong handle) =>
        _conversations.TryGetValue(handle, out ControlConversation? conversation) ? conversation : null;

    /// <summary>Closes a file. A request in the background runs on.</summary>
    public void Release(ulong handle)
    {
        _ = _conversations.TryRemove(handle, out _);
        if (_readers.TryRemove(handle, out LineReader? reader)) reader.Dispose();
    }

    /// <summary>The open file of events or of requests of a handle; null for other handles.</summary>
    public LineReader? ReaderOf(ulong handle) =>
        _readers.TryGetValue(handle, out LineReader? reader) ? reader : null;

    /// <summary>Reads from a file with an answer.</summary>
    /// <returns>ESTALE when it was forgotten.</returns>
    public int Read(ulong node, ulong position, Span<byte> data, out int readBytes)
    {
        readBytes = 0;
        if (_nodes.ContentOf(node) is not { } content) return FuseErrno.ESTALE;
        if (position >= (ulong)content.Length) return FuseErrno.None;
        readBytes = Math.Min(data.Length, content.Length - (int)position);
        content.AsSpan((int)position, readBytes).CopyTo(data);
        return FuseErrno.None;
    }

    /// <summary>True for the nodes of directories.</summary>
    public static bool IsDirectory(ulong node) =>
        node is VirtualNodes.Directory or VirtualNodes.Snapshots or VirtualNodes.Headers;

    private bool IsForAll(ulong directory) => _mount.Options.HasSnapshotDirectories
        && directory is VirtualNodes.Directory or VirtualNodes.Snapshots;

    // The kernel asks for every use of a name: a file has another content then.
    private void FillEntry(ulong node, ref FuseEntryOut entry)
    {
        entry.NodeId = node;
        _ = FillAttributes(node, ref entry.Attr);
    }

    // Files that are read on from where the last read ended.
    private static bool IsStream(ulong node) =>
        node is VirtualNodes.Control or VirtualNodes.Events or VirtualNodes.Trace;

    private byte[] AllEvents()
    {
        using var reader = new EventReader(_mount.Events);
        var all = new System.IO.MemoryStream();
        byte[] room = new byte[4096];
        while (reader.Read(room) is var bytes and > 0) all.Write(room, 0, bytes);
        return all.ToArray();
    }

    private static string? RequestOf(ReadOnlySpan<byte> name)
    {
        foreach ((string known, string request) in Contents)
            if (System.Text.Ascii.Equals(known, name)) return request;
        return null;
    }

    private byte[] Answer(uint user, string request)
    {
        var context = new RequestContext(_mount, _mount.CallerOf(user), static () => false);
        return AnswerEncoder.Encode(_table.Run(request, context, RequestArguments.None), isJson: true);
    }
}
