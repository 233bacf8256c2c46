// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Tool.Files;
using Hammer2.Tool.Output;
using Hammer2.Vnodes;

namespace Hammer2.Tool.PfsChanges;

/// <summary>Sets the method of new blocks of files and directories of a PFS that is not mounted, as
/// <see cref="Mounts.MethodWalk"/> does in a mount.</summary>
/// <param name="vnodes">The PFS, opened for writing.</param>
/// <param name="check">The check method as stored, or null to keep it.</param>
/// <param name="compression">The compression as stored, or null to keep it.</param>
/// <param name="isRecursive">True to set it below directories.</param>
/// <param name="done">Called with each path that was set.</param>
/// <param name="failed">Called with each path that was not, and the reason.</param>
internal sealed class OfflineMethodWalk(
    VnodeOps vnodes, byte? check, byte? compression, bool isRecursive, Action<string> done, Action<string, string> failed)
{
    /// <summary>Sets it on a path from the root of the PFS, and on all below it when recursive.</summary>
    public void Run(string start)
    {
        byte[] path = NameText.Unescape(start);
        Errno error = PathWalk.Find(vnodes, path, followsLast: false, out VnodeAttributes found);
        if (error != Errno.None)
        {
            failed(start, PathWalk.Describe(error));
            return;
        }
        if (found.Type is not (ObjectType.Directory or ObjectType.RegularFile))
        {
            failed(start, "is neither a file nor a directory");
            return;
        }
        string name = NameText.Escape(path.AsSpan().TrimEnd((byte)'/'));
        var waiting = new Stack<(string Path, ulong Inum, ObjectType Type)>();
        waiting.Push((name.Length == 0 ? "/" : name, found.Inum, found.Type));
        var entered = new HashSet<ulong>();
        while (waiting.TryPop(out (string Path, ulong Inum, ObjectType Type) at))
        {
            error = vnodes.SetMethods(at.Inum, check, compression);
            if (error == Errno.None) done(at.Path);
            else failed(at.Path, error == Errno.EPERM ? "is immutable" : PathWalk.Describe(error));
            // A directory has one entry; another one is damage, and may be a cycle.
            if (isRecursive && at.Type == ObjectType.Directory && entered.Add(at.Inum)) Push(at.Path, at.Inum, waiting);
        }
    }

    private void Push(string path, ulong inum, Stack<(string Path, ulong Inum, ObjectType Type)> waiting)
    {
        Errno error = DirectoryReader.ReadSorted(vnodes, inum, out List<DirectoryItem> entries);
        if (error != Errno.None) failed(path, PathWalk.Describe(error));
        for (int index = entries.Count - 1; index >= 0; index--)
        {
            DirectoryItem entry = entries[index];
            if (entry.Type is not (ObjectType.Directory or ObjectType.RegularFile)) continue;
            waiting.Push(((path == "/" ? path : path + "/") + NameText.Escape(entry.Name), entry.Inum, entry.Type));
        }
    }
}
