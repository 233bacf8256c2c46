// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Vnodes;

/// <summary>Rules of ACLs, with the values that Linux's own filesystems give.</summary>
public sealed class PosixAclTests
{
    [Theory]
    [InlineData(true, "1:6", "4:4", "32:4")]
    [InlineData(true, "1:6", "2:7:1000", "4:4", "16:7", "32:4")]
    [InlineData(true, "1:6", "2:7:1000", "2:7:1001", "4:4", "8:1:5", "16:7", "32:4")]
    [InlineData(true, "1:6", "4:4", "16:7", "32:4")]
    [InlineData(false, "1:6", "4:4")]
    [InlineData(false, "4:4", "32:4")]
    [InlineData(false, "1:6", "2:7:1000", "4:4", "32:4")]
    [InlineData(false, "1:6", "8:7:1000", "4:4", "16:7", "32:4")]
    [InlineData(false, "1:6", "1:6", "4:4", "32:4")]
    [InlineData(false, "1:8", "4:4", "32:4")]
    [InlineData(false, "1:6", "3:4", "4:4", "32:4")]
    [InlineData(false, "1:6", "2:7:4294967295", "4:4", "16:7", "32:4")]
    public void An_ACL_is_accepted_as_Linux_does(bool isValid, params string[] entries) =>
        Assert.Equal(isValid, PosixAcl.IsValid(Make(entries)));

    [Fact]
    public void Other_bytes_are_no_ACL()
    {
        byte[] acl = Make("1:6", "4:4", "32:4");
        Assert.False(PosixAcl.IsValid([]));
        Assert.False(PosixAcl.IsValid(acl.AsSpan(0, acl.Length - 1)));
        acl[0] = 1;
        Assert.False(PosixAcl.IsValid(acl));
    }

    [Theory]
    [InlineData("754", true, "1:7", "4:5", "32:4")]
    [InlineData("764", false, "1:7", "4:5", "16:6", "32:4")]
    [InlineData("724", false, "1:7", "2:7:9", "4:5", "16:2", "32:4")]
    public void The_mask_stands_in_the_bits_of_the_group(string mode, bool isWhole, params string[] entries)
    {
        Assert.Equal(Convert.ToUInt32(mode, 8), PosixAcl.ModeOf(Make(entries), out bool found));
        Assert.Equal(isWhole, found);
    }

    [Fact]
    public void A_mode_changes_the_mask_and_not_the_group()
    {
        byte[] changed = PosixAcl.WithMode(Make("1:7", "2:7:9", "4:5", "16:7", "32:4"), Convert.ToUInt32("610", 8));
        Assert.Equal(Make("1:6", "2:7:9", "4:5", "16:1", "32:0"), changed);
        Assert.Equal(
            Make("1:6", "4:1", "32:0"), PosixAcl.WithMode(Make("1:7", "4:5", "32:4"), Convert.ToUInt32("610", 8)));
    }

    [Theory]
    [InlineData("666", "664", true, "1:7 2:7:9 4:5 16:7 32:5", "1:6 2:7:9 4:5 16:6 32:4")]
    [InlineData("600", "600", true, "1:7 2:7:9 4:5 16:7 32:5", "1:6 2:7:9 4:5 16:0 32:0")]
    [InlineData("666", "640", false, "1:7 4:4 32:0", "1:6 4:4 32:0")]
    [InlineData("777", "750", false, "1:7 4:5 32:0", "1:7 4:5 32:0")]
    public void A_new_object_gets_what_directory_and_caller_allow(
        string asked, string mode, bool isNeeded, string inherited, string expected)
    {
        uint bits = Convert.ToUInt32(asked, 8);
        byte[] own = PosixAcl.Inherit(Make(inherited.Split(' ')), ref bits, out bool needed);
        Assert.Equal((Convert.ToUInt32(mode, 8), isNeeded), (bits, needed));
        Assert.Equal(Make(expected.Split(' ')), own);
    }

    [Fact]
    public void Set_id_bits_are_kept()
    {
        uint mode = Convert.ToUInt32("4777", 8);
        _ = PosixAcl.Inherit(Make("1:5", "4:5", "32:5"), ref mode, out _);
        Assert.Equal(Convert.ToUInt32("4555", 8), mode);
    }

    /// <summary>An ACL of entries "tag:permissions" or "tag:permissions:id".</summary>
    internal static byte[] Make(params string[] entries)
    {
        byte[] acl = new byte[4 + entries.Length * 8];
        acl[0] = 2;
        for (int i = 0; i < entries.Length; i++)
        {
            string[] parts = entries[i].Split(':');
            BinaryPrimitives.WriteUInt16LittleEndian(acl.AsSpan(4 + i * 8), ushort.Parse(parts[0], null));
            BinaryPrimitives.WriteUInt16LittleEndian(acl.AsSpan(6 + i * 8), ushort.Parse(parts[1], null));
            uint id = parts.Length > 2 ? uint.Parse(parts[2], null) : uint.MaxValue;
            BinaryPrimitives.WriteUInt32LittleEndian(acl.AsSpan(8 + i * 8), id);
        }
        return acl;
    }
}
