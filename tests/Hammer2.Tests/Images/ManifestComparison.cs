// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Images;

/// <summary>Compares the result of a walk with upstream's listing, field by field.</summary>
internal static class ManifestComparison
{
    private const int DifferencesShown = 20;

    /// <summary>Fails with a list of differences unless everything is equal.</summary>
    internal static void AssertEqual(Manifest manifest, List<TreeEntry> found)
        => AssertNone(manifest, Differences(manifest, found));

    /// <summary>Fails with a list unless it is empty.</summary>
    internal static void AssertNone(Manifest manifest, List<string> differences)
    {
        int shown = Math.Min(differences.Count, DifferencesShown);
        Assert.True(differences.Count == 0,
            $"{manifest.Image}@{manifest.Label}: {differences.Count} differences\n"
            + string.Join('\n', differences.GetRange(0, shown)));
    }

    /// <summary>One line for each difference.</summary>
    internal static List<string> Differences(Manifest manifest, List<TreeEntry> found)
    {
        var differences = new List<string>();
        var byPath = new Dictionary<string, TreeEntry>(StringComparer.Ordinal);
        foreach (TreeEntry entry in found)
        {
            if (!byPath.TryAdd(entry.Path, entry))
                differences.Add($"{entry.Path}: listed twice");
        }
        foreach (ManifestEntry expected in manifest.Entries)
        {
            if (byPath.Remove(expected.Path, out TreeEntry? entry))
                Compare(expected, entry, differences);
            else
                differences.Add($"{expected.Path}: missing");
        }
        foreach (string path in byPath.Keys)
            differences.Add($"{path}: not in the listing");
        return differences;
    }

    private static void Compare(ManifestEntry expected, TreeEntry entry, List<string> differences)
    {
        VnodeAttributes found = entry.Attributes;
        bool isDirectory = expected.Type == 'd';
        Field("error", entry.Error, Errno.None);
        Field("type", TypeLetter(found.Type), expected.Type);
        Field("mode", found.Mode & UnixMode.PermissionBits, expected.Mode);
        Field("uid", found.UserId, expected.UserId);
        Field("gid", found.GroupId, expected.GroupId);
        // Stored link counts and sizes of directories are undefined; the driver reports fixed values.
        Field("nlink", found.LinkCount, isDirectory ? 1 : expected.LinkCount);
        Field("size", found.SizeBytes, isDirectory ? Media.InodeBytes : expected.Size);
        Field("mtime", found.ModifyTime, expected.ModifyTime);
        Field("value", entry.Value, expected.Value);
        if (expected.Extended is { } more)
        {
            Field("inum", found.Inum, more.Inum);
            Field("ctime", found.ChangeTime, more.ChangeTime);
            Field("atime", found.AccessTime, more.AccessTime == 0 ? expected.ModifyTime : more.AccessTime);
            Field("btime", found.BirthTime, more.BirthTime);
            Field("flags", (uint)found.Flags, more.UserFlags);
            Field("blocks", found.Blocks, isDirectory ? Media.InodeBytes / 512 : more.DataCount / 512);
        }

        void Field<T>(string name, T value, T wanted)
        {
            if (!EqualityComparer<T>.Default.Equals(value, wanted))
                differences.Add($"{expected.Path}: {name} is {value}, should be {wanted}");
        }
    }

    private static char TypeLetter(ObjectType type) => type switch
    {
        ObjectType.Directory => 'd',
        ObjectType.RegularFile => 'f',
        ObjectType.SoftLink => 'l',
        ObjectType.Fifo => 'p',
        ObjectType.Socket => 's',
        ObjectType.CharacterDevice => 'c',
        ObjectType.BlockDevice => 'b',
        _ => '?',
    };
}
