// SPDX-License-Identifier: BSD-3-Clause
using System.Text;
using Hammer2.Fuse.Administration.Snapshots;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration.Snapshots;

/// <summary>Goal: each label has one name that a directory can show, and no other name leads to it. Method: known
/// pairs, and labels of random bytes.</summary>
public sealed class SnapshotNameTests
{
    [Theory]
    [InlineData("before-upgrade", "before-upgrade")]
    [InlineData("/home.daily.20261128.03:01", "%2Fhome.daily.20261128.03:01")]
    [InlineData("100%", "100%25")]
    [InlineData(".", "%2E")]
    [InlineData("..", "%2E%2E")]
    [InlineData("...", "...")]
    public void Labels_have_names(string label, string name)
    {
        Assert.Equal(name, Encoding.UTF8.GetString(SnapshotName.Of(Encoding.UTF8.GetBytes(label))));
        Assert.Equal(label, Encoding.UTF8.GetString(SnapshotName.LabelOf(Encoding.UTF8.GetBytes(name))!));
    }

    [Theory]
    [InlineData("")]
    [InlineData("%2f")]
    [InlineData("%41")]
    [InlineData("%")]
    [InlineData("a%2")]
    [InlineData("%zz")]
    [InlineData("%2E.")]
    [InlineData(".")]
    public void Other_names_mean_no_label(string name) =>
        Assert.Null(SnapshotName.LabelOf(Encoding.UTF8.GetBytes(name)));

    [Fact]
    public void Labels_of_all_bytes_come_back()
    {
        var random = new Random(13);
        for (int round = 0; round < 2000; round++)
        {
            byte[] label = new byte[random.Next(1, 256)];
            random.NextBytes(label);
            byte[] name = SnapshotName.Of(label);
            Assert.DoesNotContain((byte)'/', name);
            Assert.DoesNotContain((byte)0, name);
            Assert.Equal(label, SnapshotName.LabelOf(name));
        }
    }
}
