// SPDX-License-Identifier: BSD-3-Clause

using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixWriteList
{
    private const string AccessAcl = "system.posix_acl_access";
    private const string DefaultAcl = "system.posix_acl_default";
    private const string Capability = "security.capability";
    private const int Create = 1, Replace = 2;

    private static IReadOnlyList<PosixBehaviour<string>> ExtendedAttributes =>
    [
        new("extended attributes are set, read, listed and removed", Setting_attributes),
        new("setxattr obeys XATTR_CREATE and XATTR_REPLACE", Setting_with_flags),
        new("values of up to 64 KiB are kept, and short buffers told", Long_attributes),
        new("only the owner sets attributes, unless the mode allows", Others_attributes),
        new("a hard link has the attributes of its file, and a new file none", Attributes_and_names),
        new("an access ACL admits the users it names", Access_acl_admits),
        new("an access ACL sets the mode, and chmod its mask", Acl_and_mode),
        new("what is made in a directory gets its default ACL", Default_acl),
        new("writes, truncation and chown take capabilities from a program", Capabilities_go),
    ];

    private static void Setting_attributes(string root)
    {
        foreach (string path in (string[])[Make(root + "/f"), MakeDirectory(root + "/d")])
        {
            Refused(NoData, PosixCalls.GetAttribute(path, "user.a", new byte[10]), "getxattr of none");
            Refused(NoData, PosixCalls.RemoveAttribute(path, "user.a"), "removexattr of none");
            Done(PosixCalls.SetAttribute(path, "user.a", "first"u8), "setxattr");
            Done(PosixCalls.SetAttribute(path, "user.b", []), "setxattr of nothing");
            Done(PosixCalls.SetAttribute(path, "trusted.t", "third"u8), "setxattr");
            Assert.Equal(["trusted.t", "user.a", "user.b"], NamesOf(path));
            Done(PosixCalls.SetAttribute(path, "user.a", "again"u8), "setxattr");
            Assert.Equal("again"u8.ToArray(), ValueOf(path, "user.a"));
            Assert.Empty(ValueOf(path, "user.b"));
            Done(PosixCalls.RemoveAttribute(path, "user.a"), "removexattr");
            Assert.Equal(["trusted.t", "user.b"], NamesOf(path));
        }
    }

    private static void Setting_with_flags(string root)
    {
        string path = Make(root + "/f");
        Refused(NoData, PosixCalls.SetAttribute(path, "user.a", "v"u8, Replace), "setxattr with XATTR_REPLACE");
        Done(PosixCalls.SetAttribute(path, "user.a", "v"u8, Create), "setxattr with XATTR_CREATE");
        Refused(Exists, PosixCalls.SetAttribute(path, "user.a", "w"u8, Create), "setxattr with XATTR_CREATE");
        Done(PosixCalls.SetAttribute(path, "user.a", "x"u8, Replace), "setxattr with XATTR_REPLACE");
        Assert.Equal("x"u8.ToArray(), ValueOf(path, "user.a"));
        Refused(NotSupported, PosixCalls.SetAttribute(path, "unknown.a", "v"u8), "setxattr in no namespace");
    }

    private static void Long_attributes(string root)
    {
        string path = Make(root + "/f", 1);
        foreach (int bytes in (int[])[100, 215, 216, 300, 4096, 65536, 3])
        {
            byte[] value = Pattern(bytes);
            Done(PosixCalls.SetAttribute(path, "user.long", value), $"setxattr of {bytes} bytes");
            Assert.Equal(bytes, PosixCalls.GetAttribute(path, "user.long", []));
            Refused(ListTooShort, PosixCalls.GetAttribute(path, "user.long", new byte[bytes - 1]), "getxattr");
            Assert.Equal(value, ValueOf(path, "user.long"));
        }
        Done(PosixCalls.SetAttribute(path, "user." + new string('n', 250), "v"u8), "setxattr of a long name");
        Refused(ListTooShort, PosixCalls.ListAttributes(path, new byte[20]), "listxattr");
        Holds(path, [1]);
    }

    private static void Others_attributes(string root)
    {
        Done(PosixCalls.ChangeMode(root, UnixMode.O755), "chmod");
        string path = Make(root + "/f");
        Done(PosixCalls.ChangeOwner(path, FirstUser, FirstUser), "chown");
        using (PosixCalls.ActAs(FirstUser, FirstUser))
            Done(PosixCalls.SetAttribute(path, "user.own", "v"u8), "setxattr of one's own");
        using (PosixCalls.ActAs(SecondUser, SecondUser))
            Refused(AccessDenied, PosixCalls.SetAttribute(path, "user.other", "v"u8), "setxattr of another's");
    }

    private static void Attributes_and_names(string root)
    {
        string path = Make(root + "/f");
        Done(PosixCalls.SetAttribute(path, "user.a", Pattern(1000)), "setxattr");
        Done(PosixCalls.Link(path, root + "/g"), "link");
        Done(PosixCalls.Unlink(path), "unlink");
        Assert.Equal(Pattern(1000), ValueOf(root + "/g", "user.a"));
        Done(PosixCalls.Rename(root + "/g", root + "/h"), "rename");
        Assert.Equal(Pattern(1000), ValueOf(root + "/h", "user.a"));
        Done(PosixCalls.Unlink(root + "/h"), "unlink");
        Make(root + "/h");
        Assert.Empty(NamesOf(root + "/h"));
    }

    private static void Access_acl_admits(string root)
    {
        Done(PosixCalls.ChangeMode(root, UnixMode.O755), "chmod");
        string path = Make(root + "/f", 1);
        Done(PosixCalls.ChangeMode(path, UnixMode.O600), "chmod");
        Done(PosixCalls.SetAttribute(path, AccessAcl, Acl("1:6 2:4:1234 4:0 16:4 32:0")), "ACL");
        using (PosixCalls.ActAs(FirstUser, FirstUser))
        {
            Open(path, 0).Dispose();
            Refused(AccessDenied, PosixCalls.Open(path, PosixCalls.WriteOnly), "open to write");
        }
        using (PosixCalls.ActAs(SecondUser, SecondUser))
            Refused(AccessDenied, PosixCalls.Open(path, 0), "open to read");
        Done(PosixCalls.RemoveAttribute(path, AccessAcl), "removing the ACL");
        using (PosixCalls.ActAs(FirstUser, FirstUser))
            Refused(AccessDenied, PosixCalls.Open(path, PosixCalls.WriteOnly), "open to write");
    }

    private static void Acl_and_mode(string root)
    {
        string path = Make(root + "/f");
        Done(PosixCalls.SetAttribute(path, AccessAcl, Acl("1:7 2:6:9 4:5 16:6 32:4")), "ACL");
        Assert.Equal(UnixMode.RegularFile | Convert.ToUInt32("764", 8), PosixTree.Status(path).Mode);
        Done(PosixCalls.ChangeMode(path, Convert.ToUInt32("610", 8)), "chmod");
        Assert.Equal(Acl("1:6 2:6:9 4:5 16:1 32:0"), ValueOf(path, AccessAcl));
        Done(PosixCalls.SetAttribute(path, AccessAcl, Acl("1:6 4:4 32:0")), "ACL that a mode says");
        Assert.Equal(UnixMode.RegularFile | Convert.ToUInt32("640", 8), PosixTree.Status(path).Mode);
        Refused(NoData, PosixCalls.GetAttribute(path, AccessAcl, new byte[100]), "getxattr of it");
        Refused(Invalid, PosixCalls.SetAttribute(path, AccessAcl, Acl("1:7")), "half an ACL");
        Refused(AccessDenied, PosixCalls.SetAttribute(
            path, DefaultAcl, Acl("1:6 4:4 32:0")), "default ACL of a file");
    }

    private static void Default_acl(string root)
    {
        foreach (int users in (int[])[1, 50])
        {
            string directory = MakeDirectory($"{root}/d{users}");
            string named = string.Join(' ', Enumerable.Range(0, users).Select(i => $"2:7:{2000 + i}"));
            byte[] acl = Acl($"1:7 {named} 4:5 16:7 32:0");
            Done(PosixCalls.SetAttribute(directory, DefaultAcl, acl), "default ACL");
            string path = Make(directory + "/f");
            Assert.Equal(UnixMode.RegularFile | Convert.ToUInt32("640", 8), PosixTree.Status(path).Mode);
            Assert.Equal(Acl($"1:6 {named} 4:5 16:4 32:0"), ValueOf(path, AccessAcl));
            string below = MakeDirectory(directory + "/s");
            Assert.Equal(acl, ValueOf(below, DefaultAcl));
            Assert.Equal(UnixMode.Directory | Convert.ToUInt32("750", 8), PosixTree.Status(below).Mode);
            Assert.DoesNotContain(DefaultAcl, NamesOf(path));
        }
    }

    private static void Capabilities_go(string root)
    {
        // VFS_CAP_REVISION_2 with cap_net_raw.
        byte[] capability = new byte[20];
        (capability[0], capability[3], capability[5]) = (1, 2, 0x20);
        string path = Make(root + "/f", 1, 2, 3);
        (string, Action)[] changes =
        [
            ("write", () =>
            {
                using PosixFile file = Open(path, PosixCalls.WriteOnly);
                Done(PosixCalls.Write(file.Id, [4]), "write");
            }),
            ("truncate", () => Done(PosixCalls.SetSize(path, 2), "truncate")),
            ("chown", () => Done(PosixCalls.ChangeOwner(path, FirstUser, FirstUser), "chown")),
        ];
        foreach ((string what, Action change) in changes)
        {
            Done(PosixCalls.SetAttribute(path, Capability, capability), "setxattr");
            Assert.Equal(capability, ValueOf(path, Capability));
            change();
            Refused(NoData, PosixCalls.GetAttribute(path, Capability, new byte[20]), $"getxattr after {what}");
        }
    }

    private static string[] NamesOf(string path)
    {
        byte[] names = new byte[65536];
        long bytes = PosixCalls.ListAttributes(path, names);
        Done(bytes, "listxattr");
        return [.. Encoding.ASCII.GetString(names, 0, (int)bytes).Split('\0')[..^1]
            .Order(StringComparer.Ordinal).Where(name => name != "security.selinux")];
    }

    private static byte[] ValueOf(string path, string name)
    {
        byte[] value = new byte[65536];
        long bytes = PosixCalls.GetAttribute(path, name, value);
        Done(bytes, $"getxattr {name} of {Path.GetFileName(path)}");
        return value[..(int)bytes];
    }

    // Entries "tag:permissions" or "tag:permissions:user".
    private static byte[] Acl(string text)
    {
        string[] entries = text.Split(' ');
        byte[] acl = new byte[4 + 8 * entries.Length];
        acl[0] = 2;
        for (int i = 0; i < entries.Length; i++)
        {
            string[] parts = entries[i].Split(':');
            BinaryPrimitives.WriteUInt16LittleEndian(acl.AsSpan(4 + 8 * i), ushort.Parse(parts[0], null));
            BinaryPrimitives.WriteUInt16LittleEndian(acl.AsSpan(6 + 8 * i), ushort.Parse(parts[1], null));
            uint id = parts.Length > 2 ? uint.Parse(parts[2], null) : uint.MaxValue;
            BinaryPrimitives.WriteUInt32LittleEndian(acl.AsSpan(8 + 8 * i), id);
        }
        return acl;
    }
}
