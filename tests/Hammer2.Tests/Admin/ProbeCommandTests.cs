// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Hammer2.Testing;
using Hammer2.Tool.Output;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>Goal: 'hammer2 probe' tells udev what a device is, and nothing about a device that is something else.
/// Method: golden images, labels of all kinds, files that are no filesystem.</summary>
public sealed class ProbeCommandTests
{
    [Theory]
    [InlineData("empty-v1", "1", "DATA")]
    [InlineData("dmg-volhdr0", "2", "DATA")]            // the first copy is damaged
    [InlineData("dmg-data", "2", "DATA")]
    [InlineData("pfs-many", "2", "DATA")]
    [InlineData("dmg-inode-sroot", "2", null)]          // PFSs cannot be listed
    public void Properties_of_a_device_with_a_whole_filesystem(string image, string version, string? label)
    {
        Dictionary<string, string> found = Properties(GoldenImage.Path(image));
        Assert.Equal("hammer2", found["ID_FS_TYPE"]);
        Assert.Equal("filesystem", found["ID_FS_USAGE"]);
        Assert.Equal("hammer2", found["ID_FS_MOUNTTYPE"]);
        Assert.Equal(version, found["ID_FS_VERSION"]);
        Assert.Equal(found["ID_FS_UUID"], found["ID_FS_UUID_ENC"]);
        Assert.Equal(label, found.GetValueOrDefault("ID_FS_LABEL"));
        Assert.False(found.ContainsKey("ID_FS_UUID_SUB"));
        ToolRun info = ToolRun.Execute("info", GoldenImage.Path(image), "--json", "--log-level", "none");
        Assert.Equal(info.Json.GetProperty("filesystems")[0].GetProperty("fsid").GetString(), found["ID_FS_UUID"]);
    }

    [Fact]
    public void Volumes_of_one_filesystem_have_one_id_and_numbers_of_their_own()
    {
        List<Dictionary<string, string>> found = [.. GoldenImage.Paths("mvol4").Select(Properties)];
        string id = found[0]["ID_FS_UUID"];
        Assert.All(found, one => Assert.Equal(id, one["ID_FS_UUID"]));
        Assert.All(found, static one => Assert.False(one.ContainsKey("ID_FS_LABEL")));
        Assert.Equal([id + "-0", id + "-1", id + "-2", id + "-3"],
            found.Select(static one => one["ID_FS_UUID_SUB"]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/dev/null")]
    [InlineData("/etc/passwd")]
    public void Udev_is_told_nothing_of_what_is_no_volume(string path)
    {
        ToolRun run = ToolRun.Execute("probe", "--udev", path);
        Assert.Equal(3, run.ExitCode);
        Assert.Empty(run.Output);
        ToolRun shown = ToolRun.Execute("probe", path);
        Assert.Equal(3, shown.ExitCode);
        Assert.Contains(path, shown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_partition_that_Linux_has_a_device_for_is_not_the_disk_itself()
    {
        string disk = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            byte[] volume = File.ReadAllBytes(GoldenImage.Path("empty-min"));
            using (FileStream file = File.Create(disk))
            {
                var sector = new byte[512];
                sector[450] = 0x6C;
                _ = BitConverter.TryWriteBytes(sector.AsSpan(454), 2048u);
                _ = BitConverter.TryWriteBytes(sector.AsSpan(458), (uint)(volume.Length / 512));
                sector[510] = 0x55;
                sector[511] = 0xAA;
                file.Write(sector);
                file.Position = 2048 * 512;
                file.Write(volume);
            }
            Assert.Equal(3, ToolRun.Execute("probe", "--udev", disk).ExitCode);
            Assert.Equal("s1", ToolRun.Execute("probe", "--json", disk).Json.GetProperty("partition").GetString());
        }
        finally
        {
            File.Delete(disk);
        }
    }

    [Theory]
    [InlineData("HOME", "HOME", "HOME")]
    [InlineData("two  words\t", "two_words_", @"two\x20\x20words\x09")]
    [InlineData("a/b\nX=1", "a_b_X_1", @"a\x2fb\x0aX=1")]
    [InlineData("\"$(x)'\\", "___x___", @"\x22\x24\x28x\x29\x27\x5c")]
    [InlineData("\u00E9\u65E5", "\u00E9\u65E5", "\u00E9\u65E5")]
    [InlineData("\u202Ex", "_x", @"\xe2\x80\xaex")]
    public void Names_are_written_as_udev_writes_them(string name, string safe, string encoded)
    {
        Assert.Equal(safe, UdevText.Safe(Encoding.UTF8.GetBytes(name)).Replace("=", "_", StringComparison.Ordinal));
        Assert.Equal(encoded, UdevText.Encode(Encoding.UTF8.GetBytes(name)));
    }

    [Fact]
    public void Every_byte_of_a_label_stays_on_its_line()
    {
        for (int value = 0; value < 256; value++)
        {
            byte[] name = [(byte)'a', (byte)value, (byte)'b'];
            foreach (string text in (string[])[UdevText.Safe(name), UdevText.Encode(name)])
                Assert.DoesNotContain(text, static mark => mark is < ' ' or '/' or '"' or '$' or '\u007F');
        }
    }

    private static Dictionary<string, string> Properties(string path)
    {
        ToolRun run = ToolRun.Execute("probe", "--udev", path, "--log-level", "none");
        Assert.True(run.ExitCode == 0, run.ToString());
        return run.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split('=', 2))
            .ToDictionary(static pair => pair[0], static pair => pair[1]);
    }
}
