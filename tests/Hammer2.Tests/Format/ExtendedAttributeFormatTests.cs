// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>How extended attributes are stored: names, lists, the record in an inode and the file.</summary>
public sealed class ExtendedAttributeFormatTests
{
    private const ulong Owner = 0x1234;
    private const ulong File = 0x4321;
    private const ulong Birth = 1_700_000_000_000_000;

    [Theory]
    [InlineData("user.a", AttributeNamespace.User, "a")]
    [InlineData("trusted.x.y", AttributeNamespace.Trusted, "x.y")]
    [InlineData("security.selinux", AttributeNamespace.Security, "selinux")]
    [InlineData("system.posix_acl_access", AttributeNamespace.AccessAcl, "")]
    [InlineData("system.posix_acl_default", AttributeNamespace.DefaultAcl, "")]
    public void Names_are_taken_apart_and_put_together(string text, AttributeNamespace space, string suffix)
    {
        Assert.True(AttributeName.TryParse(Encoding.ASCII.GetBytes(text), out AttributeName name));
        Assert.Equal((space, suffix), (name.Space, Encoding.ASCII.GetString(name.Suffix)));
        byte[] back = new byte[name.Bytes];
        name.CopyTo(back);
        Assert.Equal(text, Encoding.ASCII.GetString(back));
    }

    [Theory]
    [InlineData("")]
    [InlineData("user")]
    [InlineData("user.")]
    [InlineData("system.posix_acl_accessx")]
    [InlineData("system.nfs4_acl")]
    [InlineData("other.a")]
    [InlineData("user.a\0b")]
    public void Other_names_are_refused(string text) =>
        Assert.False(AttributeName.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void The_longest_name_has_255_bytes()
    {
        byte[] longest = Encoding.ASCII.GetBytes("user." + new string('n', 250));
        Assert.True(AttributeName.TryParse(longest, out _));
        Assert.False(AttributeName.TryParse([.. longest, (byte)'n'], out _));
    }

    [Fact]
    public void A_list_is_a_dictionary()
    {
        var random = new SeededRandom(11);
        var model = new SortedDictionary<string, byte[]>(System.StringComparer.Ordinal);
        byte[] bytes = [];
        for (int step = 0; step < 2000; step++)
        {
            string text = $"{random.Pick<string>(["user.", "trusted.", "security."])}{random.Below(12)}";
            AttributeList list = Open(bytes);
            Assert.True(AttributeName.TryParse(Encoding.ASCII.GetBytes(text), out AttributeName name));
            Assert.Equal(model.ContainsKey(text), list.Contains(name));
            byte[] value = new byte[random.Below(40)];
            random.Fill(value);
            if (random.OneIn(3))
            {
                bytes = list.Without(name);
                _ = model.Remove(text);
            }
            else
            {
                bytes = list.With(name, value);
                model[text] = value;
            }
            Assert.Equal(model, ToModel(Open(bytes)));
        }
    }

    [Fact]
    public void Bytes_that_are_no_list_are_refused()
    {
        byte[] whole = Open([]).With(AttributeName.Capability, [1, 2, 3]);
        for (int length = 1; length < whole.Length; length++)
            Assert.False(AttributeList.TryOpen(whole.AsSpan(0, length), out _), $"{length} bytes");
        byte[] unknown = [.. whole];
        unknown[0] = 9;
        Assert.False(AttributeList.TryOpen(unknown, out _));
        byte[] tooLong = new byte[5 + 1 + AttributeList.ValueBytesMax + 1];
        (tooLong[0], tooLong[1], tooLong[2], tooLong[4]) = (1, 1, 1, 1);
        tooLong[5] = (byte)'a';
        Assert.False(AttributeList.TryOpen(tooLong, out _));
    }

    [Fact]
    public void A_record_keeps_a_list_for_its_inode_alone()
    {
        byte[] bytes = Open([]).With(AttributeName.Capability, new byte[50]);
        byte[] after = AttributeRecord.OfList(Owner, Open(bytes));
        Assert.True(AttributeRecord.IsPresent(after));
        Assert.True(AttributeRecord.TryRead(after, Owner, out AttributeRecord record));
        Assert.Equal(bytes, record.List.ToArray());
        Assert.Equal((0ul, AttributeKinds.Capability), (record.File, record.Kinds));
        Assert.False(AttributeRecord.TryRead(after, Owner + 1, out _));
        // As it is read from an inode: up to the end of the name area.
        byte[] area = new byte[InodeBlock.NameAreaBytes - Media.InodeNameBytes];
        after.CopyTo(area, 0);
        Assert.True(AttributeRecord.TryRead(area, Owner, out record));
        Assert.Equal(bytes, record.List.ToArray());
    }

    [Fact]
    public void The_longest_list_in_an_inode_fills_its_name_area()
    {
        byte[] bytes = Open([]).With(AttributeName.Capability, new byte[AttributeRecord.ListBytesMax - 5 - 10]);
        Assert.Equal(AttributeRecord.ListBytesMax, bytes.Length);
        byte[] after = AttributeRecord.OfList(Owner, Open(bytes));
        Assert.Equal(InodeBlock.NameAreaBytes, Media.InodeNameBytes + after.Length);
        Assert.True(AttributeRecord.TryRead(after, Owner, out _));
    }

    [Fact]
    public void A_record_names_a_file()
    {
        byte[] bytes = Open([]).With(AttributeName.DefaultAcl, new byte[5000]);
        byte[] after = AttributeRecord.OfFile(Owner, File, Open(bytes));
        Assert.True(AttributeRecord.TryRead(after, Owner, out AttributeRecord record));
        Assert.Equal((File, 5005, IscsiCrc32.Compute(bytes)), (record.File, record.FileListBytes, record.FileListCode));
        Assert.Equal(AttributeKinds.DefaultAcl, record.Kinds);
        Assert.False(AttributeRecord.TryRead(after, Owner ^ 1, out _));
    }

    [Fact]
    public void No_changed_bit_of_a_record_is_overlooked()
    {
        byte[] bytes = Open([]).With(AttributeName.Capability, [1, 2, 3, 4]);
        foreach (byte[] after in (byte[][])[AttributeRecord.OfList(Owner, Open(bytes)),
            AttributeRecord.OfFile(Owner, File, Open(bytes))])
        {
            for (int bit = 0; bit < after.Length * 8; bit++)
            {
                byte[] changed = [.. after];
                changed[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(AttributeRecord.TryRead(changed, Owner, out _), $"bit {bit}");
            }
        }
    }

    [Fact]
    public void A_file_is_of_one_object_and_of_no_copy()
    {
        byte[] bytes = Open([]).With(AttributeName.Capability, new byte[3000]);
        byte[] content = AttributeFile.Make(File, Birth, Owner, bytes);
        Assert.True(AttributeFile.TryRead(content, File, Birth, Owner, out AttributeList list));
        Assert.Equal(bytes, list.Bytes.ToArray());
        Assert.False(AttributeFile.TryRead(content, File + 1, Birth, Owner, out _));
        Assert.False(AttributeFile.TryRead(content, File, Birth + 1, Owner, out _));
        Assert.False(AttributeFile.TryRead(content, File, Birth, Owner + 1, out _));
        Assert.False(AttributeFile.TryRead(content.AsSpan(0, content.Length - 1), File, Birth, Owner, out _));
        content[^1] ^= 1;
        Assert.False(AttributeFile.TryRead(content, File, Birth, Owner, out _));
    }

    [Fact]
    public void Names_of_files_are_numbers()
    {
        Span<byte> name = stackalloc byte[AttributeFile.NameBytes];
        AttributeFile.WriteName(0xfedc_ba98_7654_3210, name);
        Assert.Equal("fedcba9876543210", Encoding.ASCII.GetString(name));
        Assert.True(AttributeFile.TryReadName(name, out ulong inum));
        Assert.Equal(0xfedc_ba98_7654_3210, inum);
        Assert.False(AttributeFile.TryReadName("fedcba987654321"u8, out _));
        Assert.False(AttributeFile.TryReadName("FEDCBA9876543210"u8, out _));
    }

    private static AttributeList Open(byte[] bytes)
    {
        Assert.True(AttributeList.TryOpen(bytes, out AttributeList list));
        return list;
    }

    private static SortedDictionary<string, byte[]> ToModel(AttributeList list)
    {
        var model = new SortedDictionary<string, byte[]>(System.StringComparer.Ordinal);
        int bytes = 0;
        foreach (AttributeList.Attribute attribute in list)
        {
            byte[] name = new byte[attribute.Name.Bytes];
            attribute.Name.CopyTo(name);
            model.Add(Encoding.ASCII.GetString(name), attribute.Value.ToArray());
            bytes += name.Length + 1;
        }
        Assert.Equal(bytes, list.NamesBytes);
        return model;
    }
}
