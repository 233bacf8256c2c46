// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

// ACLs that new objects get from the directory they are made in, in the operation that makes them.
public sealed partial class VnodeOps
{
    /// <summary>What a new object gets from its directory.</summary>
    /// <param name="List">Its extended attributes; null for none.</param>
    /// <param name="Mode">Its permission bits.</param>
    /// <param name="Directory">Where a file with the list is made; 0 when it is in the inode.</param>
    private readonly record struct Inheritance(byte[]? List, uint Mode, ulong Directory)
    {
        public long Bytes => Directory == 0 ? 0 : RoundUp(AttributeFile.HeadBytes + List!.Length);
    }

    private Errno ReadInheritance(ulong directory, in NewObject made, out Inheritance inherited)
    {
        inherited = new Inheritance(null, made.Mode & ~made.Umask, 0);
        if (!InheritsAcls || made.Type == ObjectType.SoftLink || _pfs.Writer is null) return Errno.None;
        if ((KindsOf(directory) & AttributeKinds.DefaultAcl) == 0) return Errno.None;
        Errno error = ReadAttributes(directory, out StoredAttributes stored);
        if (error != Errno.None) return error;
        if (!stored.Open().TryFind(AttributeName.DefaultAcl, out ReadOnlySpan<byte> acl) || !PosixAcl.IsValid(acl))
            return Errno.None;
        uint mode = made.Mode;
        byte[] own = PosixAcl.Inherit(acl, ref mode, out bool isNeeded);
        _ = AttributeList.TryOpen([], out AttributeList list);
        if (isNeeded) _ = AttributeList.TryOpen(list.With(AttributeName.AccessAcl, own), out list);
        if (made.Type == ObjectType.Directory)
            _ = AttributeList.TryOpen(list.With(AttributeName.DefaultAcl, acl), out list);
        ulong place = 0;
        if (list.Bytes.Length > AttributeRecord.ListBytesMax)
        {
            error = FindAttributeDirectory(out place);
            if (error == Errno.ENOENT) error = MakeAttributeDirectory(out place);
        }
        inherited = new Inheritance(list.IsEmpty ? null : list.Bytes.ToArray(), mode, place);
        return error;
    }

    // Gives a new object what it inherits.
    private Hammer2Error Bequeath(in Transaction change, DirtyInode child, in Inheritance inherited)
    {
        if (inherited.List is null) return Hammer2Error.None;
        bool isValid = AttributeList.TryOpen(inherited.List, out AttributeList list);
        Invariant.Holds(isValid);
        if (inherited.Directory == 0)
        {
            child.AfterName = AttributeRecord.OfList(child.Inum, list);
            return Hammer2Error.None;
        }
        Hammer2Error error = change.Open(inherited.Directory, out DirtyInode? directory);
        return error == Hammer2Error.None
            ? PutFile(change, child, new AttributePlace(directory, null), list) : error;
    }
}
