// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Text;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Linux.Text;
using Xunit;

namespace Hammer2.Tests.Text;

/// <summary>Arguments and file names, which are arbitrary bytes, as strings that preserve every byte.</summary>
public sealed class ByteTextTests
{
    [Fact]
    public void Any_bytes_survive_decoding_and_encoding_and_UTF8_stays_text()
    {
        var random = new SeededRandom(11);
        for (int round = 0; round < 2000; round++)
        {
            byte[] bytes = new byte[random.Below(40)];
            random.Fill(bytes);
            // Half of them are mostly well-formed, so that text between malformed bytes is tested as well.
            byte[] surrogate = [0xED, 0xAF, 0xBF];
            if (round % 2 == 0) bytes = [.. "\u00e9\U0001f600a"u8, .. bytes, .. surrogate, .. "\u00fc"u8];
            string text = ByteText.Decode(bytes);
            byte[] back = ByteText.Encode(text);
            Assert.True(bytes.AsSpan().SequenceEqual(back), $"seed {random.Seed}: {Convert.ToHexString(bytes)}");
            Assert.Equal(bytes.Length, ByteText.ByteCount(text));
        }
        Assert.Equal("Zo\u00eb \U0001f600", ByteText.Decode("Zo\u00eb \U0001f600"u8));
        Assert.Equal("a\uDCFFb", ByteText.Decode([(byte)'a', 0xFF, (byte)'b']));
        // A character beyond the first plane has a low surrogate that is no byte.
        Assert.Equal(Encoding.UTF8.GetBytes("\U000100FF"), ByteText.Encode("\U000100FF"));
    }

    [Fact]
    public void Messages_show_unprintable_characters_as_hexadecimal_bytes()
    {
        Assert.Equal("Zo\u00eb \U0001f600 \\x", ByteText.ToPrintable("Zo\u00eb \U0001f600 \\x"));
        Assert.Equal("\\x1b[2J\\x0a", ByteText.ToPrintable("\u001b[2J\n"));
        Assert.Equal("a\\xff\\x80", ByteText.ToPrintable(ByteText.Decode([(byte)'a', 0xFF, 0x80])));
        Assert.Equal("\\xe2\\x80\\xae", ByteText.ToPrintable("\u202E"));   // turns the direction of writing round
        string message = "PFS DATA: n0.img";
        Assert.Same(message, ByteText.ToPrintable(message));
    }

    [Fact]
    public void Arguments_are_restored_from_the_end_of_the_command_line()
    {
        byte[] line = [.. "dotnet\0hammer2.dll\0hash\0"u8, 0xFF, 0, .. "Zo\u00eb\0\0"u8];
        string[] restored = ProcessArguments.Restore(["hash", "\uFFFD", "Zo\u00eb", ""], line);
        Assert.Equal(["hash", "\uDCFF", "Zo\u00eb", ""], restored);
        string[] others = ["hush", "\uFFFD", "Zo\u00eb", ""];
        Assert.Throws<InvalidDataException>(() => { ProcessArguments.Restore(others, line); });
        Assert.Throws<InvalidDataException>(() => { ProcessArguments.Restore(["\uFFFD"], []); });
        string[] whole = ["hash", "Zo\u00eb"];
        Assert.Same(whole, ProcessArguments.Restore(whole));
    }

    [Fact]
    public void A_path_of_any_bytes_leads_to_its_file()
    {
        using var scratch = new ScratchDirectory();
        string name = ByteText.Decode([0xFF, (byte)'\n', 0xC3]);
        string path = scratch.Below(name);
        Assert.False(LinuxPath.Exists(path));
        const string Make = "n=$'\\xff\\n\\xc3'; mkdir \"$0/$n\" && echo 1 >\"$0/$n/f\"";
        HostProgram.Run("bash", "-c", Make, scratch.Path);
        Assert.True(LinuxPath.IsDirectory(path));
        Assert.False(LinuxPath.IsFile(path));
        Assert.True(LinuxPath.IsFile(path + "/f"));
        Assert.False(LinuxPath.Exists(path + "/g"));
        Assert.False(LinuxPath.Exists(scratch.Path + "/\uFFFD\n\uFFFD"));
        Assert.Equal($"/a/{name}", LinuxPath.GetFull($"/b/../a/./{name}"));
        Assert.Equal(Path.Combine(Environment.CurrentDirectory, name), LinuxPath.GetFull(name));
    }
}
