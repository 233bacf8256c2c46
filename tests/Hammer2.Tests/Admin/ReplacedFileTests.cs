// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Hammer2.Tool;
using Hammer2.Tool.Output;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>Goal: a file is replaced as a whole or stays as it was. Method: writers that succeed and fail.</summary>
public sealed class ReplacedFileTests
{
    [Fact]
    public void A_file_is_replaced_as_a_whole_or_not_at_all()
    {
        using var scratch = new ScratchDirectory();
        string path = scratch.Below("metrics.prom");
        ReplacedFile.Write(path, file => file.Write("first"u8));
        ReplacedFile.Write(path, file =>
        {
            file.Write("sec"u8);
            file.Flush();
            Assert.Equal("first", File.ReadAllText(path));
            file.Write("ond"u8);
        });
        Assert.Equal("second", File.ReadAllText(path));
        _ = Assert.Throws<InvalidOperationException>(() => ReplacedFile.Write(path, file =>
        {
            file.Write("third"u8);
            throw new InvalidOperationException();
        }));
        Assert.Equal("second", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(scratch.Path));
    }

    [Fact]
    public void What_is_not_a_regular_file_is_not_replaced()
    {
        using var scratch = new ScratchDirectory();
        string link = scratch.Below("link");
        _ = File.CreateSymbolicLink(link, "/dev/null");
        foreach (string path in (string[])[link, scratch.Path, "/dev/null"])
        {
            CommandException refused = Assert.Throws<CommandException>(() => ReplacedFile.Write(path, _ => { }));
            Assert.Contains("not a regular file", refused.Message, StringComparison.Ordinal);
        }
        CommandException missing = Assert.Throws<CommandException>(
            () => ReplacedFile.Write(scratch.Below("none/file"), _ => { }));
        Assert.Contains(scratch.Below("none/file"), missing.Message, StringComparison.Ordinal);
        Assert.Equal("/dev/null", new FileInfo(link).LinkTarget);
    }
}
