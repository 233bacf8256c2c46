// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Format;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Model;

/// <summary>The objects below a directory, each as text by its inode number, the same for the model and for the driver:
/// two versions of an object are equal when their texts are.</summary>
internal static class ObjectListing
{
    /// <summary>The objects of a model.</summary>
    public static Dictionary<ulong, string> Of(ModelNode root)
    {
        var objects = new Dictionary<ulong, string>();
        Add(objects, root);
        return objects;
    }

    /// <summary>The objects that a driver shows below a directory.</summary>
    public static Dictionary<ulong, string> Of(VnodeOps ops, ulong inum)
    {
        var objects = new Dictionary<ulong, string>();
        Add(objects, ops, inum);
        return objects;
    }

    /// <summary>The numbers of a model's objects.</summary>
    public static IEnumerable<ulong> NumbersOf(ModelNode root) =>
        root.Names.Values.SelectMany(NumbersOf).Append(root.Inum);

    private static void Add(Dictionary<ulong, string> objects, ModelNode node)
    {
        var text = new StringBuilder();
        TreeListing.AddObject(text, node);
        _ = text.Append($" {node.Flags}");
        foreach ((string name, ModelNode child) in node.Names) _ = text.Append($" {name}={child.Inum}");
        objects[node.Inum] = text.ToString();
        foreach (ModelNode child in node.Names.Values) Add(objects, child);
    }

    private static void Add(Dictionary<ulong, string> objects, VnodeOps ops, ulong inum)
    {
        var text = new StringBuilder();
        ObjectType type = TreeListing.AddObject(text, ops, inum, $"inode {inum}");
        Assert.Equal(Errno.None, ops.GetFlags(inum, out LinuxFileFlags flags));
        _ = text.Append($" {flags}");
        (string Name, ulong Inum)[] entries =
            type == ObjectType.Directory ? [.. TreeListing.EntriesOf(ops, inum, $"inode {inum}")] : [];
        foreach ((string name, ulong child) in entries) _ = text.Append($" {name}={child}");
        objects[inum] = text.ToString();
        foreach (ulong child in entries.Select(entry => entry.Inum)) Add(objects, ops, child);
    }
}
