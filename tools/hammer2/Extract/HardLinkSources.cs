// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Tool.Extract;

/// <summary>
/// Where the first names of objects with several names are in a target. A further name is made from a descriptor of
/// the object, which is found name by name without following symbolic links and compared with what was made.
/// </summary>
internal sealed class HardLinkSources(TargetDirectory top)
{
    private readonly Dictionary<ulong, (byte[][] Path, FileIdentity Identity)> _objects = [];

    /// <summary>Notes the first name of an object.</summary>
    /// <param name="inum">Its inode number on the volume.</param>
    /// <param name="path">The names that lead to it from the top of the target.</param>
    /// <param name="identity">Which object of the host it is.</param>
    public void Add(ulong inum, byte[][] path, in FileIdentity identity) => _objects[inum] = (path, identity);

    /// <summary>True when the object has a name already.</summary>
    public bool Has(ulong inum) => _objects.ContainsKey(inum);

    /// <summary>Gives an object that has a name a second one. Answers 0 or a Linux error number.</summary>
    /// <param name="inum">Its inode number on the volume.</param>
    /// <param name="directory">Where the second name goes.</param>
    /// <param name="name">The second name.</param>
    /// <param name="isSame">False when another object has the first name by now; nothing was made then.</param>
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
