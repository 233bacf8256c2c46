// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Devices;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Devices;

/// <summary>Which devices of a list belong to one filesystem.</summary>
public sealed class VolumeGroupingTests
{
    // A device is named by its filesystem and volume number; '?' cannot be read; a tick marks a copy.
    [Theory]
    [InlineData("a0", "a0")]
    [InlineData("a0;a1", "a0,a1")]
    [InlineData("a1;a0", "a1,a0")]
    [InlineData("a0;b0;c0", "a0;b0;c0")]
    [InlineData("a0;b0;a1;b1", "a0,a1;b0,b1")]
    [InlineData("a2;a0,a1;a3", "a2,a0,a1,a3")]
    [InlineData("a0;?1;a1", "a0,a1;?1")]
    [InlineData("a0;?1;?2", "a0;?1;?2")]
    [InlineData("a0,?1;a2", "a0,?1,a2")]
    [InlineData("a0;a0'", "a0;a0'")]
    [InlineData("a0;a0';a1", "a0,a1;a0'")]
    [InlineData("a0,b0;b1", "a0,b0,b1")]
    public void Volumes_of_one_filesystem_are_joined_and_nothing_else(string given, string expected)
    {
        IReadOnlyList<IReadOnlyList<string>> lists = [.. given.Split(';').Select(list => list.Split(','))];
        IReadOnlyList<IReadOnlyList<string>> joined = VolumeGrouping.Join(lists, Identify);
        Assert.Equal(expected, string.Join(';', joined.Select(list => string.Join(',', list))));
    }

    private static VolumeIdentity? Identify(string name) => name[0] == '?'
        ? null
        : new VolumeIdentity(new MediaUuid { Low = name[0] }, name[1] - '0');
}
