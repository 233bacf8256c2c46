// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Files;

/// <summary>Resolves paths inside a PFS. Symbolic links are resolved within the PFS, absolute ones from its
/// root.</summary>
internal static class PathWalk
{
    // The limit of Linux.
    private const int LinksMax = 40;
    private const int TargetBytesMax = 65536;

    /// <summary>Finds an object.</summary>
    /// <param name="vnodes">The PFS.</param>
    /// <param name="path">Bytes; relative to the root, with or without a leading slash.</param>
    /// <param name="followsLast">True to follow a symbolic link at the end too.</param>
    /// <param name="attributes">The attributes of the object.</param>
    public static Errno Find(VnodeOps vnodes, byte[] path, bool followsLast, out VnodeAttributes attributes)
    {
        var names = new Stack<byte[]>();
        Push(names, path);
        bool endsInSlash = path.Length > 0 && path[^1] == (byte)'/';
        ulong directory = VnodeOps.RootInum;
        int links = 0;
        Errno error = vnodes.GetAttributes(directory, out attributes);
        while (error == Errno.None && names.TryPop(out byte[]? name))
        {
            error = vnodes.Lookup(directory, name, out attributes);
            if (error != Errno.None) break;
            bool isLast = names.Count == 0;
            if (attributes.Type == ObjectType.SoftLink && (!isLast || followsLast || endsInSlash))
            {
                if (++links > LinksMax) return Errno.EINVAL;
                byte[] target = new byte[Math.Min(attributes.SizeBytes, TargetBytesMax)];
                error = vnodes.ReadLink(attributes.Inum, target, out int targetBytes);
                if (error != Errno.None) break;
                if (targetBytes > 0 && target[0] == (byte)'/') directory = VnodeOps.RootInum;
                Push(names, target.AsSpan(0, targetBytes));
                error = vnodes.GetAttributes(directory, out attributes);
                continue;
            }
            if (!isLast && !attributes.IsDirectory) return Errno.ENOTDIR;
            directory = attributes.Inum;
        }
        return error == Errno.None && endsInSlash && !attributes.IsDirectory ? Errno.ENOTDIR : error;
    }

    /// <summary>Finds an object, or prints a warning and returns the exit code for a missing object.</summary>
    public static int Find(
        Invocation invocation, VnodeOps vnodes, string path, bool followsLast, out VnodeAttributes attributes)
    {
        Errno error = Find(vnodes, NameText.Unescape(path), followsLast, out attributes);
        if (error == Errno.None) return ExitCode.Ok;
        invocation.Warn($"{path}: {Describe(error)}");
        return error is Errno.EIO or Errno.ESTALE ? ExitCode.Damage : ExitCode.NotFound;
    }

    /// <summary>Describes an error.</summary>
    public static string Describe(Errno error) => error switch
    {
        Errno.ENOENT => "no such file or directory",
        Errno.ENOTDIR => "not a directory",
        Errno.EISDIR => "is a directory",
        Errno.EINVAL => "cannot be read as a file, or too many symbolic links",
        Errno.ENAMETOOLONG => "a name is longer than 255 bytes",
        Errno.EIO or Errno.ESTALE => "damaged: cannot be read",
        _ => error.ToString(),
    };

    private static void Push(Stack<byte[]> names, ReadOnlySpan<byte> path)
    {
        var parts = new List<byte[]>();
        foreach (Range part in path.Split((byte)'/'))
        {
            ReadOnlySpan<byte> name = path[part];
            if (!name.IsEmpty) parts.Add(name.ToArray());
        }
        for (int index = parts.Count - 1; index >= 0; index--) names.Push(parts[index]);
    }
}
