// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>Flags of setxattr(2).</summary>
[Flags]
public enum AttributeSetting
{
    /// <summary>Sets an attribute whether there is one or not.</summary>
    None = 0,

    /// <summary>EEXIST when there is one.</summary>
    Create = 1,

    /// <summary>ENODATA when there is none.</summary>
    Replace = 2,
}

public sealed partial class VnodeOps
{
    /// <summary>True when new objects inherit default ACLs: the mode that they are created with is then
    /// without the umask, which is given beside it.</summary>
    public bool InheritsAcls { get; set; } = true;

    /// <summary>Reads an extended attribute.</summary>
    /// <param name="inum">The object.</param>
    /// <param name="name">Its name, with the namespace.</param>
    /// <param name="value">Receives the value, if it fits.</param>
    /// <param name="valueBytes">Length of the value.</param>
    /// <returns>ENODATA; EOPNOTSUPP for other namespaces; ESTALE, EIO.</returns>
    public Errno GetExtendedAttribute(ulong inum, ReadOnlySpan<byte> name, Span<byte> value, out int valueBytes)
    {
        valueBytes = 0;
        if (!AttributeName.TryParse(name, out AttributeName parsed)) return Errno.EOPNOTSUPP;
        Errno error = ReadAttributes(inum, out StoredAttributes stored);
        if (error != Errno.None) return error;
        if (!stored.Open().TryFind(parsed, out ReadOnlySpan<byte> found)) return Errno.ENODATA;
        valueBytes = found.Length;
        if (found.Length <= value.Length) found.CopyTo(value);
        return Errno.None;
    }

    /// <summary>Lists the names of the extended attributes of an object.</summary>
    /// <param name="inum">The object.</param>
    /// <param name="showsTrusted">True to list trusted ones, which are for privileged processes alone.</param>
    /// <param name="names">Receives the names, each with a NUL, if all fit.</param>
    /// <param name="namesBytes">Length of all names.</param>
    /// <returns>ESTALE, EIO.</returns>
    public Errno ListExtendedAttributes(ulong inum, bool showsTrusted, Span<byte> names, out int namesBytes)
    {
        namesBytes = 0;
        Errno error = ReadAttributes(inum, out StoredAttributes stored);
        if (error != Errno.None) return error;
        foreach (AttributeList.Attribute attribute in stored.Open())
        {
            if (attribute.Name.Space == AttributeNamespace.Trusted && !showsTrusted) continue;
            int end = namesBytes + attribute.Name.Bytes;
            if (end < names.Length)
            {
                attribute.Name.CopyTo(names[namesBytes..]);
                names[end] = 0;
            }
            namesBytes = end + 1;
        }
        return Errno.None;
    }

    /// <summary>Sets an extended attribute. The kernel has checked permissions.</summary>
    /// <param name="inum">The object.</param>
    /// <param name="name">Its name, with the namespace.</param>
    /// <param name="value">Its value.</param>
    /// <param name="setting">Whether it may or must exist.</param>
    /// <param name="dropsSetGroupId">True to clear the set-group-id bit with an access ACL.</param>
    /// <returns>EEXIST, ENODATA; EOPNOTSUPP for other namespaces; EINVAL for an ACL that is not valid; EACCES for a
    /// default ACL of what is not a directory; ENOSPC, also for more than an object can have; EPERM for an immutable
    /// object; EROFS, ESTALE, EIO.</returns>
    public Errno SetExtendedAttribute(
        ulong inum, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, AttributeSetting setting,
        bool dropsSetGroupId = false)
    {
        if (!AttributeName.TryParse(name, out AttributeName parsed)) return Errno.EOPNOTSUPP;
        if (_pfs.Writer is null) return Errno.EROFS;
        if (value.Length > AttributeList.ValueBytesMax) return Errno.ENOSPC;
        Errno error = MaySetAcl(inum, parsed, value);
        if (error != Errno.None) return error;
        var effect = default(AttributeEffect);
        bool isStored = true;
        if (parsed.Space == AttributeNamespace.AccessAcl)
        {
            effect = new AttributeEffect(PosixAcl.ModeOf(value, out bool isWhole), dropsSetGroupId);
            isStored = !isWhole;
        }
        for (int round = 0; round < ChaseMax; round++)
        {
            error = ReadAttributes(inum, out StoredAttributes old);
            if (error != Errno.None) return error;
            AttributeList list = old.Open();
            bool exists = list.Contains(parsed);
            if (exists && (setting & AttributeSetting.Create) != 0) return Errno.EEXIST;
            if (!exists && (setting & AttributeSetting.Replace) != 0) return Errno.ENODATA;
            byte[] changed = isStored ? list.With(parsed, value) : list.Without(parsed);
            if (!AttributeList.TryOpen(changed, out list) || list.NamesBytes > AttributeList.NamesBytesMax)
                return Errno.ENOSPC;
            error = Store(inum, old, changed, effect);
            if (error != Errno.EAGAIN) return error;
        }
        return Errno.EAGAIN;
    }

    /// <summary>Removes an extended attribute.</summary>
    /// <param name="inum">The object.</param>
    /// <param name="name">Its name, with the namespace.</param>
    /// <returns>ENODATA; else as <see cref="SetExtendedAttribute"/>.</returns>
    public Errno RemoveExtendedAttribute(ulong inum, ReadOnlySpan<byte> name) =>
        !AttributeName.TryParse(name, out AttributeName parsed) ? Errno.EOPNOTSUPP
        : _pfs.Writer is null ? Errno.EROFS : Remove(inum, parsed, default);

    private Errno DropCapability(ulong inum)
    {
        Errno error = Remove(inum, AttributeName.Capability, new AttributeEffect(IsOfContent: true));
        return error == Errno.ENODATA ? Errno.None : error;
    }

    private Errno Remove(ulong inum, in AttributeName name, in AttributeEffect effect)
    {
        for (int round = 0; round < ChaseMax; round++)
        {
            Errno error = ReadAttributes(inum, out StoredAttributes old);
            if (error != Errno.None) return error;
            AttributeList list = old.Open();
            if (!list.Contains(name)) return Errno.ENODATA;
            error = Store(inum, old, list.Without(name), effect);
            if (error != Errno.EAGAIN) return error;
        }
        return Errno.EAGAIN;
    }

    private Errno MaySetAcl(ulong inum, in AttributeName name, ReadOnlySpan<byte> value)
    {
        if (name.Space is not (AttributeNamespace.AccessAcl or AttributeNamespace.DefaultAcl)) return Errno.None;
        if (!PosixAcl.IsValid(value)) return Errno.EINVAL;
        Errno error = GetAttributes(inum, out VnodeAttributes attributes);
        if (error != Errno.None) return error;
        if (attributes.Type == ObjectType.SoftLink) return Errno.EOPNOTSUPP;
        return name.Space == AttributeNamespace.DefaultAcl && !attributes.IsDirectory ? Errno.EACCES : Errno.None;
    }

    // What goes before a change of attributes: capabilities do not survive a change of content or owner, and an ACL
    // follows the mode.
    private Errno PrepareAttributes(ulong inum, in AttributeChange wanted)
    {
        bool dropsCapability = wanted.SizeBytes is not null || wanted.UserId is not null || wanted.GroupId is not null;
        if (!dropsCapability && wanted.Mode is null) return Errno.None;
        AttributeKinds kinds = KindsOf(inum);
        if (kinds == AttributeKinds.None) return Errno.None;
        Errno error = MaySet(inum, wanted);
        if (error == Errno.None && dropsCapability && (kinds & AttributeKinds.Capability) != 0)
            error = DropCapability(inum);
        if (error != Errno.None) return error;
        return wanted.Mode is { } mode && (kinds & AttributeKinds.AccessAcl) != 0
            ? SetAclMode(inum, mode & PosixAcl.PermissionBits) : Errno.None;
    }

    private Errno MaySet(ulong inum, in AttributeChange wanted)
    {
        using PfsWriter.ReadGuard guard = Hold(inum);
        Errno error = GetInode(inum, out Inode inode);
        return error == Errno.None ? MaySet(inode.Meta, wanted) : error;
    }

    private Errno SetAclMode(ulong inum, uint mode)
    {
        for (int round = 0; round < ChaseMax; round++)
        {
            Errno error = ReadAttributes(inum, out StoredAttributes old);
            if (error != Errno.None) return error;
            AttributeList list = old.Open();
            if (!list.TryFind(AttributeName.AccessAcl, out ReadOnlySpan<byte> acl) || !PosixAcl.IsValid(acl))
                return Errno.None;
            byte[] changed = list.With(AttributeName.AccessAcl, PosixAcl.WithMode(acl, mode));
            error = Store(inum, old, changed, new AttributeEffect(mode));
            if (error != Errno.EAGAIN) return error;
        }
        return Errno.EAGAIN;
    }

    // Which attributes with a meaning an object has; all of them for the root directory, whose inode does not tell.
    // What cannot be read is found so by what follows.
    private AttributeKinds KindsOf(ulong inum)
    {
        if (inum == RootInum) return AttributeKinds.All;
        using PfsWriter.ReadGuard guard = Hold(inum);
        return GetInode(inum, out Inode inode) == Errno.None ? KindsOf(inum, inode.AfterName) : AttributeKinds.None;
    }

    private static AttributeKinds KindsOf(ulong inum, ReadOnlySpan<byte> afterName) =>
        AttributeRecord.TryRead(afterName, inum, out AttributeRecord record) ? record.Kinds : AttributeKinds.None;

    private static bool HasCapability(DirtyInode file) =>
        file.AfterName is not null && (KindsOf(file.Inum, file.AfterName) & AttributeKinds.Capability) != 0;
}
