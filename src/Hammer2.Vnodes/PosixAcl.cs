// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;

namespace Hammer2.Vnodes;

/// <summary>Rules of POSIX access control lists, on the bytes of Linux's attributes.</summary>
/// <remarks>acl(5). The value of <c>system.posix_acl_access</c> and <c>system.posix_acl_default</c>: the version, 2,
/// in four bytes, and entries of a tag (2), permissions (2) and a user or group (4).</remarks>
internal static class PosixAcl
{
    private const uint Version = 2;
    private const int HeadBytes = 4;
    private const int EntryBytes = 8;
    private const ushort Owner = 0x01;
    private const ushort User = 0x02;
    private const ushort OwningGroup = 0x04;
    private const ushort Group = 0x08;
    private const ushort Mask = 0x10;
    private const ushort Other = 0x20;

    /// <summary>The permission bits that an ACL stands for: 0777.</summary>
    public const uint PermissionBits = 0x1FF;

    /// <summary>True for a list that Linux accepts: kinds of entries in order, owner, owning group, others and mask
    /// at most once, the first three there, and a mask where users or groups are named.</summary>
    public static bool IsValid(ReadOnlySpan<byte> acl)
    {
        if (acl.Length < HeadBytes || (acl.Length - HeadBytes) % EntryBytes != 0) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(acl) != Version) return false;
        ushort before = 0;
        ushort seen = 0;
        for (int i = 0; i < CountOf(acl); i++)
        {
            ushort tag = TagOf(acl, i);
            if (tag is not (Owner or User or OwningGroup or Group or Mask or Other)) return false;
            if (PermissionsOf(acl, i) > 7 || tag < before) return false;
            bool isNamed = tag is User or Group;
            if ((tag == before && !isNamed) || (isNamed && IdOf(acl, i) == uint.MaxValue)) return false;
            before = tag;
            seen |= tag;
        }
        const ushort Needed = Owner | OwningGroup | Other;
        return (seen & Needed) == Needed && ((seen & (User | Group)) == 0 || (seen & Mask) != 0);
    }

    /// <summary>The permission bits of a valid ACL.</summary>
    /// <param name="acl">The ACL.</param>
    /// <param name="isWhole">True when they say all that it says, so that it need not be stored.</param>
    public static uint ModeOf(ReadOnlySpan<byte> acl, out bool isWhole)
    {
        uint mode = 0;
        uint? mask = null;
        isWhole = true;
        for (int i = 0; i < CountOf(acl); i++)
        {
            uint permissions = PermissionsOf(acl, i);
            switch (TagOf(acl, i))
            {
                case Owner: mode |= permissions << 6; break;
                case OwningGroup: mode |= permissions << 3; break;
                case Other: mode |= permissions; break;
                case Mask: mask = permissions; isWhole = false; break;
                default: isWhole = false; break;
            }
        }
        return mask is { } bits ? (mode & ~0x38u) | (bits << 3) : mode;
    }

    /// <summary>The ACL after chmod(2): the bits of the group go to the mask, if there is one.</summary>
    /// <param name="acl">A valid ACL.</param>
    /// <param name="mode">The new permission bits.</param>
    public static byte[] WithMode(ReadOnlySpan<byte> acl, uint mode)
    {
        byte[] changed = acl.ToArray();
        int mask = Find(acl, Mask);
        SetPermissions(changed, Find(acl, Owner), (mode >> 6) & 7);
        SetPermissions(changed, mask >= 0 ? mask : Find(acl, OwningGroup), (mode >> 3) & 7);
        SetPermissions(changed, Find(acl, Other), mode & 7);
        return changed;
    }

    /// <summary>The ACL of an object made in a directory with a default ACL.</summary>
    /// <param name="defaultAcl">A valid ACL.</param>
    /// <param name="mode">The mode that open(2) was given; receives the mode of the object.</param>
    /// <param name="isNeeded">False when the mode says all of it.</param>
    public static byte[] Inherit(ReadOnlySpan<byte> defaultAcl, ref uint mode, out bool isNeeded)
    {
        int mask = Find(defaultAcl, Mask);
        int group = mask >= 0 ? mask : Find(defaultAcl, OwningGroup);
        int owner = Find(defaultAcl, Owner);
        int other = Find(defaultAcl, Other);
        uint allowed = (PermissionsOf(defaultAcl, owner) << 6) | (PermissionsOf(defaultAcl, group) << 3)
            | PermissionsOf(defaultAcl, other);
        mode &= ~PermissionBits | allowed;
        byte[] made = WithMode(defaultAcl, mode);
        _ = ModeOf(made, out bool isWhole);
        isNeeded = !isWhole;
        return made;
    }

    private static int Find(ReadOnlySpan<byte> acl, ushort tag)
    {
        for (int i = 0; i < CountOf(acl); i++)
        {
            if (TagOf(acl, i) == tag) return i;
        }
        return -1;
    }

    private static int CountOf(ReadOnlySpan<byte> acl) => (acl.Length - HeadBytes) / EntryBytes;

    private static ushort TagOf(ReadOnlySpan<byte> acl, int entry) =>
        BinaryPrimitives.ReadUInt16LittleEndian(acl[(HeadBytes + entry * EntryBytes)..]);

    private static uint PermissionsOf(ReadOnlySpan<byte> acl, int entry) =>
        BinaryPrimitives.ReadUInt16LittleEndian(acl[(HeadBytes + entry * EntryBytes + 2)..]);

    private static uint IdOf(ReadOnlySpan<byte> acl, int entry) =>
        BinaryPrimitives.ReadUInt32LittleEndian(acl[(HeadBytes + entry * EntryBytes + 4)..]);

    private static void SetPermissions(Span<byte> acl, int entry, uint permissions) =>
        BinaryPrimitives.WriteUInt16LittleEndian(acl[(HeadBytes + entry * EntryBytes + 2)..], (ushort)permissions);
}
