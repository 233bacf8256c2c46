// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Commands;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>
/// Goal: command lines that scripts have for upstream's command are understood, and what such scripts parse is printed
/// in upstream's form. Method: the functions that decide, on texts and records made here; expected texts are those that
/// upstream's command printed for the same values.
/// </summary>
public sealed class UpstreamTextTests
{
    [Theory]
    [InlineData("none", 0)]
    [InlineData("disabled", 1)]
    [InlineData("CRC32", 2)]
    [InlineData("iscsi32", 2)]
    [InlineData("xxhash64", 3)]
    [InlineData("default", 3)]
    [InlineData("sha192", 4)]
    [InlineData("4", 4)]
    [InlineData("freemap", -1)]
    [InlineData("5", -1)]
    [InlineData("99999999999", -1)]
    [InlineData("", -1)]
    public void Check_methods_are_known_by_name_and_number(string name, int expected) =>
        Assert.Equal(expected, MethodNames.Check(name) ?? -1);

    [Theory]
    [InlineData("none", 0x00)]
    [InlineData("autozero", 0x01)]
    [InlineData("disabled", 0x01)]
    [InlineData("lz4", 0x02)]
    [InlineData("default", 0x02)]
    [InlineData("zlib", 0x03)]
    [InlineData("ZLIB:default", 0x03)]
    [InlineData("zlib:6", 0x63)]
    [InlineData("zlib:9", 0x93)]
    [InlineData("zlib:5", -1)]
    [InlineData("zlib:10", -1)]
    [InlineData("lz4:6", -1)]
    [InlineData("zlib:6:7", -1)]
    [InlineData("gzip", -1)]
    public void Compressions_have_levels_only_where_upstream_has_them(string text, int expected) =>
        Assert.Equal(expected, MethodNames.Compression(text) ?? -1);

    [Fact]
    public void Stored_methods_are_named_as_upstream_names_them()
    {
        Assert.Equal("zlib:9", MethodNames.OfCompression(0x93));
        Assert.Equal("lz4:default", MethodNames.OfCompression(0x02));
        Assert.Equal("unknown(7):default", MethodNames.OfCompression(0x07));
        Assert.Equal("crc32", MethodNames.OfCheck(2));
        Assert.Equal("unknown(9)", MethodNames.OfCheck(9));
    }

    [Theory]
    [InlineData(0UL, "  0.00B", "0")]
    [InlineData(511UL, "511.00B", "511")]
    [InlineData(512UL, "  0.50KB", "512")]
    [InlineData(65536UL, " 64.00KB", "65536")]
    [InlineData(1UL << 20, "  1.00MB", "  1.00M")]
    [InlineData(3UL << 29, "  1.50GB", "  1.50G")]
    [InlineData(1UL << 40, "  1.00TB", "  1.00T")]
    public void Sizes_change_their_unit_at_a_half(ulong number, string bytes, string count)
    {
        Assert.Equal(bytes, UpstreamSizes.Bytes(number));
        Assert.Equal(count, UpstreamSizes.Count(number));
    }

    [Fact]
    public void A_line_of_stat_has_upstreams_columns()
    {
        InodeRecord record = default;
        record.Meta.CompressionPolicy = 0x02;
        record.Meta.CheckPolicy = 3;
        record.DataCount = 65536;
        record.InodeCount = 1;
        Assert.Equal("/mnt/f             0   64.00KB         1 lz4:default        xxhash64     ",
            MountStat.LineOf("/mnt/f", 16, record));
    }

    [Fact]
    public void All_fields_of_an_inode_are_printed_once()
    {
        InodeMeta meta = default;
        meta.Type = ObjectType.RegularFile;
        meta.Mode = 0x1A4;
        List<(string Name, string Text)> fields = PrintInodeCommand.FieldsOf(meta, TimeZoneInfo.Utc);
        Assert.Equal(fields.Count, fields.Select(field => field.Name).Distinct().Count());
        Assert.Contains(("type", "2 (FILE)"), fields);
        Assert.Contains(("mode", "0644"), fields);
        Assert.Contains(("ctime", "01-Jan-1970 00:00:00"), fields);
    }

    [Fact]
    public void Options_before_the_command_go_where_the_command_has_them()
    {
        Assert.Equal(["/mnt", "new"], Applied(["-s", "/mnt", "pfs-create", "new"]));
        Assert.Equal(["-t", "slave", "/mnt", "new"], Applied(["-s/mnt", "-t", "slave", "pfs-create", "new"]));
        Assert.Equal(["/mnt"], Applied(["-s", "/mnt", "pfs-list"]));
        Assert.Equal(["--json", "/other"], Applied(["-s", "/mnt", "pfs-list", "--json", "/other"]));
        Assert.Equal(["-r", "none", "/d"], Applied(["-r", "-v", "setcheck", "none", "/d"]));
        Assert.Equal(["-m", "64m", "/mnt"], Applied(["-m", "64m", "bulkfree", "/mnt"]));
        Assert.Equal(["it has no option -r"], Applied(["-r", "pfs-list", "/mnt"]));
        Assert.Equal(["-s PATH does not apply to it"], Applied(["-s", "/mnt", "hash", "x"]));
        Assert.Empty(LeadingOptions.Parse(["-s"]).Options);
        Assert.Equal(["-s"], LeadingOptions.Parse(["-s"]).Rest);
    }

    [Fact]
    public void Mounts_of_HAMMER2_are_found_in_the_kernels_table()
    {
        const string Table = "36 35 0:52 / /mnt/a\\040b rw,relatime shared:1 - fuse.hammer2 /x/y.img@DATA rw\n"
            + "37 35 0:53 / /home rw - fuseblk.hammer2 /dev/loop0 rw\n38 35 8:1 / / rw - ext4 /dev/sda1 rw\nmalformed\n"
            + "39 35 0:54 / /snap rw - fuse.hammer2 /x/y.img@SNAP rw\n";
        List<MountTableLine> lines = MountTableLine.Parse(Encoding.ASCII.GetBytes(Table));
        Assert.Equal(new MountTableLine("0:52", "/mnt/a b", "fuse.hammer2", "/x/y.img@DATA"), lines[0]);
        Assert.Equal(4, lines.Count);
        Assert.Equal([("/mnt/a b", true), ("/home", true), ("/snap", false)], CleanupCommand.Plan(lines));
    }

    [Fact]
    public void The_devices_of_a_mount_are_those_with_full_paths()
    {
        string cut = "/" + new string('x', 62);
        Assert.Equal(["/a"], Paths(MountDevices.SpecOf(["/a"], "/b@L", "L")));
        Assert.Equal(["/b"], Paths(MountDevices.SpecOf(["a"], "/b@L", "L")));
        Assert.Equal(["/b", "/c"], Paths(MountDevices.SpecOf([cut, "/c"], "/b:/c@L", "L")));
        Assert.Null(MountDevices.SpecOf(["a", "c"], "/dev/loop0", "L"));
        Assert.Null(MountDevices.SpecOf([cut], null, "L"));
    }

    private static IReadOnlyList<string>? Paths(MountSpec? spec) => spec?.Paths;

    private static string[] Applied(string[] words)
    {
        LeadingOptions leading = LeadingOptions.Parse(words);
        CommandRow row = CommandTable.ByName(leading.Rest[0])!;
        return leading.Apply(row, leading.Rest[1..], out string[] result) is { } wrong ? [wrong] : result;
    }
}
