// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Vnodes;

namespace Hammer2.Tests.Model;

// Extended attributes: short ones, which are in the inode, and long ones, which have a file.
internal sealed partial class ScriptPlayer
{
    private const string Capability = "security.capability";
    private const int ListBytesMax = 128 << 10;
    private const int HeadBytes = 5;

    private void SetAttribute(VnodeOps ops)
    {
        ModelNode node = AnyObject();
        string name = AnyAttribute();
        byte[] value = new byte[_random.Below(_random.Pick<int>([5, 60, 200, 300, 3000, 65_537]))];
        if (_random.OneIn(2)) _random.Fill(value);
        var setting = (AttributeSetting)_random.Below(3);
        bool exists = node.Attributes.ContainsKey(name);
        Errno expected = exists && setting == AttributeSetting.Create ? Errno.EEXIST
            : !exists && setting == AttributeSetting.Replace ? Errno.ENODATA
            : SizeOf(node, name) + SizeOf(name, value) > ListBytesMax ? Errno.ENOSPC
            : node.IsFixed ? Errno.EPERM : Errno.None;
        Check($"set {name} of {node.Inum} to {value.Length} bytes, {setting}", expected,
            ops.SetExtendedAttribute(node.Inum, Bytes(name), value, setting));
        if (expected == Errno.None) node.Attributes[name] = value;
    }

    private void RemoveAttribute(VnodeOps ops)
    {
        ModelNode node = AnyObject();
        string name = node.Attributes.Count > 0 && !_random.OneIn(4)
            ? node.Attributes.Keys.ElementAt(_random.Below(node.Attributes.Count)) : AnyAttribute();
        Errno expected = !node.Attributes.ContainsKey(name) ? Errno.ENODATA : node.IsFixed ? Errno.EPERM : Errno.None;
        Check($"remove {name} of {node.Inum}", expected, ops.RemoveExtendedAttribute(node.Inum, Bytes(name)));
        if (expected == Errno.None) _ = node.Attributes.Remove(name);
    }

    private ModelNode AnyObject()
    {
        if (_held.Count > 0 && _random.OneIn(6)) return _held[_random.Below(_held.Count)];
        ModelNode node = AnyDirectory();
        return node.Names.TryGetValue(AnyNameIn(node), out ModelNode? child) ? child : node;
    }

    private string AnyAttribute() =>
        _random.Pick<string>(["user.a", "user.b", "user.c", "trusted.t", Capability, "user." + new string('n', 250)]);

    // What an object has but for one attribute, as it is stored.
    private static int SizeOf(ModelNode node, string but) =>
        node.Attributes.Where(pair => pair.Key != but).Sum(pair => SizeOf(pair.Key, pair.Value));

    private static int SizeOf(string name, byte[] value) =>
        HeadBytes + name.Length - name.IndexOf('.', StringComparison.Ordinal) - 1 + value.Length;
}
