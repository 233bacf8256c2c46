// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Fuse.Protocol;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Tracing;

/// <summary>The paths of the nodes that a trace shows, as far as they are known without much work: learned from traced
/// lookups, else searched for, a few times for each read.</summary>
/// <param name="search">The path of a node; null when it cannot be found. It may read directories.</param>
internal sealed class TracePaths(Func<ulong, byte[]?> search)
{
    /// <summary>The most paths that are kept.</summary>
    public const int PathsMax = 4096;

    private const int SearchesMax = 32;

    private readonly Dictionary<ulong, string?> _paths = [];
    private int _searches;

    /// <summary>Allows further searches.</summary>
    public void Renew() => _searches = 0;

    /// <summary>The path of the object of a request; null when it is not known. What the request tells of other paths
    /// is learned.</summary>
    public string? Of(in FuseTraceEntry entry)
    {
        string? path = Of(entry.NodeId);
        bool renames = entry.Opcode is FuseOpcode.Rename or FuseOpcode.Rename2;
        if (renames && entry.Error == FuseErrno.None) _paths.Clear();
        if (entry.ResultNodeId != 0 && path is not null && !entry.Name.IsEmpty && !entry.IsNameCut)
            Keep(entry.ResultNodeId, (path.Length > 1 ? path : "") + "/" + ByteText.Decode(entry.Name));
        return path;
    }

    private string? Of(ulong node)
    {
        if (node == 0) return null;
        if (_paths.TryGetValue(node, out string? known)) return known;
        if (_searches == SearchesMax) return null;
        _searches++;
        string? found = search(node) is { } path ? ByteText.Decode(path) : null;
        Keep(node, found);
        return found;
    }

    private void Keep(ulong node, string? path)
    {
        if (_paths.Count >= PathsMax) _paths.Clear();
        _paths[node] = path;
    }
}
