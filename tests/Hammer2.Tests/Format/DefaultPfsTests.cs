// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>Goal: where no label is named, the PFS that a user means is chosen, and none where that is not
/// clear.</summary>
public sealed class DefaultPfsTests
{
    [Theory]
    [InlineData("DATA", "DATA")]
    [InlineData("LOCAL DATA HOME", "DATA")]
    [InlineData("LOCAL HOME", "HOME")]
    [InlineData("HOME", "HOME")]
    [InlineData("HOME HOME HOME", "HOME")]              // nodes of one cluster
    [InlineData("LOCAL HOME old:s older:a part:c", "HOME")]
    [InlineData("HOME MAIL", null)]
    [InlineData("HOME MAIL HOME", null)]
    [InlineData("LOCAL", null)]
    [InlineData("", null)]
    [InlineData("old:s", null)]
    [InlineData("HOME MAIL DATA:s", "DATA")]            // as always: what is labelled DATA
    [InlineData("data LOCAL", "data")]
    public void The_default_is_DATA_or_the_only_one(string labels, string? expected)
    {
        IEnumerable<PfsChoice> all = labels.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static text =>
        {
            string[] parts = text.Split(':');
            string kind = parts.Length > 1 ? parts[1] : "";
            return new PfsChoice(Encoding.UTF8.GetBytes(parts[0]), kind == "c" ? PfsType.Cache : PfsType.Master,
                kind == "s" ? PfsSubtype.Snapshot : kind == "a" ? PfsSubtype.AutoSnapshot : PfsSubtype.None);
        });
        byte[]? chosen = DefaultPfs.Choose(all);
        Assert.Equal(expected, chosen is null ? null : Encoding.UTF8.GetString(chosen));
    }
}
