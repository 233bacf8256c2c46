// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Tool.Extract;

/// <summary>The extended attributes of an extracted object.</summary>
internal sealed class TargetExtendedAttributes
{
    private readonly List<(byte[] Name, byte[] Value)> _all = [];
    private readonly Action<byte[]> _refused;

    /// <param name="refused">Receives the name of each that the target does not take.</param>
    public TargetExtendedAttributes(Action<byte[]> refused) => _refused = refused;

    /// <summary>Adds one.</summary>
    public void Add(byte[] name, byte[] value) => _all.Add((name, value));

    /// <summary>Removes ACLs that a directory of the host has, which objects made in it would get.</summary>
    public static void RemoveAcls(int directory)
    {
        // There may be none, and the target may not know them.
        _ = LinuxAttributes.Remove(directory, "system.posix_acl_default"u8);
        _ = LinuxAttributes.Remove(directory, "system.posix_acl_access"u8);
    }

    /// <summary>Sets those of an open object.</summary>
    /// <param name="descriptor">The object.</param>
    /// <param name="isAcl">False for all but ACLs, before the permissions are set, which may deny writing them; true for
    /// ACLs, after it.</param>
    public void Set(int descriptor, bool isAcl) => Set(isAcl, (name, value) => LinuxAttributes.Set(descriptor, name, value));

    /// <summary>Sets those of an object without a descriptor.</summary>
    /// <param name="directory">The directory that it is in.</param>
    /// <param name="name">Its name there.</param>
    /// <param name="isAcl">As above.</param>
    public void Set(int directory, byte[] name, bool isAcl)
    {
        byte[] path = LinuxAttributes.PathOf(directory, name);
        Set(isAcl, (attribute, value) => LinuxAttributes.Set(path, attribute, value));
    }

    private void Set(bool isAcl, Func<byte[], byte[], int> set)
    {
        foreach ((byte[] name, byte[] value) in _all)
        {
            if (name.AsSpan().StartsWith("system."u8) != isAcl) continue;
            if (set(name, value) != 0) _refused(name);
        }
    }
}
