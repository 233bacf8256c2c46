// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Tool.Extract;

/// <summary>
/// The first paths of objects with several links in a target. A further link is created from a descriptor of the
/// object, which is opened component by component without following symbolic links and compared with the identity of
/// the extracted object.
/// </summary>
internal sealed class HardLinkSources(TargetDirectory top)
{
    private readonly Dictionary<ulong, (byte[][] Path, FileIdentity Identity)> _objects = [];

    /// <summary>Records the first path of an object.</summary>
    /// <param name="inum">Its inode number on the volume.</param>
    /// <param name="path">The path components from the top of the target.</param>
    /// <param name="identity">The identity of the object on the host.</param>
    public void Add(ulong inum, byte[][] path, in FileIdentity identity) => _objects[inum] = (path, identity);

    /// <summary>True when the object was extracted already.</summary>
    public bool Has(ulong inum) => _objects.ContainsKey(inum);

    /// <summary>Creates a further link to an object. Returns 0 or a Linux error number.</summary>
    /// <param name="inum">Its inode number on the volume.</param>
    /// <param name="directory">The directory of the new link.</param>
    /// <param name="name">The name of the new link.</param>
    /// <param name="isSame">False when the first path now belongs to another object; nothing was created then.</param>
    public int Link(ulong inum, TargetDirectory directory, byte[] name, out bool isSame)
    {
        (byte[][] path, FileIdentity identity) = _objects[inum];
        isSame = true;
        TargetDirectory from = top;
        int error = 0;
        for (int depth = 0; error == 0 && depth < path.Length - 1; depth++)
        {
            error = from.FindDirectory(path[depth], out TargetDirectory? next);
            if (from != top) from.Dispose();
            if (error == 0) from = next!;
        }
        if (error != 0) return error;
        error = directory.CreateHardLink(name, from, path[^1], identity, out isSame);
        if (from != top) from.Dispose();
        return error;
    }
}
