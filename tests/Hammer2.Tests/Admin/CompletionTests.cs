// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Fuse;
using Hammer2.Testing;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Completions;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>What the program answers to the completion scripts of shells.</summary>
public sealed class CompletionTests
{
    [Fact]
    public void Every_mount_option_is_offered_and_each_with_a_value_is_accepted()
    {
        foreach (MountOptionRow row in MountOptionTable.All)
        {
            string[] words = [.. MountOptionCompletion.WordsOf(row)];
            Assert.NotEmpty(words);
            foreach (string word in words)
            {
                Assert.Contains(word, MountOptionCompletion.Of(word));
                // One without a value is a form of the row's example.
                if (word.EndsWith('=')) Assert.StartsWith(word, row.Example, StringComparison.Ordinal);
                else _ = MountOptionParser.Parse([word]);
            }
        }
    }

    [Theory]
    [InlineData("noquorum=st", "noquorum=stall")]
    [InlineData("ro,noquorum=st", "ro,noquorum=stall")]
    [InlineData("fsname=a\\,b,noquorum=st", "fsname=a\\,b,noquorum=stall")]
    [InlineData("commi", "commit=")]
    [InlineData("nothing-of-this", "")]
    public void The_last_option_of_a_list_is_completed(string typed, string completed) =>
        Assert.Equal(completed, string.Join(' ', MountOptionCompletion.Of(typed)));

    [Fact]
    public void Labels_are_those_of_the_volume()
    {
        string image = GoldenImage.Path("pfs-snap");
        Assert.Equal($"{image}@SNAP.1\n", ToolRun.Execute("complete", "volume", "--", image + "@SNAP.1").Text);
        Assert.Equal("SNAP.1\n", ToolRun.Execute("complete", "label", "--", "SNAP.1", image).Text);
        Assert.Empty(ToolRun.Execute("complete", "volume", "--", image).Text);
        Assert.NotEqual(0, ToolRun.Execute("complete", "volume", "--", "/nonexistent@").ExitCode);
    }
}
