// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO.Hashing;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Snapshots.Diff;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Snapshots;

/// <summary>Compares two PFSs object by object as a mount shows them: what a diff must find.</summary>
internal static class FullComparison
{
    /// <summary>What differs, as lines; renames as a removed and an added name.</summary>
    public static IReadOnlyList<string> Of(IBlockDevice disk, string old, string now)
    {
        Dictionary<ulong, Seen> before = Read(disk, old), after = Read(disk, now);
        var lines = new List<string>();
        foreach (ulong inum in before.Keys.Union(after.Keys))
        {
            Seen? left = before.GetValueOrDefault(inum), right = after.GetValueOrDefault(inum);
            bool isSame = left is not null && right is not null && left.Type == right.Type;
            foreach ((string entry, string path) in left?.Names ?? [])
                if (!isSame || !right!.Names.ContainsKey(entry)) lines.Add($"- {inum} {path}");
            foreach ((string entry, string path) in right?.Names ?? [])
                if (!isSame || !left!.Names.ContainsKey(entry)) lines.Add($"+ {inum} {path}");
            if (!isSame) continue;
            DifferenceDetails details = Details(left!, right!);
            if (details != DifferenceDetails.None) lines.Add($"M {inum} {details}");
        }
        return [.. lines.Order(StringComparer.Ordinal)];
    }

    /// <summary>The same lines of what a diff found.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<PathDifference> found)
    {
        var lines = new List<string>();
        foreach (PathDifference one in found)
        {
            string path = Text(one.Path);
            if (one.Kind is DifferenceKind.Removed) lines.Add($"- {one.Inum} {path}");
            if (one.Kind is DifferenceKind.Added or DifferenceKind.Renamed) lines.Add($"+ {one.Inum} {path}");
            if (one.Kind is DifferenceKind.Renamed) lines.Add($"- {one.Inum} {Text(one.OldPath!)}");
            if (one.Details != DifferenceDetails.None) lines.Add($"M {one.Inum} {one.Details}");
        }
        return [.. lines.Order(StringComparer.Ordinal)];
    }

    private static DifferenceDetails Details(Seen old, Seen now)
    {
        DifferenceDetails details = DifferenceDetails.None;
        if (old.Content != now.Content) details |= DifferenceDetails.Content;
        if (old.At.Mode != now.At.Mode) details |= DifferenceDetails.Mode;
        if (old.At.UserId != now.At.UserId) details |= DifferenceDetails.Owner;
        if (old.At.GroupId != now.At.GroupId) details |= DifferenceDetails.Group;
        if (old.Stored.UserFlags != now.Stored.UserFlags) details |= DifferenceDetails.Flags;
        if (old.Stored.CompressionPolicy != now.Stored.CompressionPolicy) details |= DifferenceDetails.Compression;
        if (old.Stored.CheckPolicy != now.Stored.CheckPolicy) details |= DifferenceDetails.CheckMethod;
        if (old.At.ModifyTime != now.At.ModifyTime) details |= DifferenceDetails.ModifyTime;
        if (old.Attributes != now.Attributes) details |= DifferenceDetails.ExtendedAttributes;
        return details;
    }

    private static Dictionary<ulong, Seen> Read(IBlockDevice disk, string label)
    {
        using ClusterMount mount = ModelMount.Open([disk], label);
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        var seen = new Dictionary<ulong, Seen>();
        Add(seen, ops, VnodeOps.RootInum, "", "");
        return seen;
    }

    private static void Add(Dictionary<ulong, Seen> seen, VnodeOps ops, ulong inum, string entry, string path)
    {
        if (seen.TryGetValue(inum, out Seen? known))
        {
            known.Names.Add(entry, path);
            return;
        }
        Assert.Equal(Errno.None, ops.GetAttributes(inum, out VnodeAttributes at));
        Assert.Equal(Errno.None, ops.GetStored(inum, out StoredInode stored));
        var added = new Seen(at.Type, at, stored.Meta, ContentOf(ops, inum, at),
            new Dictionary<string, string> { [entry] = path }, AttributesOf(ops, inum, path));
        seen.Add(inum, added);
        if (at.Type != ObjectType.Directory) return;
        foreach ((string name, ulong child) in TreeListing.EntriesOf(ops, inum, path))
            Add(seen, ops, child, $"{inum} {name}", $"{path}/{name}");
    }

    // Holes read as zeros; a sparse file of exabytes is read where it has data.
    private static string ContentOf(VnodeOps ops, ulong inum, VnodeAttributes at)
    {
        if (at.Type == ObjectType.SoftLink)
        {
            byte[] target = new byte[5000];
            Assert.Equal(Errno.None, ops.ReadLink(inum, target, out int length));
            return Convert.ToHexString(target.AsSpan(0, length));
        }
        if (at.Type != ObjectType.RegularFile) return "";
        var pages = new List<string> { at.SizeBytes.ToString(CultureInfo.InvariantCulture) };
        byte[] block = new byte[Media.FileBlockBytes];
        ulong position = 0;
        while (position < at.SizeBytes && ops.Seek(inum, position, SeekTarget.Data, out ulong data) == Errno.None)
        {
            position = data & ~(ulong)(Media.FileBlockBytes - 1);
            Array.Clear(block);
            Assert.Equal(Errno.None, ops.Read(inum, position, block, out _));
            if (block.AsSpan().ContainsAnyExcept((byte)0)) pages.Add($"{position:x}:{XxHash64.HashToUInt64(block):x}");
            position += Media.FileBlockBytes;
        }
        return string.Join(' ', pages);
    }

    private static string AttributesOf(VnodeOps ops, ulong inum, string path) => string.Join(' ',
        TreeListing.AttributesOf(ops, inum, path).Select(pair => $"{pair.Key}={Convert.ToHexString(pair.Value)}"));

    private static string Text(byte[] path) => System.Text.Encoding.ASCII.GetString(path);

    private sealed record Seen(ObjectType Type, VnodeAttributes At, InodeMeta Stored, string Content,
        Dictionary<string, string> Names, string Attributes);
}
