// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Tests.Images;

/// <summary>The result of a walk for one path.</summary>
/// <param name="Path">From the root; bytes as characters.</param>
/// <param name="Attributes">The attributes.</param>
/// <param name="Value">SHA-256 of a file, target of a link, numbers of a device; a hyphen for others.</param>
/// <param name="Error">The error because of which attributes or value are missing; None when they are present.</param>
internal sealed record TreeEntry(string Path, VnodeAttributes Attributes, string Value, Errno Error);

/// <summary>Reads everything below the root of a PFS, as find(1), stat(1) and sha256sum(1) would.</summary>
internal sealed class TreeReader
{
    private const int EntriesAtOnce = 61; // resumes often, and not at block boundaries

    private readonly VnodeOps _ops;
    private readonly bool _readsContents;
    private readonly List<TreeEntry> _found = [];

    private TreeReader(VnodeOps ops, bool readsContents)
    {
        _ops = ops;
        _readsContents = readsContents;
    }

    /// <summary>All objects by path. A directory that cannot be listed completely is included with its error.</summary>
    internal static List<TreeEntry> Read(VnodeOps ops, bool readsContents = true)
    {
        var reader = new TreeReader(ops, readsContents);
        Errno error = ops.GetAttributes(VnodeOps.RootInum, out VnodeAttributes root);
        if (error != Errno.None)
            reader._found.Add(new TreeEntry("/", default, "", error));
        else
            reader.AddDirectory("/", root);
        return reader._found;
    }

    private void AddDirectory(string path, in VnodeAttributes attributes)
    {
        int place = _found.Count;
        _found.Add(new TreeEntry(path, attributes, "-", Errno.None));
        List<DirectorySink.Entry> entries = List(attributes.Inum, out Errno error);
        if (error != Errno.None)
            _found[place] = _found[place] with { Error = error };
        foreach (DirectorySink.Entry entry in entries)
            AddEntry(attributes.Inum, path == "/" ? $"/{entry.Name}" : $"{path}/{entry.Name}", entry);
    }

    private void AddEntry(ulong directory, string path, DirectorySink.Entry entry)
    {
        Errno error = _ops.Lookup(directory, Encoding.Latin1.GetBytes(entry.Name), out VnodeAttributes found);
        if (error == Errno.None && (found.Inum != entry.Inum || found.Type != entry.Type))
            throw new InvalidOperationException($"{path}: readdir and lookup name different objects");
        if (error != Errno.None)
            _found.Add(new TreeEntry(path, default, "", error));
        else if (found.IsDirectory)
            AddDirectory(path, found);
        else
            _found.Add(new TreeEntry(path, found, ValueOf(found, out error), error));
    }

    private string ValueOf(in VnodeAttributes found, out Errno error)
    {
        error = Errno.None;
        switch (found.Type)
        {
            case ObjectType.RegularFile when _readsContents:
                error = FileHash.Compute(_ops, found, out string hash);
                return hash;
            case ObjectType.SoftLink:
                byte[] target = new byte[4096];
                error = _ops.ReadLink(found.Inum, target, out int targetBytes);
                return Encoding.Latin1.GetString(target, 0, targetBytes);
            case ObjectType.CharacterDevice or ObjectType.BlockDevice:
                return string.Create(
                    CultureInfo.InvariantCulture, $"{found.DeviceMajor},{found.DeviceMinor}");
            default:
                return "-";
        }
    }

    private List<DirectorySink.Entry> List(ulong directory, out Errno error)
    {
        var all = new List<DirectorySink.Entry>();
        ulong position = 0;
        while (true)
        {
            var sink = new DirectorySink(EntriesAtOnce);
            error = _ops.ReadDirectory(directory, position, ref sink);
            if (error != Errno.None || sink.Entries.Count == 0)
                break;
            all.AddRange(sink.Entries);
            position = sink.Entries[^1].NextPosition;
        }
        if (all.Count >= 2 && all[0].Name == "." && all[1].Name == "..")
            all.RemoveRange(0, 2);
        else if (error == Errno.None)
            throw new InvalidOperationException($"directory 0x{directory:x} does not begin with . and ..");
        return all;
    }
}

/// <summary>Collects directory entries up to a number.</summary>
internal readonly struct DirectorySink(int room) : IDirectorySink
{
    /// <summary>The collected entries.</summary>
    internal List<Entry> Entries { get; } = [];

    public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition)
    {
        if (Entries.Count == room)
            return false;
        Entries.Add(new Entry(Encoding.Latin1.GetString(name), inum, type, nextPosition));
        return true;
    }

    internal sealed record Entry(string Name, ulong Inum, ObjectType Type, ulong NextPosition);
}
