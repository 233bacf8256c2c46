// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Threading;

namespace Hammer2.Fuse.Administration.Doors;

/// <summary>
/// The node ids of the virtual directory, all with the top bit set, which no inode number has; and the contents of its
/// readable files. Each lookup of such a file makes a node with the content of that moment, so that an open file does
/// not change while it is read, even where the kernel opens files without asking.
/// </summary>
internal sealed class VirtualNodes
{
    /// <summary>The virtual directory.</summary>
    public const ulong Directory = TopBit | 1;

    /// <summary>The control file.</summary>
    public const ulong Control = TopBit | 2;

    /// <summary>The directory of snapshots.</summary>
    public const ulong Snapshots = TopBit | 3;

    /// <summary>The directory of older volume headers.</summary>
    public const ulong Headers = TopBit | 6;

    /// <summary>The file of events, where the kernel opens files by a request.</summary>
    public const ulong Events = TopBit | 5;

    /// <summary>The file of requests as they are served.</summary>
    public const ulong Trace = TopBit | 7;

    private const ulong TopBit = 1UL << 63;
    private const ulong FirstContent = 16;

    private readonly ConcurrentDictionary<ulong, byte[]> _contents = new();
    private ulong _last = FirstContent;

    /// <summary>True for every node below the virtual directory, itself included.</summary>
    public static bool IsVirtual(ulong node) => (node & TopBit) != 0;

    /// <summary>Makes a node with a content, referenced once.</summary>
    public ulong Add(byte[] content)
    {
        ulong node = TopBit | Interlocked.Increment(ref _last);
        _ = _contents.TryAdd(node, content);
        return node;
    }

    /// <summary>The content of a node; null when it is the directory, the control file or forgotten.</summary>
    public byte[]? ContentOf(ulong node) =>
        _contents.TryGetValue(node, out byte[]? content) ? content : null;

    /// <summary>Forgets a node. The kernel forgets a node with all references, and no content has more than
    /// one.</summary>
    public void Forget(ulong node) => _ = _contents.TryRemove(node, out _);
}
