// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>Goal: the holds after a label are read as they were written, as many as there is space for, and bytes that
/// are none, or of a newer version, are told from them.</summary>
public sealed class PfsHoldsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(200)]
    public void Holds_are_read_as_they_were_written(int labelBytes)
    {
        var holds = new List<PfsHold>();
        while (true)
        {
            holds.Add(new PfsHold(Encoding.ASCII.GetBytes($"hold-{holds.Count}"), 1_800_000_000u + (uint)holds.Count));
            if (!PfsHolds.TryWrite(holds, labelBytes, out byte[] bytes)) break;
            byte[] area = new byte[256 - labelBytes];
            bytes.CopyTo(area, 0);
            var read = new List<PfsHold>();
            Assert.True(PfsHolds.TryRead(area, read));
            Assert.True(PfsHolds.ArePresent(area));
            Assert.Equal(holds.Select(Text), read.Select(Text));
            Assert.True(PfsMembers.TryJoin(256 - bytes.Length, area, [], out byte[] joined));
            Assert.Equal(bytes, joined);
            Assert.False(PfsMembers.TryJoin(256 - bytes.Length + 1, area, [], out _));
        }
        int total = holds.Sum(static hold => 5 + hold.Name.Length);
        Assert.True(labelBytes + 10 + total > 256);
    }

    [Fact]
    public void Without_holds_nothing_follows_a_label()
    {
        Assert.True(PfsHolds.TryWrite([], 255, out byte[] bytes));
        Assert.Empty(bytes);
        Assert.False(PfsHolds.ArePresent(new byte[200]));
        Assert.False(PfsHolds.ArePresent([]));
        Assert.True(PfsHolds.TryRead(new byte[200], []));
    }

    [Theory]
    [InlineData("\0H2HOLDS\u0002\u0000")]
    [InlineData("\0H2HOLDS\u0001\u0001\u0005abc")]
    [InlineData("\0H2HOLDS\u0001\u0001\u0000abcdefgh")]
    [InlineData("\0H2HOLDS")]
    public void What_cannot_be_read_is_not_taken_for_none(string area)
    {
        Assert.False(PfsHolds.TryRead(Encoding.Latin1.GetBytes(area), []));
        Assert.True(PfsHolds.ArePresent(Encoding.Latin1.GetBytes(area)));
    }

    [Theory]
    [InlineData("audit", true)]
    [InlineData("a", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("a/b", false)]
    [InlineData("\u007f", false)]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123", false)]
    public void Names_are_words(string name, bool isName) =>
        Assert.Equal(isName, PfsHolds.IsName(Encoding.UTF8.GetBytes(name)));

    private static string Text(PfsHold hold) => $"{Encoding.ASCII.GetString(hold.Name.Span)} {hold.Time}";
}
